/** Runs a part of the ten thousand schedules of `npm test`. Two files do, so that two cores work. */
import { expect, it } from 'vitest';
import { runMany } from './run.js';

const PER_TEST = 500;
const LIMIT_MS = 120_000;

export function keepsEveryPromise(firstSeed: number, schedules: number): void {
  for (let seed = firstSeed; seed < firstSeed + schedules; seed += PER_TEST) {
    it(`in the schedules ${seed} to ${seed + PER_TEST - 1}`, { timeout: LIMIT_MS }, () => {
      const { failed } = runMany(seed, PER_TEST);
      const shown = failed.map((one) => `${one.violations[0]} (node scripts/simulate.mjs --trace ${one.seed})`);
      expect(shown).toEqual([]);
    });
  }
}
