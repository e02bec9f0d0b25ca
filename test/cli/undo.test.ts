/** `kle undo` after kills at real steps of a real process, on a sandbox. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeLease, openStage, type Stage, type StageElector, signalledAt, steady } from '../support/chaos-stage.js';

let stage: Stage;
let leader: StageElector;
beforeEach(async () => {
  stage = await openStage([freeLease('web')]);
  leader = stage.elector('web', 'web-0');
  await leader.holds;
});
afterEach(() => stage.close());

const items = (stdout: string) => JSON.parse(stdout).items;

/** Runs a verb until it stands still at a point, then kills it there. */
async function killedAt(point: string, args: string[]): Promise<void> {
  const running = stage.start(args, { KLE_TEST_STOP_AT: point });
  await running.until(`at ${point}`);
  running.kill('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
}

const RELEASE = ['release', 'web', '--yes'];
const STEAL = ['steal', 'web', '--yes', '--hold', '60s'];
const SKEW = ['skew', 'web', '--yes', '--by=+1h', '--hold', '60s'];

describe('after kill -9', () => {
  it.each([
    ['journal-begin#1:answered', RELEASE, 'nothing'],
    ['put#1:before', RELEASE, 'nothing'],
    ['put#1:answered', RELEASE, 'put-back'],
    ['put#2:before', RELEASE, 'put-back'],
    ['put#2:answered', RELEASE, 'put-back'],
    ['put#1:before', STEAL, 'nothing'],
    ['put#1:answered', STEAL, 'put-back'],
    ['put#3:answered', STEAL, 'put-back'],
    ['put#1:before', SKEW, 'nothing'],
  ])('at %s of %j: %s', async (point, args, outcome) => {
    await killedAt(point, args);
    expect(stage.journals()).toHaveLength(1);
    const run = await stage.kle('undo', '--yes', '-o', 'json');
    expect(items(run.stdout)).toMatchObject([{ outcome, lease: { namespace: 'shop', name: 'web' } }]);
    expect(run.code).toBe(0);
    expect(await stage.lease('web')).toMatchObject({ holder: 'web-0', annotations: {} });
    expect(stage.journals()).toEqual([]);
  });

  it('a skew whose holder has stopped is put back to what that wrote', async () => {
    const running = stage.start(SKEW);
    await running.until('shifted');
    leader.stop();
    await running.until('shifted');
    running.kill('SIGKILL');
    await running.ended;
    const before = await stage.lease('web');
    const shifted = (before.renewTime ?? 0n) > BigInt(Date.now() + 1_800_000) * 1000n;
    const run = await stage.kle('undo', '--yes', '-o', 'json');
    expect(items(run.stdout)).toMatchObject([{ outcome: shifted ? 'put-back' : 'nothing' }]);
    expect((await stage.lease('web')).renewTime ?? 0n).toBeLessThan(BigInt(Date.now() + 60_000) * 1000n);
  });

  it('late: the incumbent must have stopped, so it is freed', async () => {
    await killedAt('put#2:before', RELEASE);
    leader.stop();
    const id = (await stage.lease('web')).holder?.slice(4) ?? '';
    for (let would = ''; would !== 'free'; ) {
      const list = await stage.kle('undo', '--list', '-o', 'json');
      would = items(list.stdout)[0].would;
    }
    const run = await stage.kle('undo', id, '--yes');
    expect(run).toMatchObject({ code: 0, stdout: `shop/web: freed (release ${id})\n` });
    expect(await stage.lease('web')).toMatchObject({ holder: '', leaseDurationSeconds: 1, annotations: {} });
  });

  it('the Lease has moved on: nothing is written', async () => {
    await killedAt('put#1:answered', RELEASE);
    const fenced = await stage.lease('web');
    leader.stop();
    const spec = { ...fenced.raw.spec, holderIdentity: 'thief', renewTime: '2026-11-21T00:00:00.000000Z' };
    await stage.leases.replace({ ...fenced.raw, spec });
    const run = await stage.kle('undo', '--yes');
    expect(run.code).toBe(3);
    expect(steady(run.stdout)).toMatchSnapshot();
    expect((await stage.lease('web')).holder).toBe('thief');
  });
});

describe('Ctrl-C in the middle of a step', () => {
  it.each(['journal-begin#1:answered', 'put#1:before', 'put#1:sent', 'put#1:answered', 'put#2:sent'])(
    'at %s: the old holder has it again, or still',
    async (point) => {
      const running = stage.start(RELEASE, { KLE_TEST_STOP_AT: point });
      const run = await signalledAt(running, point, ['SIGINT']);
      expect(run.code).toBe(130);
      expect(await stage.lease('web')).toMatchObject({ holder: 'web-0', annotations: {} });
      expect(stage.journals()).toEqual([]);
    },
  );

  it('twice: 6 at once, with what puts it back', async () => {
    const running = stage.start(RELEASE, { KLE_TEST_STOP_AT: 'put#1:answered' });
    const run = await signalledAt(running, 'put#1:answered', ['SIGINT', 'SIGTERM']);
    expect(run.code).toBe(6);
    expect(run.stderr).toMatch(/put it back with `kle undo [a-z0-9]{10}`/);
    expect(stage.journals()).toHaveLength(1);
    // The put-back was under way already, so undo may find nothing left to do.
    expect((await stage.kle('undo', '--yes')).code).toBe(0);
    expect(await stage.lease('web')).toMatchObject({ holder: 'web-0', annotations: {} });
    expect(stage.journals()).toEqual([]);
  });
});

it('from another machine: by its ID and the mark on the Lease alone', async () => {
  await killedAt('put#1:answered', RELEASE);
  const id = (await stage.lease('web')).holder?.slice(4) ?? '';
  const elsewhere = { XDG_STATE_HOME: '/nonexistent/state' };
  const list = stage.start(['undo', '--list'], elsewhere);
  const listed = await list.ended;
  expect(steady(listed.stdout)).toContain('put back the old holder');
  const run = await stage.start(['undo', id, '--yes'], elsewhere).ended;
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('put back to web-0') });
});

