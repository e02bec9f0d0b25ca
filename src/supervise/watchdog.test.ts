/** The watchdog by hand-moved clocks: what no real machine of a test does on demand, as suspend and used-up numbers. */
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.js';
import { BOOT_LOOK_MS, TERM_LAG_MS, Watchdog } from './watchdog.js';
import { fromWatchdog, lineSplitter, type ToWatchdog, toLine, toWatchdog } from './watchdog-messages.js';

const GROUP = { pgid: 4_242, leaderStart: 77 };

function watchdog() {
  const clock = new FakeClock();
  const log: string[] = [];
  const world = { alive: true, mark: '' };
  let onText = (_: string) => {};
  let onGone = () => {};
  new Watchdog({
    clock,
    parent: {
      onText: (fn) => {
        onText = fn;
      },
      onGone: (fn) => {
        onGone = fn;
      },
      write: (text) => log.push(`says ${text.trim()}`),
    },
    signalGroup: (group, signal) => {
      expect(group).toEqual(GROUP);
      log.push(signal);
      return true;
    },
    groupAlive: () => world.alive,
    findGroup: (mark) => (mark === world.mark ? GROUP : undefined),
    exit: (code) => log.push(`exit ${code}`),
  });
  const tell = (...messages: ToWatchdog[]) => {
    for (const message of messages) onText(toLine(message));
  };
  /** TERM after 2 s, KILL after 3 s. */
  const claim = (serial = 1): ToWatchdog => ({
    type: 'claim',
    serial,
    deadline: { monoMs: clock.monoMs() + 3_250, bootMs: clock.bootMs() + 3_250 },
    drainMs: 1_000,
  });
  const signals = () => log.filter((entry) => entry.startsWith('SIG'));
  return { clock, log, world, tell, claim, signals, gone: () => onGone() };
}

const group: ToWatchdog = { type: 'group', group: GROUP };

