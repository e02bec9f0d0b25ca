/** Runs schedules one after the other. `node scripts/simulate.mjs --trace SEED` shows one of them event by event. */
import { drawSchedule } from './schedule.js';
import { type Result, Simulation, type Variant } from './simulation.js';

export { drawSchedule };

export function runSeed(seed: number, variant: Variant = {}, trace: string[] | null = null): Result {
  return new Simulation(drawSchedule(seed), variant, trace).run();
}

export interface Summary {
  schedules: number;
  failed: Result[];
  terms: number;
  steps: number;
  virtualMs: number;
}

/** `first` to `first + count − 1`; ends early once `enough` of them failed. */
export function runMany(first: number, count: number, variant: Variant = {}, enough = 5): Summary {
  const summary: Summary = { schedules: 0, failed: [], terms: 0, steps: 0, virtualMs: 0 };
  for (let seed = first; seed < first + count && summary.failed.length < enough; seed++) {
    const result = runSeed(seed, variant);
    summary.schedules++;
    summary.terms += result.terms;
    summary.steps += result.steps;
    summary.virtualMs += result.virtualMs;
    if (result.violations.length > 0) summary.failed.push(result);
  }
  return summary;
}
