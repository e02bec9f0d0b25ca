/** Real processes: how work ends while its supervisor lives, and in which order. Times are CLOCK_MONOTONIC, ms. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { untilDead, untilStopped } from '../../test/support/supervise-run.js';
import { killAtMs, LATE_MS, outcomeOf, superviseSuite, writesIn } from '../../test/support/supervise-suite.js';
import { sharedClock } from '../platform/shared-clock.js';

const suite = superviseSuite();
const { start, worker } = suite;

describe('work that ends by itself', () => {
  it('passes its code on, and its streams', async () => {
    const run = start(['sh', '-c', 'echo out 1; echo err >&2; exit 3']);
    expect(await outcomeOf(run)).toMatchObject({
      kind: 'exited',
      code: 3,
      exit: 3,
      deathConfirmed: true,
      leftBehind: false,
    });
    expect(run.lines.all.map(({ word }) => word)).toEqual(['out']);
    expect(run.stderr).toContain('err');
  });

  it('passes on that a signal ended it', async () => {
    const run = start(['sh', '-c', 'kill -USR1 $$']);
    expect(await outcomeOf(run)).toMatchObject({ kind: 'signalled', signal: 'SIGUSR1', exit: 138 });
  });

  it('ends at once', async () => {
    expect(await outcomeOf(start(['true']))).toMatchObject({ kind: 'exited', exit: 0, deathConfirmed: true });
  });

  it.each([
    ['no such command', () => 'kle-no-such-command', 'not-found', 'ENOENT', 127],
    ['an empty command', () => '', 'not-found', 'ERR_INVALID_ARG_VALUE', 127],
    ['a path through a file', () => join(suite.programs.worker, 'x'), 'not-found', 'ENOTDIR', 127],
    ['a folder', () => suite.programs.folder, 'not-executable', 'EACCES', 126],
    ['a file without the right to run', () => plainFile(), 'not-executable', 'EACCES', 126],
  ])('says that it could not be started: %s', async (_, command, kind, errno, exit) => {
    expect(await outcomeOf(start([command()]))).toMatchObject({ kind, errno, exit, deathConfirmed: true });
  });

  function plainFile(): string {
    const file = join(suite.programs.folder, 'plain');
    writeFileSync(file, 'x');
    chmodSync(file, 0o644);
    return file;
  }

  it('ends what it leaves in its group before the work counts as stopped', async () => {
    const file = join(suite.programs.folder, 'left');
    // The first ends as soon as the other has written.
    const run = start([
      'sh',
      '-c',
      `"$0" "$1" name=other "file=${file}" & until [ -s "${file}" ]; do :; done`,
      ...worker(),
    ]);
    expect(await outcomeOf(run)).toMatchObject({ kind: 'exited', exit: 0, leftBehind: true, deathConfirmed: true });
    const stopped = await run.event('stopped');
    expect(stopped.running).toBe(false);
    expect(writesIn(file).at(-1)).toBeLessThan(stopped.atMs);
  });

  it('kills those left behind who ignore TERM', async () => {
    const run = start(worker('child=other', 'ignore-term', 'quit=400'));
    await run.working('other');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'exited', exit: 3, leftBehind: true, deathConfirmed: true });
    expect(run.lines.all.some(({ word }) => word === 'other-term')).toBe(true);
  });
});

describe('a claim that becomes false', () => {
  it('lets the work end by TERM, and says that it has stopped only when nothing of it is left', async () => {
    const run = start(worker('drain=120', 'child=other'), { drainMs: 2_000 });
    await run.working('other');
    run.order('abort holder-changed');
    expect(await outcomeOf(run)).toMatchObject({
      kind: 'lost',
      by: 'claim',
      reason: 'holder-changed',
      end: { code: 0 },
      exit: 75,
      deathConfirmed: true,
    });
    const [ending, stopped, outcome] = await Promise.all(
      ['ending', 'stopped', 'outcome'].map((type) => run.event(type)),
    );
    expect(stopped?.running).toBe(false);
    expect(run.lastWriteMs()).toBeLessThan(stopped?.atMs ?? 0);
    // TERM and the end of both took the drain that the work wanted, and not the one that it may have.
    expect((stopped?.atMs ?? 0) - (ending?.atMs ?? 0)).toBeLessThan(1_500);
    expect(outcome?.again).toBe(true);
  });

  it('kills work that ignores TERM, with its grandchildren, when the drain is over', async () => {
    const run = start(worker('ignore-term', 'child=other'), { drainMs: 300, holdMs: 5_000 });
    await run.working('other');
    const toldMs = sharedClock.monoMs();
    run.order('abort stepped-down');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', end: { signal: 'SIGKILL' }, deathConfirmed: true });
    const { atMs } = await run.event('ending');
    for (const name of ['work', 'other']) {
      const last = run.lines.all.findLast(({ word }) => word === name)?.atMs ?? 0;
      expect(last - atMs).toBeLessThan(300 + LATE_MS);
    }
    expect((await run.event('stopped')).atMs - toldMs).toBeGreaterThan(280);
  });

  it('sends TERM and KILL by the clocks when nobody says that the claim is false', async () => {
    const run = start(worker('ignore-term'), { drainMs: 200 });
    await run.working();
    run.order('silence');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', by: 'deadline', deathConfirmed: true });
    const deadlineMs = run.lastDeadlineMs();
    const term = run.lines.all.find(({ word }) => word === 'work-term')?.atMs ?? 0;
    expect(Math.abs(term - (killAtMs(deadlineMs) - 200))).toBeLessThan(LATE_MS);
    expect((await run.event('stopped')).atMs).toBeGreaterThan(killAtMs(deadlineMs) - 50);
    expect(run.lastWriteMs()).toBeLessThan(deadlineMs);
  });

  it('before the command was started: it never is', async () => {
    const run = start(worker(), { holdMs: -10, renewMs: 10_000 });
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', deathConfirmed: true });
    expect(run.lines.all).toEqual([]);
    expect(run.said.all.some(({ type }) => type === 'started')).toBe(false);
  });

  it('is seen in work that has closed its streams', async () => {
    const file = join(suite.programs.folder, 'closed');
    const run = start(worker('close-stdio', `file=${file}`));
    const { pgid } = await run.event('started');
    run.order('silence');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', deathConfirmed: true });
    await untilDead(pgid ?? 0);
    expect(writesIn(file).at(-1)).toBeLessThan(run.lastDeadlineMs());
  });

  it('ends a daemon that was forked within the group and has left its parent', async () => {
    const run = start(['sh', '-c', '("$0" "$1" name=daemon ignore-term &) ; exec "$0" "$1"', ...worker()]);
    await run.working('daemon');
    run.order('abort lease-deleted');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', deathConfirmed: true });
    expect(run.lastWriteMs()).toBeLessThan((await run.event('stopped')).atMs);
  });
});

describe('work that is stopped', () => {
  it('is told to go on with TERM, so that it can end well', async () => {
    const run = start(worker('drain=1'), { drainMs: 3_000, holdMs: 3_000 });
    const { pgid } = await run.working();
    run.kill(-pgid, 'SIGSTOP');
    run.order('abort stepped-down');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', end: { code: 0 }, deathConfirmed: true });
  });
});

describe('signals of the supervisor', () => {
  it('reach the whole group, and the work decides what they mean', async () => {
    const run = start(worker('show-signals', 'ignore-term'), { holdMs: 5_000 });
    await run.working();
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const) {
      run.process.kill(signal);
      await run.lines.find(({ word }) => word === signal);
    }
    run.process.kill('SIGTERM');
    await run.lines.find(({ word }) => word === 'work-term');
    run.order('abort stepped-down');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', deathConfirmed: true });
  });

  it('that are to end it before the work was started: it never is', async () => {
    const mute = join(suite.programs.folder, 'mute.cjs');
    writeFileSync(mute, 'process.stdin.resume();');
    const run = start(worker(), { holdMs: 5_000, watchdog: mute });
    await run.event('listening');
    run.process.kill('SIGWINCH');
    run.process.kill('SIGTERM');
    expect(await outcomeOf(run)).toMatchObject({
      kind: 'signalled',
      signal: 'SIGTERM',
      exit: 143,
      deathConfirmed: true,
    });
    expect(run.lines.all).toEqual([]);
  });

  it('end work that does not handle them, which is then its own end', async () => {
    const run = start(worker('child=other'), { holdMs: 5_000 });
    await run.working('other');
    run.process.kill('SIGTERM');
    expect(await outcomeOf(run)).toMatchObject({
      kind: 'signalled',
      signal: 'SIGTERM',
      exit: 143,
      deathConfirmed: true,
    });
  });

  it('TSTP stops the work with the supervisor, CONT lets both go on', async () => {
    const run = start(worker(), { holdMs: 4_000 });
    const { pgid } = await run.working();
    run.process.kill('SIGTSTP');
    await untilStopped(pgid);
    await untilStopped(run.process.pid ?? 0);
    const writes = run.lines.all.length;
    run.process.kill('SIGCONT');
    await run.lines.find(() => true, writes + 5);
    run.order('abort stepped-down');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', by: 'claim', deathConfirmed: true });
  });
});
