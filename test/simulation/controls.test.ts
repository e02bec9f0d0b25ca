import { describe, expect, it } from 'vitest';
import { CONTROLS } from './controls.js';
import { runSeed } from './run.js';

describe('the simulation catches an elector with', () => {
  it.each(CONTROLS)('$name', { timeout: 120_000 }, ({ breaks, within, variant }) => {
    let broken: string | undefined;
    for (let seed = 1; seed <= within && !broken; seed++) {
      broken = runSeed(seed, variant).violations.find((one) => breaks.some((promise) => one.startsWith(`${promise} `)));
    }
    expect(broken).toBeDefined();
  });

  it('is the same each time for the same seed', () => {
    const [first, second]: string[][] = [[], []];
    runSeed(42, {}, first);
    runSeed(42, {}, second);
    expect(first).toEqual(second);
    expect(first?.length).toBeGreaterThan(50);
  });
});
