/** What differs between two versions of a Lease, and which of its problems are news. */
import type { LeaseRecord, Problem } from '../../lease/record.js';

/** The members of spec that were added, removed or given another value, sorted. */
export function changedFields(before: LeaseRecord, after: LeaseRecord): string[] {
  const [was, is] = [before.raw.spec ?? {}, after.raw.spec ?? {}];
  const names = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...names].filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name])).sort();
}

/** A problem that comes and goes, as of a clock just at the limit, is told again only after so long without it. */
const TOLD_AGAIN_AFTER_MS = 60_000;

/** The problems of one Lease that have been told. */
export class ProblemMemory {
  /** When each was last there. */
  readonly #seenMs = new Map<string, number>();

  /** Takes in the problems of one version and returns those that were not there before. */
  news(problems: readonly Problem[], atMs: number): Problem[] {
    const fresh = problems.filter((problem) => {
      const seenMs = this.#seenMs.get(keyOf(problem));
      return seenMs === undefined || atMs - seenMs > TOLD_AGAIN_AFTER_MS;
    });
    for (const problem of problems) this.#seenMs.set(keyOf(problem), atMs);
    return fresh;
  }
}

const keyOf = (problem: Problem): string => ('field' in problem ? `${problem.code} ${problem.field}` : problem.code);