it('where journal and mark disagree nothing is written', async () => {
  await killedAt('put#1:answered', RELEASE);
  const fenced = await stage.lease('web');
  const note = JSON.parse(fenced.annotations['kle.dev/operation'] ?? '{}');
  note.previous.spec.holderIdentity = 'intruder';
  const annotations = { 'kle.dev/operation': JSON.stringify(note) };
  await stage.leases.replace({ ...fenced.raw, metadata: { ...fenced.raw.metadata, annotations } });
  const run = await stage.kle('undo', '--yes');
  expect(run.code).toBe(3);
  expect(run.stdout).toContain('is not what the journal says');
  expect((await stage.lease('web')).holder).toBe(fenced.holder);
});

it('leaves an operation alone whose process lives, unless it is named', async () => {
  const running = stage.start(['steal', 'web', '--yes', '--hold', '60s', '--wait', '0s']);
  await running.until('taken as');
  const run = await stage.kle('undo', '--yes');
  expect(run.code).toBe(0);
  expect(run.stdout).toContain('its process runs');
  const id = /kle\/([a-z0-9]{10})/.exec(running.stderr)?.[1] ?? '';
  const named = await stage.kle('undo', id, '--yes');
  expect(named.stdout).toContain('put back to web-0');
  expect((await running.ended).code).toBe(3);
});

it('has nothing to do, and knows no such operation', async () => {
  expect(await stage.kle('undo', '--yes')).toMatchObject({ code: 0, stderr: 'kle: nothing to undo\n' });
  expect((await stage.kle('undo', 'abcdefghij', '--yes')).code).toBe(3);
  expect((await stage.kle('undo', 'short', '--yes')).code).toBe(2);
  expect((await stage.kle('undo')).code).toBe(3);
});
