/** The plan of a steal, from facts. Pure. */
import type { Plan, PlanFacts, PlanWarning, Prediction, WaitReason } from '../chaos/plan.js';
import { type Reaction, reactionOf, usualStopOf } from '../reactions.js';
import { durationSeconds, type GivenTiming, renewEvery, stopAssumptions, waitOf } from '../wait/plan-wait.js';

export interface StealIntent {
  id: string;
  holder: string;
  leaseDurationSeconds: number | null;
  /** Null: until interrupted. */
  holdMs: number | null;
  afterwards: 'free' | 'leave';
  allowOverlap: boolean;
  given: GivenTiming | null;
}

/** What `steal` will do. `facts.holder` empty: nobody holds it. */
export function planSteal(facts: PlanFacts, intent: StealIntent): Plan {
  const reaction = reactionOf(facts.family);
  const held = facts.holder !== '';
  const full = waitOf(facts, intent.given);
  // Silence that was watched counts: the stop wait runs from the last sign of life.
  const silentMs = facts.expiredForMs ?? 0;
  const leftMs = held ? Math.max(0, full.forMs - silentMs) : 0;
  const because: WaitReason = held ? full.because : { code: 'nobody-to-stop' };
  const seconds = intent.leaseDurationSeconds ?? durationSeconds(leftMs, facts.leaseDurationMs);
  const renewEveryMs = Math.max(100, Math.min(renewEvery(facts), (seconds * 1000) / 5));
  const warnings = stealWarnings(facts, reaction, intent, leftMs, seconds);
  // Whoever was silent for a whole leaseDuration has usually given up: a renewDeadline is less.
  const stopped = !held || facts.expiredForMs !== null;
  const prediction: Prediction = {
    leaderless: { leastMs: Math.max(leftMs, intent.holdMs ?? 0), mostMs: null },
    possibleOverlapMs: leftMs,
    returns: null,
    usualStop: stopped ? { leastMs: 0, mostMs: 0 } : usualStopOf(reaction, facts),
    afterKillMs: seconds * 1000 + (reaction.pollTenths * facts.renewPeriodMs) / 5,
    wouldFool: [],
  };
  return {
    verb: 'steal',
    way: null,
    lease: facts.lease,
    from: held ? facts.holder : null,
    to: intent.holder,
    facts,
    steps: [
      { step: 'take', holder: intent.holder, leaseDurationSeconds: seconds, renewEveryMs },
      ...(leftMs > 0
        ? [
            {
              step: 'stop-wait',
              forMs: leftMs,
              because,
              silentMs,
              shortenedByNotice: false,
              shortenedByPod: false,
            } as const,
          ]
        : []),
      { step: 'hold', forMs: intent.holdMs, atLeastMs: intent.allowOverlap ? 0 : leftMs },
      { step: intent.afterwards },
    ],
    stopWaitMs: leftMs,
    renewEveryMs,
    prediction,
    assumes: held ? stopAssumptions(facts, reaction, intent.given) : [],
    warnings,
  };
}

function stealWarnings(
  facts: PlanFacts,
  reaction: Reaction,
  intent: StealIntent,
  stopMs: number,
  seconds: number,
): PlanWarning[] {
  const found: PlanWarning[] = [];
  if (facts.family === 'unknown' && facts.holder !== '') found.push({ code: 'family-unknown' });
  if (seconds * 1000 < stopMs) {
    found.push({ code: 'duration-below-stop-wait', durationMs: seconds * 1000, stopWaitMs: stopMs });
  }
  if (intent.allowOverlap && intent.holdMs !== null && intent.holdMs < stopMs) {
    found.push({ code: 'overlap-allowed', ms: stopMs - intent.holdMs });
  }
  if (!reaction.compareAndSwap) found.push({ code: 'no-compare-and-swap', family: reaction.family });
  if (reaction.duration === 'own') found.push({ code: 'kill-unsafe-own-duration', family: reaction.family });
  return found;
}
