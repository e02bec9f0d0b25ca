/**
 * Electors that write by server-side apply without force, as kube-lease-manager does: to them a conflict of field managers
 * means that somebody else leads, so nothing that kle leaves in managedFields may conflict with their next write.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChaosCluster, openChaosCluster, type Version } from '../support/chaos-cluster.js';

const WAIT_MS = 60_000;

let cluster: ChaosCluster;
beforeAll(async () => {
  cluster = await openChaosCluster();
});
afterAll(() => cluster?.close());

async function election(name: string) {
  // Made without a claim to any field of its spec.
  const place = await cluster.place(name, { spec: { holderIdentity: undefined, leaseTransitions: undefined } });
  const leader = place.holder('web-0', { apply: true });
  await leader.holds;
  place.holder('web-1', { apply: true, everyMs: 300 });
  return place;
}

const owners = ({ lease }: Version) =>
  (lease.metadata.managedFields ?? [])
    .filter(({ fieldsV1 }) => 'f:spec' in fieldsV1)
    .map(({ manager, operation }) => `${manager} ${operation}`);

/** Leads by its own apply, on a Lease that nobody else claims a field of. */
const leadsAgain = (version: Version, after: bigint) =>
  version.mono > after && /^web-/.test(version.holder) && owners(version).join() === `${version.holder} Apply`;

it.concurrent.each([
  ['release', ['release', 'LEASE', '--yes']],
  ['handed', ['release', 'LEASE', '--yes', '--to', 'web-1']],
  ['clear', ['release', 'LEASE', '--yes', '--via', 'clear']],
  ['own', ['release', 'LEASE', '--identity', 'web-0']],
  ['steal', ['steal', 'LEASE', '--yes', '--hold', '1s']],
])('after %s the next one can apply', async (name, words) => {
  const place = await election(name);
  const run = await place.kle(...words.map((word) => (word === 'LEASE' ? name : word)));
  expect([0, 1], run.stderr).toContain(run.code);
  const ours = place
    .versions()
    .findLast(({ lease }) => lease.metadata.managedFields?.some(({ manager }) => manager === 'kle'));
  expect(ours).toBeDefined();
  await place.until((version) => leadsAgain(version, ours?.mono ?? 0n), 'apply without a conflict', WAIT_MS);
});

it.concurrent.each([
  ['release', ['release', 'LEASE', '--yes'], 'fenced as'],
  ['steal', ['steal', 'LEASE', '--yes', '--hold', '60s'], 'taken as'],
] as const)('%s interrupted, or killed and undone: the old holder can apply again', async (verb, words, said) => {
  const args = (name: string) => words.map((word) => (word === 'LEASE' ? name : word));
  const interrupted = await election(`${verb}-interrupted`);
  const running = interrupted.start(args(interrupted.name));
  await running.until(said, WAIT_MS);
  const since = process.hrtime.bigint();
  running.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  await interrupted.until((version) => leadsAgain(version, since), 'apply without a conflict', WAIT_MS);

  const killed = await election(`${verb}-killed`);
  const doomed = killed.start(args(killed.name), { KLE_TEST_STOP_AT: 'put#1:answered' });
  await doomed.until('at put#1:answered', WAIT_MS);
  doomed.kill('SIGKILL');
  await doomed.ended;
  const later = process.hrtime.bigint();
  expect((await killed.kle('undo', '--yes')).code).toBe(0);
  await killed.until((version) => leadsAgain(version, later), 'apply without a conflict', WAIT_MS);
});
