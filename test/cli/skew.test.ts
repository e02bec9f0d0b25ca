/** `kle skew` as a user runs it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { formatMicroTime } from '../../src/lease/micro-time.js';
import { amend } from '../../src/lease/record.js';
import { systemClock } from '../../src/platform/clock.js';
import { freeLease, openStage, type Stage, steady } from '../support/chaos-stage.js';

let stage: Stage;
beforeEach(async () => {
  stage = await openStage([freeLease('web'), freeLease('dead', { holderIdentity: 'gone', leaseDurationSeconds: 1 })]);
  await stage.elector('web', 'web-0').holds;
});
afterEach(() => stage.close());

const result = (stdout: string) => JSON.parse(stdout);

it('shifts each renewal, is taken for what it is, and puts back the last one', async () => {
  const run = await stage.kle('skew', 'web', '--yes', '--by=-1h', '--hold', '2s', '-o', 'json');
  expect(run.code).toBe(0);
  const document = result(run.stdout);
  expect(document).toMatchObject({ kind: 'SkewResult', outcome: 'not-fooled', takeovers: [], leftChanged: false });
  expect(document.skewed.length).toBeGreaterThan(2);
  for (const { from, to } of document.skewed) expect(Date.parse(from) - Date.parse(to)).toBe(3_600_000);
  expect(document.wouldFool).toContainEqual({ family: 'kube-leader-election', why: 'looks-expired' });
  expect((await stage.lease('web')).annotations).toEqual({});
});

it('reports who took a live Lease, with both terms', async () => {
  // As kube-leader-election: renewTime and duration against its own clock.
  let stopped = false;
  const poll = async () => {
    const record = await stage.lease('web');
    const now = systemClock.wallMicros();
    if (record.renewTime !== null && record.renewTime + 2_000_000n < now) {
      const time = formatMicroTime(now);
      const spec = { holderIdentity: 'fooled', leaseDurationSeconds: 60, acquireTime: time, renewTime: time };
      const done = await stage.leases.replace(amend(record, { spec: { ...spec, leaseTransitions: 6 } }));
      if (done.ok) return;
    }
    if (!stopped) systemClock.timer(100, () => void poll());
  };
  const running = stage.start(['skew', 'web', '--yes', '--by=-1h', '--hold', '20s']);
  await running.until('shifted');
  void poll();
  const run = await running.ended;
  stopped = true;
  expect(run.code).toBe(0);
  expect(run.stdout).toContain('shop/web: FOOLED: fooled took the Lease while web-0 renewed it');
  expect(run.stdout).toContain('web-0 (transitions 5) -> fooled (transitions 6)');
  expect(await stage.lease('web')).toMatchObject({ holder: 'fooled', annotations: {} });
});

it('says whom it would fool, and writes nothing', async () => {
  for (const args of [
    ['--by', '-1h'],
    ['--by', '+1h', '--hold', '1m'],
    ['--lease-duration', '1s'],
  ]) {
    const run = await stage.kle('skew', 'web', '--dry-run', ...args);
    expect(run.code).toBe(0);
    expect(steady(run.stdout)).toMatchSnapshot();
  }
});

it('refuses a Lease that nobody renews', async () => {
  const run = await stage.kle('skew', 'dead', '--yes', '--by=-1h');
  expect(run.code).toBe(3);
  expect(run.stderr).toContain('nobody renews this Lease');
});

it('puts back on Ctrl-C', async () => {
  const running = stage.start(['skew', 'web', '--yes', '--by=+1h', '--hold', '60s']);
  await running.until('shifted');
  running.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
  const lease = await stage.lease('web');
  expect(lease.annotations).toEqual({});
  expect((lease.renewTime ?? 0n) < systemClock.wallMicros() + 5_000_000n).toBe(true);
  expect(stage.journals()).toEqual([]);
});

it.each([
  [['skew', 'web'], '--by or --lease-duration'],
  [['skew', 'web', '--by', '1h', '--lease-duration', '1s'], 'only one'],
  [['skew', 'web', '--by', '0'], 'shifts nothing'],
  [['skew', 'web', '--by', '30'], '--by=30s'],
])('%j is bad usage', async (args, said) => {
  const run = await stage.kle(...(args as string[]));
  expect(run.code).toBe(2);
  expect(run.stderr).toContain(said);
});
