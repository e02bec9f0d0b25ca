/** Real processes: supervisor, watchdog and work stopped or killed, each alone and together. CLOCK_MONOTONIC, ms. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onLines } from '../../test/support/child.js';
import { type Run, untilDead, untilStopped } from '../../test/support/supervise-run.js';
import { killAtMs, LATE_MS, outcomeOf, superviseSuite } from '../../test/support/supervise-suite.js';
import { startHelper } from '../platform/child-process.js';
import { groupAlive } from '../platform/process-group.js';
import { sharedClock } from '../platform/shared-clock.js';
import { MARK, toLine } from './watchdog-messages.js';

const suite = superviseSuite();
const { start, worker } = suite;
const supervisorOf = (run: Run) => run.process.pid ?? 0;

describe('a supervisor that is stopped', () => {
  it('has its work killed by the watchdog when the deadline comes, and learns it afterwards', async () => {
    const run = start(worker('ignore-term', 'child=other'));
    const { pgid, watchdog } = await run.working('other');
    run.kill(supervisorOf(run), 'SIGSTOP');
    await untilDead(pgid);
    expect(sharedClock.monoMs()).toBeGreaterThan(killAtMs(run.lastDeadlineMs()) - 50);
    expect(run.lastWriteMs() - killAtMs(run.lastDeadlineMs())).toBeLessThan(LATE_MS);
    run.kill(supervisorOf(run), 'SIGCONT');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', end: { signal: 'SIGKILL' }, deathConfirmed: true });
    await untilDead(watchdog);
  });

  it('has its work asked by TERM first, so that it may drain', async () => {
    const run = start(worker('drain=1'), { drainMs: 5_000 });
    const { pgid } = await run.working();
    run.kill(supervisorOf(run), 'SIGSTOP');
    await untilDead(pgid);
    expect(sharedClock.monoMs()).toBeLessThan(killAtMs(run.lastDeadlineMs()) - 2_000);
    run.kill(supervisorOf(run), 'SIGCONT');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', end: { code: 0 }, deathConfirmed: true });
  });

  it('goes on when it is continued in time', async () => {
    const run = start(worker(), { holdMs: 5_000 });
    await run.working();
    run.kill(supervisorOf(run), 'SIGSTOP');
    await untilStopped(supervisorOf(run));
    run.kill(supervisorOf(run), 'SIGCONT');
    await run.event('renewed', run.said.all.length + 2);
    run.order('abort stepped-down');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', by: 'claim', reason: 'stepped-down' });
  });

  it('while the work drains: the watchdog kills when that drain is over, long before the deadline', async () => {
    const run = start(worker('ignore-term'), { drainMs: 400, holdMs: 30_000 });
    const { pgid } = await run.working();
    run.order('abort holder-changed');
    const { atMs } = await run.lines.find(({ word }) => word === 'work-term');
    run.kill(supervisorOf(run), 'SIGSTOP');
    await untilDead(pgid);
    expect(run.lastWriteMs() - atMs).toBeLessThan(400 + LATE_MS);
    run.kill(supervisorOf(run), 'SIGCONT');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', by: 'claim', deathConfirmed: true });
  });

  it('or stalls past the deadline: its work is dead in time all the same', async () => {
    const run = start(worker('ignore-term'));
    await run.working();
    run.order('stall 2500');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', end: { signal: 'SIGKILL' }, deathConfirmed: true });
    expect(run.lastWriteMs()).toBeLessThan(run.lastDeadlineMs());
  });
});

describe('a supervisor that is killed', () => {
  it('has its work asked to end at once', async () => {
    const run = start(worker('drain=1', 'child=other'), { holdMs: 10_000, drainMs: 5_000 });
    const { pgid, watchdog } = await run.working('other');
    const killedMs = sharedClock.monoMs();
    run.kill(supervisorOf(run), 'SIGKILL');
    await untilDead(pgid);
    await untilDead(watchdog);
    expect(run.lastWriteMs() - killedMs).toBeLessThan(LATE_MS);
  });

  it('has work that ignores TERM killed when its drain is over', async () => {
    const run = start(worker('ignore-term', 'child=other'), { holdMs: 10_000, drainMs: 300 });
    const { watchdog } = await run.working('other');
    const killedMs = sharedClock.monoMs();
    run.kill(supervisorOf(run), 'SIGKILL');
    await untilDead(watchdog);
    expect(sharedClock.monoMs() - killedMs).toBeGreaterThan(250);
    expect(run.lastWriteMs() - killedMs).toBeLessThan(300 + LATE_MS);
  });

  it('has it killed at the deadline when that is nearer than the drain', async () => {
    const run = start(worker('ignore-term'), { holdMs: 600, drainMs: 900 });
    await run.working();
    run.order('silence');
    const { watchdog } = await run.working('work-term');
    run.kill(supervisorOf(run), 'SIGKILL');
    await untilDead(watchdog);
    expect(run.lastWriteMs() - killAtMs(run.lastDeadlineMs())).toBeLessThan(LATE_MS);
  });

  it('while its work is stopped', async () => {
    const run = start(worker('ignore-term'), { holdMs: 10_000, drainMs: 200 });
    const { pgid, watchdog } = await run.working();
    run.kill(-pgid, 'SIGSTOP');
    await untilStopped(pgid);
    run.kill(supervisorOf(run), 'SIGKILL');
    await untilDead(watchdog);
    expect(run.alive()).toEqual([]);
  });

  it('while the kernel starts its command, so that it can tell nobody which process that is', async () => {
    // The watchdog alone, told what a supervisor tells it until then. The worker is no child of it.
    const helper = startHelper(suite.programs.watchdog);
    const nowMs = sharedClock.monoMs();
    const deadline = { monoMs: nowMs + 10_000, bootMs: sharedClock.bootMs() + 10_000 };
    const mark = `test-${process.pid}`;
    helper?.input.write(toLine({ type: 'claim', serial: 1, deadline, drainMs: 300 }));
    helper?.input.write(toLine({ type: 'starting', mark }));
    const [command = '', ...args] = worker('child=other');
    const env = { ...process.env, [MARK]: mark };
    const work = spawn(command, args, { detached: true, env, stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(work, 'exit');
    await new Promise<void>((resolve) =>
      onLines(work.stdout.setEncoding('utf8'), (line) => line.startsWith('other') && resolve()),
    );
    const closed = new Promise<void>((resolve) => helper?.onEnd(resolve));
    helper?.output.resume();
    helper?.input.end();
    expect(await ended).toEqual([null, 'SIGTERM']);
    await closed;
    expect(groupAlive({ pgid: work.pid ?? 0, leaderStart: undefined })).toBe(false);
  });

  it('before its command was started: the watchdog goes too', async () => {
    const run = start(worker(), { holdMs: 10_000 });
    const { pid } = await run.event('watchdog');
    run.kill(supervisorOf(run), 'SIGKILL');
    await untilDead(pid ?? 0);
  });
});

describe('a watchdog', () => {
  it.each(['SIGKILL', 'SIGSEGV'] as const)('that ends by %s is replaced, and the new one guards', async (signal) => {
    const run = start(worker('ignore-term'), { holdMs: 1_500 });
    const { pgid, watchdog } = await run.working();
    run.kill(watchdog, signal);
    const successor = await run.said.find((said) => said.type === 'watchdog' && said.restarts === 1);
    expect(successor.pid).not.toBe(watchdog);
    run.kill(supervisorOf(run), 'SIGSTOP');
    await untilDead(pgid);
    expect(run.lastWriteMs() - killAtMs(run.lastDeadlineMs())).toBeLessThan(LATE_MS);
    run.kill(supervisorOf(run), 'SIGCONT');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', deathConfirmed: true });
  });

  it('that is stopped answers no more and is replaced', async () => {
    const run = start(worker(), { holdMs: 5_000 });
    const { watchdog } = await run.working();
    const stoppedMs = sharedClock.monoMs();
    run.kill(watchdog, 'SIGSTOP');
    const { atMs } = await run.said.find((said) => said.type === 'watchdog' && said.restarts === 1);
    expect(atMs - stoppedMs).toBeLessThan(2_500);
    await untilDead(watchdog);
    run.order('abort stepped-down');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', by: 'claim', deathConfirmed: true });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1'] as const)('stays on guard after %s', async (signal) => {
    const run = start(worker('ignore-term'));
    const { pgid, watchdog } = await run.working();
    run.kill(watchdog, signal);
    run.kill(supervisorOf(run), 'SIGSTOP');
    await untilDead(pgid);
    run.kill(supervisorOf(run), 'SIGCONT');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', end: { signal: 'SIGKILL' } });
    expect(run.said.all.filter(({ type }) => type === 'watchdog')).toHaveLength(1);
  });

  it('survives what kills the groups of the work and of the supervisor', async () => {
    const run = start(worker('ignore-term'), { drainMs: 200 });
    const { pgid, watchdog } = await run.working();
    // The fixture leads a group of its own, as a shell's job does.
    run.kill(-supervisorOf(run), 'SIGKILL');
    await untilDead(pgid);
    await untilDead(watchdog);
  });

  it('that cannot be had: the work is not started', async () => {
    const run = start(worker(), { watchdog: join(suite.programs.folder, 'no-such-file.js') });
    expect(await outcomeOf(run)).toMatchObject({ kind: 'unguarded', exit: 75, deathConfirmed: true });
    expect(run.lines.all).toEqual([]);
  });

  it('that dies again and again: the work is ended', async () => {
    const run = start(worker(), { holdMs: 8_000 });
    await run.working();
    for (let restarts = 0; restarts < 5; restarts++) {
      const { pid } = await run.said.find((said) => said.type === 'watchdog' && said.restarts === restarts);
      run.kill(pid, 'SIGKILL');
    }
    expect(await outcomeOf(run)).toMatchObject({ kind: 'unguarded', end: { signal: 'SIGTERM' }, deathConfirmed: true });
  });
});

describe('everything paused', () => {
  it('past the deadline: on resume the work is killed at once, without a drain', async () => {
    const run = start(worker('ignore-term'));
    const { pgid, watchdog } = await run.working();
    for (const pid of [-pgid, supervisorOf(run), watchdog]) run.kill(pid, 'SIGSTOP');
    for (const pid of [pgid, supervisorOf(run), watchdog]) await untilStopped(pid);
    const seen = run.lines.all.length;
    const deadlineMs = run.lastDeadlineMs();
    await new Promise<void>((resolve) => sharedClock.timer(deadlineMs - sharedClock.monoMs() + 100, resolve));
    const resumedMs = sharedClock.monoMs();
    for (const pid of [-pgid, watchdog, supervisorOf(run)]) run.kill(pid, 'SIGCONT');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', end: { signal: 'SIGKILL' }, deathConfirmed: true });
    expect(run.lines.all.slice(seen).some(({ word }) => word === 'work-term')).toBe(false);
    expect(run.lastWriteMs() - resumedMs).toBeLessThan(LATE_MS);
  });
});

describe('work alone', () => {
  it('that is killed ends as if by itself', async () => {
    const run = start(worker(), { holdMs: 5_000 });
    const { pgid } = await run.working();
    run.kill(-pgid, 'SIGKILL');
    expect(await outcomeOf(run)).toMatchObject({
      kind: 'signalled',
      signal: 'SIGKILL',
      exit: 137,
      deathConfirmed: true,
    });
  });

  it('that is stopped and never continued is killed at the deadline', async () => {
    const run = start(worker('ignore-term'));
    const { pgid } = await run.working();
    run.order('silence');
    run.kill(-pgid, 'SIGSTOP');
    expect(await outcomeOf(run)).toMatchObject({ kind: 'lost', end: { signal: 'SIGKILL' }, deathConfirmed: true });
    expect((await run.event('stopped')).atMs).toBeLessThan(run.lastDeadlineMs());
  });
});
