/**
 * kle killed or interrupted while unmodified client-go electors (3/2/0.4 s) hold and want the Lease: never two of them at
 * work, by their own logs, and nobody shut out for longer than the table "Put back" of STEP-DOWN says.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChaosCluster, openChaosCluster, type Place } from '../support/chaos-cluster.js';
import { signalledAt } from '../support/chaos-stage.js';
import { type Elector, startElector } from '../support/elector.js';
import { assertWork, ms, workOf } from '../support/worker-log.js';

const WAIT_MS = 60_000;
/** client-go's standby polls every retryPeriod, stretched by up to 1.2 of it. */
const POLL_MS = 400 * 2.2;
/** Of a machine whose cores are all busy. */
const SLACK_MS = 2_000;

let cluster: ChaosCluster;
const electors: Elector[] = [];
beforeAll(async () => {
  cluster = await openChaosCluster();
});
afterAll(async () => {
  for (const elector of electors) elector.kill('SIGKILL');
  await cluster?.close();
});

interface Scene {
  place: Place;
  leader: Elector;
  standby: Elector;
}

let scenes = 0;

async function scene(): Promise<Scene> {
  scenes += 1;
  const place = await cluster.place(`electors-${scenes}`);
  const start = async (identity: string) => {
    const elector = await startElector({
      binary: process.env.KLE_TEST_CLIENT_GO ?? '',
      kubeconfig: cluster.server.kubeconfig,
      namespace: 'shop',
      lease: place.name,
      identity,
      leaseDuration: '3s',
      renewDeadline: '2s',
      retryPeriod: '400ms',
    });
    electors.push(elector);
    return elector;
  };
  const leader = await start(`a-${scenes}`);
  await leader.waitFor(({ event }) => event === 'work');
  return { place, leader, standby: await start(`b-${scenes}`) };
}

async function killedAt(place: Place, args: string[], point: string): Promise<void> {
  const running = place.start(args, { KLE_TEST_STOP_AT: point });
  await running.until(`at ${point}`, WAIT_MS);
  running.kill('SIGKILL');
  await running.ended;
}

/** The first work of any elector after that moment. */
const worksAfter = ({ leader, standby }: Scene, mono: bigint) =>
  // One that was deposed has ended.
  Promise.any(
    [leader, standby].map((one) => one.waitFor(({ event, mono: at }) => event === 'work' && at > mono, WAIT_MS)),
  );

async function over(stage: Scene): Promise<void> {
  const { leader, standby, place } = stage;
  await worksAfter(stage, process.hrtime.bigint());
  for (const one of [leader, standby]) one.kill('SIGKILL');
  await Promise.all([leader.exited, standby.exited]);
  assertWork(workOf(leader.log, standby.log), {}, place.name);
}

/** How long a Lease was kle's after kle's last write to it. */
function keptMs(place: Place): { ms: number; durationMs: number } {
  const versions = place.versions();
  const last = versions.findLastIndex(({ holder }) => holder.startsWith('kle/'));
  const [ours, next] = [versions[last], versions[last + 1]];
  if (!ours || !next) throw new Error(`${place.name}: kle never held it, or holds it still`);
  return { ms: ms(next.mono - ours.mono), durationMs: Number(ours.lease.spec?.leaseDurationSeconds) * 1000 };
}

const VERBS = {
  release: ['release', 'LEASE', '--yes'],
  'release --to': ['release', 'LEASE', '--yes', '--to', 'STANDBY'],
  steal: ['steal', 'LEASE', '--yes', '--hold', '60s'],
  skew: ['skew', 'LEASE', '--yes', '--by=-1h', '--hold', '60s'],
};

const argsOf = (verb: keyof typeof VERBS, { place, standby }: Scene): string[] =>
  VERBS[verb].map((word) => (word === 'LEASE' ? place.name : word === 'STANDBY' ? standby.identity : word));

