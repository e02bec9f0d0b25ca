/** Work that outlives KILL, as a process does that the kernel holds fast: no machine makes one on demand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sharedClock } from '../platform/shared-clock.js';
import type { Child, ProcessEnd } from './child.js';
import { supervise } from './supervisor.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kle-unconfirmed-'));
  // It must not signal the number that this test made up.
  writeFileSync(join(folder, 'stub.cjs'), 'process.stdin.resume(); process.stdout.write("ready\\n");');
});
afterAll(() => rmSync(folder, { recursive: true }));

it('work whose death is not confirmed has an outcome, but counts as stopped only when it is dead', async () => {
  let alive = true;
  const claim = new AbortController();
  const child: Child = {
    group: { pgid: 2 ** 30, leaderStart: undefined },
    ended: new Promise<ProcessEnd>(() => {}),
    signalGroup: () => true,
    groupAlive: () => alive,
    terminate: async () => ({ confirmed: false }),
  };
  const work = supervise({
    clock: sharedClock,
    claim: { deadlineMs: () => sharedClock.monoMs() + 60_000, signal: claim.signal, drainMs: 100 },
    command: ['stuck'],
    env: {},
    watchdogScript: join(folder, 'stub.cjs'),
    start: async () => ({ ok: true, child }),
    onEvent: ({ type }) => type === 'started' && claim.abort('holder-changed'),
  });
  let stopped = false;
  void work.workStopped.then(() => {
    stopped = true;
  });
  expect(await work.outcome).toEqual({
    kind: 'lost',
    by: 'claim',
    reason: 'holder-changed',
    deathConfirmed: false,
    leftBehind: false,
  });
  await new Promise(setImmediate);
  expect(stopped).toBe(false);
  alive = false;
  await work.workStopped;
});
