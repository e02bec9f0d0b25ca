/** `kle steal` as a user runs it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freeLease, openStage, type Stage, type StageElector, steady } from '../support/chaos-stage.js';

let stage: Stage;
let leader: StageElector;
beforeEach(async () => {
  stage = await openStage([freeLease('web'), freeLease('late', { holderIdentity: 'gone', leaseDurationSeconds: 1 })]);
  leader = stage.elector('web', 'web-0');
  await leader.holds;
});
afterEach(() => stage.close());

const result = (stdout: string) => JSON.parse(stdout);

it('takes it, keeps it for the stop wait, frees it, and sees who leads', async () => {
  const run = await stage.kle('steal', 'web', '--yes', '--hold', '1s', '-o', 'json');
  expect(run.code).toBe(0);
  const document = result(run.stdout);
  expect(document).toMatchObject({ kind: 'StealResult', outcome: 'held-and-freed', from: 'web-0', to: 'web-0' });
  expect(document.steps.map((one: { step: string }) => one.step)).toEqual([
    'measured',
    'taken-by-kle',
    'freed',
    'acquired',
  ]);
  expect(document.leaderlessMs).toBeGreaterThan(2_500);
  expect(document.possibleOverlapMs).toBeGreaterThan(2_500);
});

it('says before how long the deposed holder may go on', async () => {
  const run = await stage.kle('steal', 'web', '--dry-run', '--hold', '1s', '--allow-overlap', '--lease-duration', '1s');
  expect(run.code).toBe(0);
  expect(steady(run.stdout + run.stderr)).toMatchSnapshot();
});

it('does not say of an expired one that it is held', async () => {
  const run = await stage.kle('steal', 'late', '--dry-run', '--hold', '1s');
  expect(run.code).toBe(0);
  expect(steady(run.stdout + run.stderr)).toMatchSnapshot();
  const { prediction } = result((await stage.kle('steal', 'late', '--dry-run', '--hold', '1s', '-o', 'json')).stdout);
  expect(prediction.usualStop.mostMs).toBe(0);
});

it('without --hold is ended by Ctrl-C with 0', async () => {
  const running = stage.start(['steal', 'web', '--yes', '--wait', '0s']);
  await running.until('taken as');
  running.kill('SIGINT');
  const run = await running.ended;
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('put back to web-0') });
  expect(await stage.lease('web')).toMatchObject({ holder: 'web-0', annotations: {} });
});

it('with --hold it is interrupted by Ctrl-C', async () => {
  const running = stage.start(['steal', 'web', '--yes', '--hold', '60s']);
  await running.until('taken as');
  running.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
});

it('leaves it, and undo frees it by its mark', async () => {
  const run = await stage.kle('steal', 'web', '--yes', '--hold', '3s', '--then', 'leave', '-o', 'json');
  const { outcome, undoId, to } = result(run.stdout);
  expect([run.code, outcome, to]).toEqual([0, 'left', `kle/${undoId}`]);
  expect(stage.journals()).toEqual([]);
  leader.stop();
  // By the server's clock, which is known to a second and taken at its worst.
  for (let would = ''; would !== 'free'; ) {
    const list = await stage.kle('undo', '--list', '-o', 'json');
    would = result(list.stdout).items[0].would;
  }
  const undone = await stage.kle('undo', undoId, '--yes');
  expect(undone.code).toBe(0);
  expect(undone.stdout).toBe(`shop/web: freed (steal ${undoId})\n`);
});

it('takes an expired one alone with --only-expired', async () => {
  const live = await stage.kle('steal', 'web', '--yes', '--only-expired', '--hold', '1s');
  expect(live.code).toBe(3);
  expect(live.stderr).toContain('it is held and renewed');
  const dead = await stage.kle(
    'steal',
    'late',
    '--yes',
    '--only-expired',
    '--hold',
    '1s',
    '--wait',
    '0s',
    '-o',
    'json',
  );
  expect(dead.code).toBe(0);
  expect(result(dead.stdout)).toMatchObject({ outcome: 'held-and-freed', from: 'gone', to: null });
});

it.each([
  [['steal', 'web', '--allow-overlap'], '--hold'],
  [['steal', 'web', '--identity', 'kle/x'], 'kle/'],
  [['steal', 'web', '--then', 'keep'], 'free, leave'],
  [['steal', 'web', '--lease-duration', '1500ms'], 'whole'],
])('%j is bad usage', async (args, said) => {
  const run = await stage.kle(...(args as string[]));
  expect(run.code).toBe(2);
  expect(run.stderr).toContain(said);
});
