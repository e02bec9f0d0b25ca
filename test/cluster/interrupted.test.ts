/**
 * kle killed, and kle interrupted, at every step of every chaos verb: each on a Lease of its own, side by side on one real
 * kube-apiserver. What must hold then is STEP-DOWN's table "Put back". Two leaders: interrupted-electors.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChaosCluster, openChaosCluster, type Place, type Version } from '../support/chaos-cluster.js';
import { signalledAt } from '../support/chaos-stage.js';
import type { FakeHolder } from '../support/fake-holder.js';
import type { RunningKle } from '../support/running-kle.js';

let cluster: ChaosCluster;
beforeAll(async () => {
  cluster = await openChaosCluster();
});
afterAll(() => cluster?.close());

/** So long that what is put back was surely interrupted before the stop wait was over; short where that is to be over. */
const [LONG_S, SHORT_S] = [30, 3];
/** Eight of them start at once on two cores. */
const WAIT_MS = 60_000;
const VERBS = {
  fence: ['release', 'LEASE', '--yes', '--wait', '2s'],
  to: ['release', 'LEASE', '--yes', '--to', 'web-1', '--wait', '2s'],
  clear: ['release', 'LEASE', '--yes', '--via', 'clear', '--wait', '2s'],
  identity: ['release', 'LEASE', '--identity', 'web-0'],
  steal: ['steal', 'LEASE', '--yes', '--hold', '60s'],
  // Shorter than its renew period, so that its second write is the one that frees.
  brief: ['steal', 'LEASE', '--yes', '--hold', '200ms', '--allow-overlap', '--wait', '1s'],
  leave: ['steal', 'LEASE', '--yes', '--hold', '200ms', '--allow-overlap', '--then', 'leave'],
  thief: ['steal', 'LEASE', '--yes', '--identity', 'thief', '--hold', '60s'],
  once: ['skew', 'LEASE', '--yes', '--by=+1h'],
  skew: ['skew', 'LEASE', '--yes', '--by=-1h', '--hold', '60s'],
  duration: ['skew', 'LEASE', '--yes', '--lease-duration', '60s', '--hold', '60s'],
} as const;
type VerbName = keyof typeof VERBS;

const secondsFor = (point: string) => (/^(stop-wait-over|not-adopted)/.test(point) ? SHORT_S : LONG_S);

let places = 0;

interface Scene {
  place: Place;
  leader: FakeHolder;
  args: string[];
  seconds: number;
}

async function scene(verb: VerbName, seconds: number = LONG_S): Promise<Scene> {
  places += 1;
  const place = await cluster.place(`${verb}-${places}`);
  const leader = place.holder('web-0', { durationSeconds: seconds });
  await leader.holds;
  return { place, leader, seconds, args: VERBS[verb].map((word) => (word === 'LEASE' ? place.name : word)) };
}

const markOf = ({ lease }: Pick<Version, 'lease'>) => lease.metadata.annotations?.['kle.dev/operation'];
const ofOperation = (version: Version) => markOf(version) !== undefined || version.holder.startsWith('kle/');

/** What no verb may lose, whatever happens to it. */
function expectUnharmed(place: Place): void {
  const uid = place.versions()[0]?.lease.metadata.uid;
  let transitions = 0;
  for (const { lease } of place.versions()) {
    expect(lease.metadata.uid).toBe(uid);
    expect(lease.metadata.labels).toEqual({ keep: 'label' });
    expect(lease.metadata.annotations).toMatchObject({ 'example.com/keep': 'annotation' });
    expect(Number(lease.spec?.leaseTransitions)).toBeGreaterThanOrEqual(transitions);
    transitions = Number(lease.spec?.leaseTransitions);
  }
}

/** Its holder is one that kle wrote. */
async function isTaken(place: Place): Promise<boolean> {
  const lease = await place.lease();
  const { holderIdentity } = lease.spec ?? {};
  return markOf({ lease }) !== undefined && holderIdentity !== 'web-0';
}

