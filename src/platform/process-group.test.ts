import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { groupAlive, groupLedBy, isZombie, parseStat, signalGroup } from './process-group.js';

const stat = (name: string, state = 'S', threads = 1) =>
  `4242 (${name}) ${state} 1 4242 4241 0 -1 4194304 107 0 0 0 0 0 0 0 20 0 ${threads} 0 86497 5300224 220 18446744073709551615 1 1`;

describe('parseStat', () => {
  it.each(['node', 'a b', 'x) S 1 1 1', 'line\nend', ''])('reads past the name %j', (name) => {
    expect(parseStat(stat(name))).toEqual({
      pid: 4242,
      state: 'S',
      pgid: 4242,
      session: 4241,
      threads: 1,
      start: 86497,
    });
  });

  it.each(['', '4242', '4242 (node', '4242 (node) S 1', 'x (node) S 1 2 3'])('refuses %j', (text) => {
    expect(parseStat(text)).toBeUndefined();
  });

  it('takes a process whose first thread has ended for alive while others work', () => {
    const zombie = (threads: number) => {
      const parsed = parseStat(stat('x', 'Z', threads));
      return parsed && isZombie(parsed);
    };
    expect([zombie(1), zombie(3)]).toEqual([true, false]);
  });
});

describe.runIf(process.platform === 'linux')('a process group', () => {
  async function started(...args: string[]) {
    const child = spawn('sh', ['-c', ...args], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    const group = groupLedBy(child.pid ?? 0);
    const exited = once(child, 'exit');
    return { child, group, exited };
  }

  it('is alive until its last process has ended, whether or not its leader has', async () => {
    const { child, group, exited } = await started('sleep 60 & echo there');
    await once(child.stdout, 'data');
    await exited;
    expect(groupAlive(group)).toBe(true);
    const ended = once(child, 'close');
    expect(signalGroup(group, 'SIGKILL')).toBe(true);
    await ended;
    while (groupAlive(group)) await new Promise(setImmediate);
  });

  it('is dead when only a zombie is left of it', async () => {
    // The leader starts another session's leader, which ends and is reaped by nobody.
    const script =
      'const c = require("child_process").spawn("true", { detached: true, stdio: "ignore" });' +
      'console.log(c.pid); for (const end = Date.now() + 60000; Date.now() < end; );';
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)));
    const group = { pgid: pid, leaderStart: undefined };
    while (groupAlive(group)) await new Promise(setImmediate);
    // The number is still there to be signalled: only /proc tells.
    expect(() => process.kill(-pid, 0)).not.toThrow();
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  });

  it('is not the group of a stranger that got its number', async () => {
    const { group, exited } = await started('exec sleep 60');
    expect(groupAlive(group)).toBe(true);
    expect(groupAlive({ ...group, leaderStart: (group.leaderStart ?? 0) + 1 })).toBe(false);
    signalGroup(group, 'SIGKILL');
    await exited;
  });

  it.each([0, 1, -1, Number.NaN, 1.5])('is never %d', (pgid) => {
    expect(() => signalGroup({ pgid, leaderStart: undefined }, 'SIGTERM')).toThrow(RangeError);
    expect(() => groupAlive({ pgid, leaderStart: undefined })).toThrow(RangeError);
  });
});
