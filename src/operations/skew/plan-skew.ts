/** The plan of a skew, from facts: what is shifted, and whom that would fool. Pure. */
import type { Plan, PlanFacts, PlanStep } from '../chaos/plan.js';
import { fooledByDuration, fooledByTime, reactionOf, usualStopOf } from '../reactions.js';
import { waitOf } from '../wait/plan-wait.js';

export interface SkewIntent {
  shift: { renewTimeMs: number } | { leaseDurationSeconds: number };
  /** Null: one renewal only. */
  holdMs: number | null;
}

/** What `skew` will do, and whom it would fool. */
export function planSkew(facts: PlanFacts, intent: SkewIntent): Plan {
  const reaction = reactionOf(facts.family);
  const { shift } = intent;
  const follow = intent.holdMs !== null;
  // One shift stands until the holder's next renewal, or until it is late.
  const forMs = intent.holdMs ?? facts.renewPeriodMs + 1_000;
  const inTime = 'renewTimeMs' in shift;
  const fooled = inTime
    ? fooledByTime(shift.renewTimeMs, facts)
    : fooledByDuration(shift.leaseDurationSeconds * 1000, facts);
  const takes = fooled.some((one) => one.why === 'looks-expired' || one.why === 'expires-between-renewals');
  const step: PlanStep = inTime
    ? { step: 'shift-time', byMs: shift.renewTimeMs, follow, forMs }
    : { step: 'shift-duration', leaseDurationSeconds: shift.leaseDurationSeconds, follow, forMs };
  return {
    verb: 'skew',
    way: null,
    lease: facts.lease,
    from: facts.holder,
    to: null,
    facts,
    steps: [step, { step: 'put-back' }],
    stopWaitMs: waitOf(facts, null).forMs,
    renewEveryMs: facts.renewPeriodMs,
    prediction: {
      leaderless: { leastMs: 0, mostMs: 0 },
      // Whoever is fooled takes a Lease whose holder may work on until it must have stopped.
      possibleOverlapMs: takes ? waitOf(facts, null).forMs : 0,
      returns: null,
      usualStop: usualStopOf(reaction, facts),
      afterKillMs: null,
      wouldFool: fooled,
    },
    assumes: [{ code: 'writers-compare-and-swap' }],
    warnings: facts.family === 'unknown' ? [{ code: 'family-unknown' }] : [],
  };
}
