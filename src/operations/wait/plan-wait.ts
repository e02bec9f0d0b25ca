/** What all plans share: how long the incumbent must be waited for, and what that rests on. Pure. */
import { stopWaitMs } from '../../lease/timing.js';
import type { Assumption, PlanFacts, WaitReason } from '../chaos/plan.js';
import type { Reaction } from '../reactions.js';

/** The incumbent's own timings, as its operator gave them. */
export interface GivenTiming {
  renewDeadlineMs: number;
  retryPeriodMs: number;
  answerDelayMs?: number | undefined;
}

const MOST_LEASE_SECONDS = 2 ** 31 - 1;

/** The stop wait and why it is so long (STEP-DOWN, release 3). */
export function waitOf(facts: PlanFacts, given: GivenTiming | null): { forMs: number; because: WaitReason } {
  const { leaseDurationMs, renewPeriodMs } = facts;
  if (!given) {
    const because: WaitReason = { code: 'lease-and-two-periods', leaseDurationMs, renewPeriodMs };
    return { forMs: stopWaitMs({ leaseDurationMs, renewPeriodMs }), because };
  }
  const { renewDeadlineMs, retryPeriodMs, answerDelayMs } = given;
  const timing = { leaseDurationMs, renewDeadlineMs, retryPeriodMs };
  const forMs = stopWaitMs(answerDelayMs === undefined ? timing : { ...timing, answerDelayMs });
  const delay = forMs - renewDeadlineMs - retryPeriodMs;
  return { forMs, because: { code: 'given-deadline', renewDeadlineMs, retryPeriodMs, answerDelayMs: delay } };
}

/** A kle killed during it must not be outlived by less than the stop wait, so the Lease says all of it. */
export const durationSeconds = (forMs: number, leaseDurationMs: number): number =>
  Math.min(Math.ceil(Math.max(forMs, leaseDurationMs) / 1000), MOST_LEASE_SECONDS);

export const renewEvery = ({ leaseDurationMs, renewPeriodMs }: PlanFacts): number =>
  Math.max(100, Math.min(renewPeriodMs, leaseDurationMs / 5));

export const defaultWaitMs = (leaseDurationMs: number): number => 2 * leaseDurationMs + 5_000;

/** What a stop wait rests on, for any elector. */
export function stopAssumptions(facts: PlanFacts, reaction: Reaction, given: GivenTiming | null): Assumption[] {
  const ms = given ? waitOf(facts, given).forMs - given.renewDeadlineMs - given.retryPeriodMs : null;
  const found: Assumption[] = [
    ...(given ? [] : [{ code: 'deadline-below-duration', leaseDurationMs: facts.leaseDurationMs } as const]),
    { code: 'answers-within', ms },
    { code: 'work-ends-with-elector', ms },
    { code: 'not-paused' },
    { code: 'notice-is-honest' },
  ];
  if (!reaction.compareAndSwap) found.push({ code: 'reaches-the-api', family: reaction.family });
  else found.push({ code: 'writers-compare-and-swap' });
  return found;
}