describe('watchdog', () => {
  it('says when it is on guard, acknowledges claims, and announces what it sends', () => {
    const { clock, log, tell, claim } = watchdog();
    tell(claim(), group);
    clock.advance(2_000 + TERM_LAG_MS - 1);
    expect(log).toEqual(['says ready', 'says receipt 1']);
    clock.advance(1);
    expect(log.slice(2)).toEqual(['says ending SIGTERM', 'SIGTERM', 'SIGCONT']);
    clock.advance(1_000 - TERM_LAG_MS);
    expect(log.slice(5, 7)).toEqual(['says ending SIGKILL', 'SIGKILL']);
  });

  it('stays quiet while claims arrive', () => {
    const { clock, tell, claim, signals } = watchdog();
    tell(claim(), group);
    for (let serial = 2; serial < 20; serial++) {
      clock.advance(1_900);
      tell(claim(serial));
    }
    expect(signals()).toEqual([]);
  });

  it('notices within 50 ms of resume that the machine slept past the deadline, and kills without TERM', () => {
    const { clock, tell, claim, signals } = watchdog();
    tell(claim(), group);
    clock.advance(500);
    clock.suspend(60_000);
    clock.advance(50);
    expect(signals()[0]).toBe('SIGKILL');
    expect(signals()).not.toContain('SIGTERM');
  });

  it('goes on after a sleep that was short enough', () => {
    const { clock, tell, claim, signals } = watchdog();
    tell(claim(), group);
    clock.suspend(1_000);
    clock.advance(1_000 + TERM_LAG_MS - 1);
    expect(signals()).toEqual([]);
    clock.advance(1);
    expect(signals()).toEqual(['SIGTERM', 'SIGCONT']);
  });

  it('signals nobody once the group was seen dead, though its number lives again', () => {
    const { clock, log, world, tell, claim, gone, signals } = watchdog();
    tell(claim(), group);
    world.alive = false;
    clock.advance(4_000);
    world.alive = true;
    clock.advance(60_000);
    gone();
    expect(signals()).toEqual([]);
    expect(log.at(-1)).toBe('exit 0');
  });

  it('signals nobody once it was told that the group is gone', () => {
    const { clock, log, tell, claim, gone, signals } = watchdog();
    tell(claim(), group, { type: 'gone' });
    clock.advance(60_000);
    gone();
    expect(signals()).toEqual([]);
    expect(log.at(-1)).toBe('exit 0');
  });

  it('asks the work to end when its supervisor is gone, kills it after the drain, and leaves when it is dead', () => {
    const { clock, log, world, tell, claim, gone, signals } = watchdog();
    tell(claim(), group);
    gone();
    expect(signals()).toEqual(['SIGTERM', 'SIGCONT']);
    clock.advance(999);
    expect(signals()).toHaveLength(2);
    clock.advance(1);
    expect(signals()[2]).toBe('SIGKILL');
    expect(log).not.toContain('exit 0');
    world.alive = false;
    clock.advance(10);
    expect(log.at(-1)).toBe('exit 0');
    expect(clock.timers).toBe(0);
  });

  it('kills when the deadline comes before the end of that drain', () => {
    const { clock, tell, claim, gone, signals } = watchdog();
    tell(claim(), group);
    clock.advance(1_950);
    clock.suspend(500);
    gone();
    expect(signals()).toEqual(['SIGTERM', 'SIGCONT']);
    clock.advance(549);
    expect(signals()).toHaveLength(2);
    clock.advance(1);
    expect(signals()[2]).toBe('SIGKILL');
  });

  it('takes over from one that died: no second TERM, KILL when it was due', () => {
    const { clock, tell, claim, signals } = watchdog();
    const now = { monoMs: clock.monoMs() + 300, bootMs: clock.bootMs() + 300 };
    tell(claim(), { type: 'stopping', killAt: now }, group);
    clock.advance(299);
    expect(signals()).toEqual([]);
    clock.advance(1);
    expect(signals()).toEqual(['SIGKILL']);
  });

  it('kills at once what was due before it came', () => {
    const { clock, tell, claim, signals } = watchdog();
    const stopping: ToWatchdog = { type: 'stopping', killAt: { monoMs: clock.monoMs() - 1, bootMs: clock.bootMs() } };
    tell(claim(), stopping, group);
    expect(signals()[0]).toBe('SIGKILL');
  });

  it('finds the group of a command whose supervisor went while it was being started', () => {
    const { clock, log, world, tell, claim, gone, signals } = watchdog();
    tell(claim(), { type: 'starting', mark: 'm1' });
    gone();
    clock.advance(100);
    expect([signals(), log.includes('exit 0')]).toEqual([[], false]);
    world.mark = 'm1';
    clock.advance(40);
    expect(signals()).toEqual(['SIGTERM', 'SIGCONT']);
    world.alive = false;
    clock.advance(2_000);
    expect(log.at(-1)).toBe('exit 0');
  });

  it('looks for it no longer than two seconds, and at once leaves when there was none to be', () => {
    const started = watchdog();
    started.tell(started.claim(), { type: 'starting', mark: 'm1' });
    started.gone();
    started.clock.advance(2_100);
    expect(started.log.at(-1)).toBe('exit 0');
    const idle = watchdog();
    idle.tell(idle.claim());
    idle.gone();
    expect(idle.log.at(-1)).toBe('exit 0');
  });

  it('finds it too when the supervisor only stands still, once its time has come', () => {
    const { clock, world, tell, claim, signals } = watchdog();
    tell(claim(), { type: 'starting', mark: 'm1' });
    world.mark = 'm1';
    clock.advance(2_000 + TERM_LAG_MS - 1);
    expect(signals()).toEqual([]);
    clock.advance(BOOT_LOOK_MS);
    expect(signals()).toEqual(['SIGTERM', 'SIGCONT']);
    clock.advance(1_000);
    expect(signals()[2]).toBe('SIGKILL');
  });

  it('ignores what it does not understand', () => {
    const { clock, tell, claim, signals } = watchdog();
    tell(claim(), group);
    expect(['', 'group 1 5', 'group 0 5', 'group x', 'claim 1 2', 'stopping', 'what'].map(toWatchdog)).toEqual(
      Array(7).fill(undefined),
    );
    clock.advance(1_000);
    expect(signals()).toEqual([]);
  });
});

describe('messages', () => {
  it.each<ToWatchdog>([
    { type: 'claim', serial: 3, deadline: { monoMs: 1.25, bootMs: 9_999_999.5 }, drainMs: 0 },
    { type: 'group', group: { pgid: 7, leaderStart: undefined } },
    { type: 'group', group: GROUP },
    { type: 'stopping', killAt: { monoMs: -1, bootMs: 2 } },
    { type: 'starting', mark: '12-34' },
    { type: 'gone' },
  ])('arrive as sent: $type', (message) => {
    const heard: unknown[] = [];
    const split = lineSplitter((line) => heard.push(toWatchdog(line)));
    for (const letter of toLine(message)) split(letter);
    expect(heard).toEqual([message]);
  });

  it('come back as sent', () => {
    for (const message of [
      { type: 'ready' },
      { type: 'receipt', serial: 4 },
      { type: 'ending', signal: 'SIGKILL' },
    ] as const) {
      expect(fromWatchdog(toLine(message).trim())).toEqual(message);
    }
    expect(['ending SIGINT', '', 'hello'].map(fromWatchdog)).toEqual([undefined, undefined, undefined]);
  });
});