it.concurrent.each([
  ['release', 'put#1:answered'],
  ['release', 'put#2:sent'],
  ['release', 'put#3:answered'],
  ['steal', 'put#1:answered'],
  ['steal', 'put#4:sent'],
] as const)('%s killed at %s and not undone: over after its duration and two polls', async (verb, point) => {
  const stage = await scene();
  await killedAt(stage.place, argsOf(verb, stage), point);
  const { place } = stage;
  await place.until(
    ({ mono, holder }) =>
      !holder.startsWith('kle/') && place.versions().some((one) => one.mono < mono && one.holder.startsWith('kle/')),
    'holder after kle',
  );
  await over(stage);
  const kept = keptMs(place);
  expect(kept.ms).toBeLessThan(kept.durationMs + 2 * POLL_MS + SLACK_MS);
});

it.concurrent.each([
  ['release', 'put#1:answered'],
  ['release --to', 'put#2:answered'],
  ['steal', 'put#1:answered'],
] as const)('%s killed at %s and undone at once: nobody else led', async (verb, point) => {
  const stage = await scene();
  const { place, leader, standby } = stage;
  await killedAt(place, argsOf(verb, stage), point);
  const run = await place.kle('undo', '--yes');
  expect(run.code).toBe(0);
  await over(stage);
  // Slow, it came after the stop wait: then it is freed, and anybody may have it.
  if (!run.stdout.includes('put back to')) return expect(run.stdout).toContain('freed');
  const holders = place.versions().map(({ holder }) => (holder.startsWith('kle/') ? 'kle' : holder));
  expect(new Set(holders)).toEqual(new Set(['', leader.identity, 'kle']));
  expect(standby.log.some(({ event }) => event === 'work')).toBe(false);
});

it.concurrent('release killed when the stop wait is over and undone: freed, and taken by the standby', async () => {
  const stage = await scene();
  const { place, standby } = stage;
  await killedAt(place, argsOf('release', stage), 'stop-wait-over+put:before');
  const run = await place.kle('undo', '--yes');
  // It may have expired meanwhile, which is as good.
  expect([0, 3]).toContain(run.code);
  await place.until(({ holder }) => holder === standby.identity, 'term of the standby');
  await over(stage);
});

it.concurrent('release --to killed when it was handed over: the standby has it, undo says so', async () => {
  const stage = await scene();
  const { place, standby } = stage;
  await killedAt(place, argsOf('release --to', stage), 'handed+put:before');
  const run = await place.kle('undo', '--yes');
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing to undo') });
  await over(stage);
  expect((await place.lease()).spec?.holderIdentity).toBe(standby.identity);
});

it.concurrent.each([
  ['release', 'put#1:sent'],
  ['release', 'put#2:answered'],
  ['steal', 'put#1:answered'],
  ['skew', 'put#1:sent'],
] as const)('%s interrupted at %s: the leader goes on', async (verb, point) => {
  const stage = await scene();
  const { place, leader } = stage;
  const run = await signalledAt(
    place.start(argsOf(verb, stage), { KLE_TEST_STOP_AT: point }),
    point,
    ['SIGINT'],
    WAIT_MS,
  );
  expect(run.code, run.stderr).toBe(130);
  const put = place.versions().findLast(({ holder }) => holder.startsWith('kle/'));
  if (put) await place.until(({ mono, holder }) => mono > put.mono && holder === leader.identity, 'put-back');
  expect(place.journals()).toEqual([]);
  await over(stage);
});

it.concurrent('a second Ctrl-C, and undone after that: one leader', async () => {
  const stage = await scene();
  const { place } = stage;
  const point = 'put#2:answered';
  const running = place.start(argsOf('steal', stage), { KLE_TEST_STOP_AT: point });
  const run = await signalledAt(running, point, ['SIGINT', 'SIGTERM'], WAIT_MS);
  expect(run.code, run.stderr).toBe(6);
  const again = await place.kle('undo', '--yes');
  expect([0, 3]).toContain(again.code);
  expect(place.journals()).toEqual([]);
  await over(stage);
});

it.concurrent('skew killed and undone: the leader notices nothing', async () => {
  const stage = await scene();
  const { place, leader } = stage;
  await killedAt(place, argsOf('skew', stage), 'put#2:answered');
  const run = await place.kle('undo', '--yes');
  expect(run.code).toBe(0);
  await over(stage);
  expect(new Set(place.versions().map(({ holder }) => holder))).toEqual(new Set(['', leader.identity]));
  expect(leader.log.some(({ event }) => event === 'stopped')).toBe(false);
});
