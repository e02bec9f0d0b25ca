import { expect, it } from 'vitest';
import { FakeClock, settled } from '../../../test/support/fake-clock.js';
import { keepFresh } from './keep-fresh.js';

it('looks a credential up when it is due, again when that failed, and no more when it was stopped', async () => {
  const clock = new FakeClock();
  let dueAtMs: number | null = null;
  const renewedAt: number[] = [];
  const begin = clock.monoMs();
  const stop = keepFresh(
    {
      dueInMs: () => dueAtMs && dueAtMs - clock.monoMs(),
      renew: async () => {
        renewedAt.push(clock.monoMs() - begin);
        if (renewedAt.length === 1) throw new Error('the plugin failed');
        dueAtMs = clock.monoMs() + 5_000;
      },
    },
    clock,
  );
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settled();
  };
  // Nobody has asked for it yet.
  await pass(30_000);
  dueAtMs = begin + 41_000;
  await pass(10_999);
  expect(renewedAt).toEqual([]);
  await pass(1);
  expect(renewedAt).toEqual([41_000]);
  await pass(2_000);
  await pass(2_000);
  await pass(3_000);
  expect(renewedAt).toEqual([41_000, 43_000, 48_000]);
  stop();
  await pass(60_000);
  expect(renewedAt).toHaveLength(3);
  expect(clock.timers).toBe(0);
});