async function stopped(running: RunningKle, point: string): Promise<void> {
  await running.until(`at ${point}`, WAIT_MS);
  running.kill('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
}

/** A skew ends, as it must, where a busy machine makes its holder late: such a run shows nothing, and is made again. */
const LATE = /has not renewed for|nobody renews this Lease/;

/** A verb that stands still at that point. */
async function standing(verb: VerbName, point: string): Promise<{ stage: Scene; running: RunningKle }> {
  for (;;) {
    const stage = await scene(verb, secondsFor(point));
    const running = stage.place.start(stage.args, { KLE_TEST_STOP_AT: point });
    const there = running.until(`at ${point}`, WAIT_MS);
    there.catch(() => {});
    const end = await Promise.race([there, running.ended]);
    if (end === undefined) return { stage, running };
    if (!LATE.test(end.stderr)) throw new Error(`${stage.place.name} never was at ${point}:\n${end.stderr}`);
  }
}

type Outcome = 'put-back' | 'freed' | 'nothing' | 'moved-on';

/** Runs undo and says what it made of the one operation that there is. */
async function undone(place: Place, ...more: string[]): Promise<{ outcome: Outcome; code: number | null }> {
  const run = await place.kle('undo', '--yes', '-o', 'json', ...more);
  const { items } = JSON.parse(run.stdout);
  expect(items, run.stderr).toHaveLength(1);
  expect(items[0].lease).toEqual({ namespace: 'shop', name: place.name });
  return { outcome: items[0].outcome, code: run.code };
}

/** Everything that undo needs, on disk before the first write. */
function expectJournal({ place, seconds }: Scene, verb: VerbName): void {
  const [journal] = place.journals();
  expect(journal?.lines[0]).toMatchObject({
    server: cluster.server.server,
    context: expect.any(String),
    process: { pid: expect.any(Number), start: expect.any(Number), boot: expect.any(String) },
    operation: {
      verb: VERBS[verb][0],
      lease: { namespace: 'shop', name: place.name },
      uid: place.versions()[0]?.lease.metadata.uid,
      previous: { holderIdentity: 'web-0', leaseDurationSeconds: seconds, renewTime: expect.any(String) },
    },
  });
  expect(JSON.stringify(journal)).not.toMatch(/token|kubeconfig|\/tmp/);
}

/** Nobody of kle's is on it, and its leader goes on or has it anew. */
async function expectPutRight({ place, leader }: Scene, since: bigint): Promise<void> {
  const settled = (version: Version) =>
    version.mono > since && version.holder === leader.identity && markOf(version) === undefined;
  await place.until(settled, `renewal of ${leader.identity} without a mark`);
  expect(place.journals()).toEqual([]);
  expectUnharmed(place);
}

describe('kill -9', () => {
  /** Points where nothing was on the Lease, where kle held it, and where it had given it up. */
  const KILLS: [VerbName, string, 'no journal' | Outcome[]][] = [
    ['fence', 'get#1:before', 'no journal'],
    ['fence', 'journal-begin#1:before', 'no journal'],
    ['fence', 'journal-begin#1:answered', ['nothing']],
    ['fence', 'journal-sending#1:answered', ['nothing']],
    ['fence', 'put#1:before', ['nothing']],
    ['fence', 'put#1:sent', ['nothing', 'put-back']],
    ['fence', 'put#1:answered', ['put-back']],
    ['fence', 'put#2:sent', ['put-back']],
    ['fence', 'put#2:answered', ['put-back']],
    ['fence', 'stop-wait-over+put:before', ['freed']],
    ['fence', 'stop-wait-over+put:sent', ['freed', 'nothing']],
    ['fence', 'stop-wait-over+journal-settle:before', ['nothing']],
    ['fence', 'stop-wait-over+journal-settle:answered', 'no journal'],
    ['to', 'put#1:answered', ['put-back']],
    ['to', 'stop-wait-over+put:before', ['freed']],
    ['to', 'stop-wait-over+put:sent', ['freed']],
    ['to', 'not-adopted+put:before', ['freed']],
    ['clear', 'put#1:before', 'no journal'],
    ['clear', 'put#1:sent', 'no journal'],
    ['clear', 'put#1:answered', 'no journal'],
    ['identity', 'put#1:sent', 'no journal'],
    ['identity', 'put#1:answered', 'no journal'],
    ['steal', 'put#1:before', ['nothing']],
    ['steal', 'put#1:sent', ['nothing', 'put-back']],
    ['steal', 'put#1:answered', ['put-back']],
    ['steal', 'put#2:answered', ['put-back']],
    ['brief', 'put#2:before', ['put-back']],
    ['brief', 'put#2:sent', ['put-back', 'nothing']],
    ['brief', 'taken-by-kle+journal-settle:before', ['nothing']],
    ['leave', 'taken-by-kle+journal-settle:before', ['put-back']],
    ['thief', 'put#1:answered', ['put-back']],
    ['thief', 'put#2:sent', ['put-back']],
    ['once', 'put#1:before', ['nothing']],
    ['once', 'put#1:sent', ['nothing', 'put-back']],
    ['once', 'put#1:answered', ['nothing', 'put-back']],
    ['once', 'shift-undone-by-holder+put:sent', ['nothing']],
    ['skew', 'put#2:answered', ['nothing', 'put-back']],
    ['skew', 'put#2:sent', ['nothing', 'put-back']],
    ['duration', 'put#1:answered', ['nothing', 'put-back']],
  ];

  it.concurrent.each(KILLS)('%s at %s: undo says %j', async (verb, point, expected) => {
    const { stage, running } = await standing(verb, point);
    const { place } = stage;
    await stopped(running, point);
    if (expected === 'no journal') {
      expect(place.journals()).toEqual([]);
      const since = (await place.until(() => true, 'version')).mono;
      return expectPutRight(stage, since);
    }
    expectJournal(stage, verb);
    const since = process.hrtime.bigint();
    const taken = await isTaken(place);
    const { outcome, code } = await undone(place);
    // Where the leader's renewal came before kle's first write, there is nothing to undo at any later point.
    expect(taken ? expected : [...expected, 'nothing']).toContain(outcome);
    expect(code).toBe(0);
    if (outcome === 'put-back') {
      const isBack = (one: Version) => one.mono > since && one.holder === 'web-0' && !markOf(one);
      const back = await place.until(isBack, 'put-back');
      expect(back.lease.spec).toMatchObject({ leaseDurationSeconds: stage.seconds });
    }
    await expectPutRight(stage, since);
  });

  it.concurrent('an operation that is over is not undone: who adopted the Lease keeps it', async () => {
    const { place, args } = await scene('to', SHORT_S);
    const standby = place.holder('web-1', { durationSeconds: SHORT_S });
    await stopped(place.start(args, { KLE_TEST_STOP_AT: 'handed+put:before' }), 'handed+put:before');
    expect((await place.lease()).spec?.holderIdentity).toBe('web-1');
    const since = process.hrtime.bigint();
    const { outcome, code } = await undone(place);
    expect([outcome, code]).toEqual(['nothing', 0]);
    await place.until(
      (one) => one.mono > since && one.holder === standby.identity && !markOf(one),
      'renewal of web-1 without a mark',
    );
    expect(place.versions().filter((one) => one.mono > since && one.holder !== 'web-1')).toEqual([]);
    expect(place.journals()).toEqual([]);
  });

  it.concurrent('what nobody undoes ends by itself: its duration after the last renewal, and a poll', async () => {
    const { place, leader, args } = await scene('steal');
    await stopped(place.start(args, { KLE_TEST_STOP_AT: 'put#3:answered' }), 'put#3:answered');
    const ours = place.versions().filter(ofOperation).at(-1);
    const seconds = Number(ours?.lease.spec?.leaseDurationSeconds);
    // The whole stop wait, so that nobody takes it while the incumbent may work.
    expect(seconds).toBeGreaterThanOrEqual(LONG_S);
    expect(place.versions().at(-1)?.holder).toMatch(/^kle\//);
    leader.stop();
    const { outcome } = await undone(place);
    expect(outcome).toBe('put-back');
  });
});

describe('Ctrl-C', () => {
  /** The codes that are right: beside 130, that of the end itself where both come at once. */
  const INTERRUPTS: [VerbName, string, number[]][] = [
    ['fence', 'get#1:before', [130]],
    ['fence', 'journal-begin#1:answered', [130]],
    ['fence', 'put#1:before', [130]],
    ['fence', 'put#1:sent', [130]],
    ['fence', 'put#1:answered', [130]],
    ['fence', 'put#2:sent', [130]],
    ['fence', 'put#2:answered', [130]],
    ['fence', 'stop-wait-over+put:before', [130]],
    ['fence', 'stop-wait-over+put:sent', [130, 1]],
    ['fence', 'stop-wait-over+journal-settle:before', [130, 1]],
    ['to', 'put#1:sent', [130]],
    ['to', 'stop-wait-over+put:before', [130]],
    ['to', 'not-adopted+put:sent', [130, 1]],
    ['clear', 'put#1:sent', [130, 1]],
    ['clear', 'put#1:answered', [130, 1]],
    // One write, which had left: all that was asked for is done, unless the leader's renewal came first.
    ['identity', 'put#1:before', [0, 130]],
    ['steal', 'journal-sending#1:answered', [130]],
    ['steal', 'put#1:sent', [130]],
    ['steal', 'put#2:answered', [130]],
    ['brief', 'put#2:sent', [130, 0]],
    ['thief', 'put#1:answered', [130]],
    ['once', 'put#1:sent', [130]],
    ['once', 'put#1:answered', [130]],
    ['skew', 'put#2:answered', [130]],
    ['duration', 'put#2:sent', [130]],
  ];

  it.concurrent.each(INTERRUPTS)('%s at %s: %j, and nothing is left', async (verb, point, codes) => {
    const { stage, running } = await standing(verb, point);
    const run = await signalledAt(running, point, ['SIGINT'], WAIT_MS);
    expect(codes, run.stderr).toContain(run.code);
    await expectPutRight(stage, process.hrtime.bigint());
  });

  it.concurrent('at last: SIGTERM is told by 143', async () => {
    const stage = await scene('fence');
    const running = stage.place.start(stage.args, { KLE_TEST_STOP_AT: 'put#1:answered' });
    expect((await signalledAt(running, 'put#1:answered', ['SIGTERM'], WAIT_MS)).code).toBe(143);
    await expectPutRight(stage, process.hrtime.bigint());
  });
});

describe('a second Ctrl-C', () => {
  const AT: [VerbName, string][] = [
    ['fence', 'put#1:sent'],
    ['fence', 'put#1:answered'],
    ['steal', 'put#1:answered'],
    ['thief', 'put#2:sent'],
    ['skew', 'put#1:answered'],
  ];
  it.concurrent.each(AT)('%s at %s: 6 at once, the journal stays, undo does the rest', async (verb, point) => {
    const { stage, running } = await standing(verb, point);
    const run = await signalledAt(running, point, ['SIGINT', 'SIGTERM'], WAIT_MS);
    expect(run.code, run.stderr).toBe(6);
    expect(run.stderr).toMatch(/put it back with `kle undo/);
    expectJournal(stage, verb);
    const since = process.hrtime.bigint();
    // What puts it back may have left before the second signal was heard.
    const { outcome, code } = await undone(stage.place);
    expect(['put-back', 'nothing']).toContain(outcome);
    expect(code).toBe(0);
    await expectPutRight(stage, since);
  });

  it.concurrent.each([
    ['fence', 'fenced as'],
    ['steal', 'taken as'],
    ['skew', 'shifted'],
  ] as const)('%s while it is being put back', async (verb, said) => {
    const stage = await scene(verb);
    const point = 'interrupted+put:before';
    const running = stage.place.start(stage.args, { KLE_TEST_STOP_AT: point });
    await running.until(said, WAIT_MS);
    running.kill('SIGINT');
    const run = await signalledAt(running, point, ['SIGINT'], WAIT_MS);
    // The answer, or a renewal that puts a skew right, may be read before the signal: then nothing is left to insist on.
    expect([6, 130], run.stderr).toContain(run.code);
    const since = process.hrtime.bigint();
    if (run.code === 6) expect(['put-back', 'nothing']).toContain((await undone(stage.place)).outcome);
    else expect(stage.place.journals(), run.stderr).toEqual([]);
    await expectPutRight(stage, since);
  });
});

describe('undo itself', () => {
  async function left(verb: VerbName): Promise<Scene> {
    const stage = await scene(verb);
    const point = verb === 'fence' ? 'fenced+put:before' : 'taken-by-kle+put:before';
    await stopped(stage.place.start(stage.args, { KLE_TEST_STOP_AT: point }), point);
    return stage;
  }
  const AT: [VerbName, string][] = (['fence', 'steal', 'thief'] as const).flatMap((verb) =>
    ['put#1:before', 'put#1:sent'].map((point): [VerbName, string] => [verb, point]),
  );

  it.concurrent.each(AT)('of a %s killed at %s, undone again', async (verb, point) => {
    const stage = await left(verb);
    await stopped(stage.place.start(['undo', '--yes'], { KLE_TEST_STOP_AT: point }), point);
    expectJournal(stage, verb);
    const since = process.hrtime.bigint();
    const { outcome, code } = await undone(stage.place);
    expect(point === 'put#1:before' ? ['put-back'] : ['put-back', 'nothing']).toContain(outcome);
    expect(code).toBe(0);
    await expectPutRight(stage, since);
  });

  it.concurrent.each(AT)('of a %s interrupted at %s: done all the same', async (verb, point) => {
    const stage = await left(verb);
    const running = stage.place.start(['undo', '--yes'], { KLE_TEST_STOP_AT: point });
    const run = await signalledAt(running, point, ['SIGINT'], WAIT_MS);
    expect(point === 'put#1:before' ? [130] : [130, 0], run.stderr).toContain(run.code);
    expect(run.stdout).toContain('put back to web-0');
    await expectPutRight(stage, process.hrtime.bigint());
  });

  it.concurrent('twice: 6, and it can be run again', async () => {
    const stage = await left('fence');
    const running = stage.place.start(['undo', '--yes'], { KLE_TEST_STOP_AT: 'put#1:before' });
    const run = await signalledAt(running, 'put#1:before', ['SIGINT', 'SIGTERM'], WAIT_MS);
    expect(run.code, run.stderr).toBe(6);
    expectJournal(stage, 'fence');
    const since = process.hrtime.bigint();
    expect((await undone(stage.place)).code).toBe(0);
    await expectPutRight(stage, since);
  });
});
