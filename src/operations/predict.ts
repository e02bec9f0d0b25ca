/** Plans from facts: pure. `--dry-run` prints what is made here. */
import { stopWaitMs } from '../lease/timing.js';
import type { Assumption, Plan, PlanFacts, PlanStep, PlanWarning, Prediction, WaitReason } from './plan.js';
import {
  fooledByDuration,
  fooledByTime,
  pickupOf,
  type Reaction,
  reactionOf,
  type Span,
  usualStopOf,
} from './reactions.js';

/** The incumbent's own timings, as its operator gave them. */
export interface GivenTiming {
  renewDeadlineMs: number;
  retryPeriodMs: number;
  answerDelayMs?: number | undefined;
}

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
    { step: 'stop-wait', ...wait, shortenedByNotice: true, shortenedByPod: pod !== null },
    to === null ? { step: 'free' } : { step: 'hand-over', to, leaseDurationSeconds: oldSeconds, takeBackAfterMs },
    verify,
  ];
}

function predictRelease(facts: PlanFacts, reaction: Reaction, intent: ReleaseIntent, forMs: number): Prediction {
  const usualStop = usualStopOf(reaction, facts);
  const pickup = pickupOf(reaction, facts, intent.to !== null);
  const base = { returns: null, usualStop, wouldFool: [], afterKillMs: null };
  if (intent.way === 'clear') {
    // Whoever polls first; where the old leader has it back at once, nobody notices.
    const most =
      reaction.family === 'kube-leader-election' ? facts.leaseDurationMs + facts.renewPeriodMs : pickup.mostMs;
    const overlaps = reaction.emptied === 'next-poll';
    return {
      ...base,
      leaderless: { leastMs: 0, mostMs: most },
      possibleOverlapMs: overlaps ? forMs : 0,
      returns: reaction.returnsAfterClear,
    };
  }
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
  return { ...base, leaderless, possibleOverlapMs: 0, afterKillMs };
}

/** What a stop wait rests on, for any elector. */
function stopAssumptions(facts: PlanFacts, reaction: Reaction, given: GivenTiming | null): Assumption[] {
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
  if (intent.to === null && intent.way !== 'evict' && reaction.emptied !== 'next-poll') {
    const waitMs = reaction.emptied === 'own-duration' ? facts.leaseDurationMs : null;
    found.push({ code: 'ignores-empty-holder', family: reaction.family, waitMs });
  }
  if (!reaction.compareAndSwap) found.push({ code: 'no-compare-and-swap', family: reaction.family });
  if (intent.way === 'fence' && reaction.duration === 'own') {
    found.push({ code: 'kill-unsafe-own-duration', family: reaction.family });
  }
  return found;
}

export interface StealIntent {
  id: string;
  holder: string;
  leaseDurationSeconds: number | null;
  /** Null: until interrupted. */
  holdMs: number | null;
  afterwards: 'free' | 'leave';
  allowOverlap: boolean;
  given: GivenTiming | null;
  /** Seen to be expired, or free: nobody has to stop but who was silent for so long already. */
  expiredForMs: number | null;
}

/** What `steal` will do. `facts.holder` empty: nobody holds it. */
export function planSteal(facts: PlanFacts, intent: StealIntent): Plan {
  const reaction = reactionOf(facts.family);
  const held = facts.holder !== '';
  const full = waitOf(facts, intent.given);
  // Silence that was watched counts: the stop wait runs from the last sign of life.
  const leftMs = held ? Math.max(0, full.forMs - (intent.expiredForMs ?? 0)) : 0;
  const because: WaitReason = held ? full.because : { code: 'nobody-to-stop' };
  const seconds = intent.leaseDurationSeconds ?? durationSeconds(leftMs, facts.leaseDurationMs);
  const renewEveryMs = Math.max(100, Math.min(renewEvery(facts), (seconds * 1000) / 5));
  const warnings = stealWarnings(facts, reaction, intent, leftMs, seconds);
  const prediction: Prediction = {
    leaderless: { leastMs: Math.max(leftMs, intent.holdMs ?? 0), mostMs: null },
    possibleOverlapMs: leftMs,
    returns: null,
    usualStop: held ? usualStopOf(reaction, facts) : { leastMs: 0, mostMs: 0 },
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
        ? [{ step: 'stop-wait', forMs: leftMs, because, shortenedByNotice: true, shortenedByPod: false } as const]
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
