/** The plan of a release, from facts. Pure. */
import type { Assumption, Plan, PlanFacts, PlanStep, PlanWarning, Prediction, WaitReason } from '../chaos/plan.js';
import { pickupOf, type Reaction, raceOf, reactionOf, type Span, usualStopOf } from '../reactions.js';
import {
  defaultWaitMs,
  durationSeconds,
  type GivenTiming,
  renewEvery,
  stopAssumptions,
  waitOf,
} from '../wait/plan-wait.js';

/** How many other candidates are in sight; null: nobody can tell from here. */
export type CandidateCount = number | null;

export interface ReleaseIntent {
  id: string;
  way: 'fence' | 'evict' | 'prefer' | 'clear';
  to: string | null;
  given: GivenTiming | null;
  /** `--wait`; null: 2 × L + 5 s. */
  waitMs: number | null;
  candidates: CandidateCount;
  pod: { name: string; uid: string } | null;
}

/** What `release` will do to this holder. */
export function planRelease(facts: PlanFacts, intent: ReleaseIntent): Plan {
  const reaction = reactionOf(facts.family);
  const wait = waitOf(facts, intent.given);
  const waitMs = intent.waitMs ?? defaultWaitMs(facts.leaseDurationMs);
  return {
    verb: 'release',
    way: intent.way,
    lease: facts.lease,
    from: facts.holder,
    to: intent.to,
    facts,
    steps: releaseSteps(facts, intent, wait, waitMs),
    stopWaitMs: intent.way === 'fence' ? wait.forMs : 0,
    renewEveryMs: renewEvery(facts),
    prediction: predictRelease(facts, reaction, intent, wait.forMs),
    assumes: releaseAssumptions(facts, reaction, intent),
    warnings: releaseWarnings(facts, reaction, intent),
  };
}

function releaseSteps(
  facts: PlanFacts,
  intent: ReleaseIntent,
  wait: { forMs: number; because: WaitReason },
  waitMs: number,
): PlanStep[] {
  const verify: PlanStep = { step: 'verify', forMs: waitMs };
  const { to, pod } = intent;
  if (intent.way === 'clear') return [{ step: 'clear' }, verify];
  if (intent.way === 'evict') return pod ? [{ step: 'evict', pod: pod.name, uid: pod.uid }, verify] : [verify];
  if (intent.way === 'prefer') return [{ step: 'prefer', to: to ?? '' }, verify];
  const seconds = durationSeconds(wait.forMs, facts.leaseDurationMs);
  const oldSeconds = Math.round(facts.leaseDurationMs / 1000);
  const takeBackAfterMs = 2 * facts.leaseDurationMs;
  return [
    {
      step: 'fence',
      holder: `kle/${intent.id}`,
      leaseDurationSeconds: seconds,
      renewEveryMs: renewEvery(facts),
    },
    { step: 'stop-wait', ...wait, silentMs: 0, shortenedByNotice: true, shortenedByPod: pod !== null },
    to === null ? { step: 'free' } : { step: 'hand-over', to, leaseDurationSeconds: oldSeconds, takeBackAfterMs },
    verify,
  ];
}

function predictRelease(facts: PlanFacts, reaction: Reaction, intent: ReleaseIntent, forMs: number): Prediction {
  const usualStop = usualStopOf(reaction, facts);
  const base = { returns: null, usualStop, wouldFool: [], afterKillMs: null };
  if (intent.way === 'clear') {
    // Whoever polls first; where the old leader has it back at once, nobody notices.
    const { mostMs } = pickupOf(reaction, facts, false, facts.leaseDurationMs);
    // A guess at the family shortens no bound, and only a likely one says that nobody wins while the leader works.
    const waits = reaction.emptied === 'own-duration' || reaction.emptied === 'ignored';
    const excluded = waits && facts.confidence === 'likely';
    return {
      ...base,
      leaderless: { leastMs: 0, mostMs },
      possibleOverlapMs: excluded ? 0 : forMs,
      returns: reaction.returnsAfterClear,
    };
  }
  const pickup = pickupOf(reaction, facts, intent.to !== null);
  if (intent.way !== 'fence') {
    const whole: Span = { leastMs: 0, mostMs: forMs + (pickup.mostMs ?? 0) };
    return { ...base, leaderless: whole, possibleOverlapMs: 0 };
  }
  // kle's own leaders say when they have stopped.
  const least = reaction.deposed === 'watch' ? 0 : forMs;
  const leaderless = { leastMs: least + pickup.leastMs, mostMs: pickup.mostMs === null ? null : forMs + pickup.mostMs };
  const pollMs = (reaction.pollTenths * facts.renewPeriodMs) / 10;
  const fenceMs = durationSeconds(forMs, facts.leaseDurationMs) * 1000;
  const afterKillMs = (reaction.duration === 'own' ? facts.leaseDurationMs : fenceMs) + 2 * pollMs;
  const possibleOverlapMs = intent.to === null ? raceOf(reaction, facts) : 0;
  return { ...base, leaderless, possibleOverlapMs, afterKillMs };
}

function releaseAssumptions(facts: PlanFacts, reaction: Reaction, intent: ReleaseIntent): Assumption[] {
  const work: Assumption = { code: 'work-begins-with-own-write' };
  if (intent.way === 'evict' || intent.way === 'prefer') {
    return [{ code: 'releases-after-its-work' }, { code: 'not-paused' }, work];
  }
  return [...stopAssumptions(facts, reaction, intent.given), work];
}

function releaseWarnings(facts: PlanFacts, reaction: Reaction, intent: ReleaseIntent): PlanWarning[] {
  const found: PlanWarning[] = [];
  if (facts.family === 'unknown') found.push({ code: 'family-unknown' });
  if (intent.to === null && intent.candidates === 0) found.push({ code: 'no-other-candidate' });
  else if (intent.to === null && intent.candidates === null) found.push({ code: 'candidates-unknown' });
  const { emptied } = reaction;
  if (intent.to === null && intent.way !== 'evict' && (emptied === 'own-duration' || emptied === 'ignored')) {
    const waitMs = emptied === 'own-duration' ? facts.leaseDurationMs : null;
    found.push({ code: 'ignores-empty-holder', family: reaction.family, waitMs });
  }
  if (intent.way === 'prefer') found.push({ code: 'coordinator-decides' });
  if (!reaction.compareAndSwap) found.push({ code: 'no-compare-and-swap', family: reaction.family });
  if (intent.way === 'fence' && intent.to === null && reaction.afterFence === 'candidate') {
    found.push({ code: 'old-leader-contends', family: reaction.family });
  }
  if (intent.way === 'fence' && reaction.duration === 'own') {
    found.push({ code: 'kill-unsafe-own-duration', family: reaction.family });
  }
  return found;
}
