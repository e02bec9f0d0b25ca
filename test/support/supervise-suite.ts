/** What the suites with real supervisors share: programs built once, runs ended, and nothing left behind after a test. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { KILL_MARGIN_MS } from '../../src/supervise/deadline.js';
import { buildPrograms, type FixtureOptions, type Programs, Run } from './supervise-run.js';

export interface Suite {
  readonly programs: Programs;
  start(command: readonly string[], options?: Partial<FixtureOptions>): Run;
  /** The command line of a worker. */
  worker(...words: string[]): string[];
}

export function superviseSuite(): Suite {
  let programs: Programs | undefined;
  let runs: Run[] = [];
  beforeAll(() => {
    programs = buildPrograms();
  });
  afterAll(() => programs?.remove());
  afterEach(() => {
    const left = runs.flatMap((run) => run.alive());
    for (const run of runs) run.destroy();
    runs = [];
    expect(left, 'processes left behind').toEqual([]);
  });
  const built = () => {
    if (!programs) throw new Error('the programs are built before the first test');
    return programs;
  };
  return {
    get programs() {
      return built();
    },
    start: (command, options = {}) => {
      const run = new Run(built(), options, command);
      runs.push(run);
      return run;
    },
    worker: (...words) => [process.execPath, built().worker, ...words],
  };
}

export async function outcomeOf(run: Run) {
  const { outcome } = await run.event('outcome');
  return { ...outcome, exit: (await run.exited).code };
}

/** When a worker wrote to its file, ms of the shared clock. */
export function writesIn(file: string): number[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return text.split('\n').map((line) => Number(line.split(' ')[1]) / 1e6);
}

/** KILL is due this long before the deadline; from there 50 ms are promised, and a loaded machine gets some more. */
export const killAtMs = (deadlineMs: number): number => deadlineMs - KILL_MARGIN_MS;
export const LATE_MS = 200;
