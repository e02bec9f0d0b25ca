/** `kle watch` beside an independent watch, while client-go electors crash, release and lose their Lease. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../../src/kube/connect.js';
import { createLeaseApi } from '../../src/kube/lease-api.js';
import type { LeaseApi } from '../../src/lease/api.js';
import { amend } from '../../src/lease/record.js';
import { type ApiServer, startApiServer } from '../support/apiserver.js';
import { type Elector, startElector } from '../support/elector.js';
import { type Version, versionsOf } from '../support/lease-versions.js';
import { RunningKle } from '../support/running-kle.js';

const DURATION_MS = 3_000;
/** Issue 7: gap lengths in Lease time, against a watch of our own. */
const TOLERANCE_MS = 100;

let server: ApiServer;
let leases: LeaseApi;
const electors: Elector[] = [];
const stop = new AbortController();

beforeAll(async () => {
  server = await startApiServer({ binary: process.env.KLE_TEST_APISERVER ?? '' });
  leases = createLeaseApi(await connect({ kubeconfig: server.kubeconfig }, { env: {} }));
});
afterAll(async () => {
  stop.abort();
  for (const elector of electors) elector.kill('SIGKILL');
  await server?.stop();
});

async function candidate(lease: string, identity: string): Promise<Elector> {
  const elector = await startElector({
    binary: process.env.KLE_TEST_CLIENT_GO ?? '',
    kubeconfig: server.kubeconfig,
    namespace: 'default',
    lease,
    identity,
    leaseDuration: `${DURATION_MS}ms`,
    renewDeadline: '2s',
    retryPeriod: '400ms',
    release: true,
  });
  electors.push(elector);
  return elector;
}

/** Every version of one Lease, as received. */
const record = (lease: string): Version[] => versionsOf(leases, { namespace: 'default', name: lease }, stop.signal);

/** From the last version of one holder (and its duration, when it expired) to the first of the next. */
function gapIn(versions: readonly Version[], before: string, after: string, expired: boolean): number {
  const taken = versions.find(({ record: { holder } }) => holder === after);
  const lost = versions.find(({ record: { holder } }) => holder === '');
  const last = versions.filter(({ record: { holder } }) => holder === before).at(-1);
  const fromMs = expired ? (last?.atMs ?? 0) + DURATION_MS : (lost?.atMs ?? 0);
  return (taken?.atMs ?? 0) - fromMs;
}

interface Line {
  type: string;
  holder: string | null;
  leaderlessMs?: number | null;
  overlap?: { deposed: string } | null;
  releasedBy?: string;
}

it.each([
  ['crash', true],
  ['release', false],
  ['clear', false],
] as const)('a %s: the same gap as an independent watch', async (how, expired) => {
  const lease = `watch-${how}`;
  const [a, b] = [`${how}-a`, `${how}-b`];
  const leader = await candidate(lease, a);
  await leader.waitFor(({ event }) => event === 'leading');
  const versions = record(lease);
  const kle = new RunningKle(['watch', '-n', 'default', lease, '-o', 'ndjson', '--renewals'], {
    KUBECONFIG: server.kubeconfig,
  });
  // Until kle has seen a renewal happen it knows only since when it watches.
  await kle.until('"type":"renewed"');
  if (how !== 'clear') await candidate(lease, b);
  if (how === 'crash') leader.kill('SIGKILL');
  else if (how === 'release') leader.kill('SIGTERM');
  else await clear(lease);
  const next = how === 'clear' ? a : b;
  await kle.until(new RegExp(`"type":"acquired".*"holder":"${next}"`));
  kle.kill('SIGTERM');
  const { code, stdout } = await kle.ended;
  expect(code).toBe(0);
  const lines = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
  const acquired = lines.find(({ type }) => type === 'acquired');
  expect(acquired).toMatchObject({ holder: next, overlap: null });
  const measured = how === 'clear' ? returned(versions, a) : gapIn(versions, a, b, expired);
  expect(Math.abs((acquired?.leaderlessMs ?? Number.NaN) - measured)).toBeLessThanOrEqual(TOLERANCE_MS);
  const before = lines.find(({ type }) => type === (expired ? 'expired' : 'released'));
  if (!expired) expect(before?.releasedBy).toBe(how === 'release' ? 'holder' : 'other');
  else expect(before?.holder).toBe(a);
});

async function clear(lease: string): Promise<void> {
  for (;;) {
    const answer = await leases.get({ namespace: 'default', name: lease });
    if (!answer.ok) throw new Error(answer.failure.message);
    const put = await leases.replace(amend(answer.value, { spec: { holderIdentity: '' } }));
    if (put.ok) return;
  }
}

/** The leader was alone, so it takes its own Lease back. */
function returned(versions: readonly Version[], holder: string): number {
  const lost = versions.findIndex(({ record }) => record.holder === '');
  const taken = versions.slice(lost).find(({ record }) => record.holder === holder);
  return (taken?.atMs ?? 0) - (versions[lost]?.atMs ?? 0);
}
