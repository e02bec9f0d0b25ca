/**
 * The arithmetic of leaseDuration (L), renewDeadline (R) and retryPeriod (P), all in milliseconds here: what is refused,
 * when a leader has stopped, and who takes over when. Results are data with codes; `view/messages.ts` has the words.
 */

export interface Durations {
  /** L: how long a standby leaves a record alone that does not change. Whole seconds: the Lease stores no fraction. */
  leaseDurationMs: number;
  /** R: how long a leader may go without a successful renewal, counted from when that renewal was sent. */
  renewDeadlineMs: number;
  /** P: how often a leader renews. */
  retryPeriodMs: number;
  /** D: how long the work may take to end after R. Default: half of what L leaves after R. */
  drainMs?: number;
}

export type DurationName = keyof Durations;

/** Why durations are refused (DESIGN section 5). */
export type TimingRefusal =
  /** Zero, negative or not a number; `drainMs` may be zero. */
  | { code: 'duration-not-positive'; duration: DurationName; ms: number }
  | { code: 'lease-duration-not-whole-seconds'; leaseDurationMs: number }
  /** leaseDurationSeconds is an int32. */
  | { code: 'lease-duration-too-long'; leaseDurationMs: number; longestMs: number }
  | { code: 'retry-not-below-deadline'; retryPeriodMs: number; renewDeadlineMs: number }
  /** R + D + 0.25 s > L: the work might outlive the Lease. `overMs`: by how much. */
  | { code: 'stops-after-lease'; stopMs: number; leaseDurationMs: number; overMs: number };

/** What kle accepts and another elector with the same durations would not do well with. */
export type TimingWarning =
  /** L ≤ R + P: a client-go leader may still work when a standby may take the Lease. It checks only L > R. */
  | { code: 'client-go-overlaps'; stopMs: number; leaseDurationMs: number; overlapMs: number }
  /** client-go refuses R ≤ 1.2 P (tools/leaderelection/leaderelection.go, NewLeaderElector). */
  | { code: 'client-go-refuses'; renewDeadlineMs: number; aboveMs: number };

/** At the defaults of kle and of client-go. */
export const DEFAULT_DURATIONS = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 } as const;
/** From the end of the drain (KILL) until nothing of the work is left: timers late under load, reaping. */
export const KILL_MARGIN_MS = 250;
/** client-go's JitterFactor is 1.2: a standby polls every P to (1 + 1.2)·P. In tenths, so that milliseconds stay exact. */
const JITTER_TENTHS = 12;
const LONGEST_LEASE_MS = (2 ** 31 - 1) * 1000;
/** DESIGN section 5, L1. */
const CRASH_NOTICE_MS = 50;
const HAND_OVER_MS = 250;
const LONGEST_ANSWER_DELAY_MS = 3_000;

/** D as given, else (L − R) / 2 in whole milliseconds. */
export function drainOf(durations: Durations): number {
  return durations.drainMs ?? Math.max(0, Math.floor((durations.leaseDurationMs - durations.renewDeadlineMs) / 2));
}

/** Everything that is wrong with the durations; empty: kle's elector takes them. */
export function refusals(durations: Durations): TimingRefusal[] {
  const unusable = notPositive(durations);
  if (unusable.length > 0) return unusable;
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = durations;
  const found: TimingRefusal[] = [];
  if (leaseDurationMs % 1000 !== 0) found.push({ code: 'lease-duration-not-whole-seconds', leaseDurationMs });
  if (leaseDurationMs > LONGEST_LEASE_MS) {
    found.push({ code: 'lease-duration-too-long', leaseDurationMs, longestMs: LONGEST_LEASE_MS });
  }
  if (retryPeriodMs >= renewDeadlineMs) {
    found.push({ code: 'retry-not-below-deadline', retryPeriodMs, renewDeadlineMs });
  }
  const stopMs = stopBoundMs(durations);
  if (stopMs > leaseDurationMs) {
    found.push({ code: 'stops-after-lease', stopMs, leaseDurationMs, overMs: stopMs - leaseDurationMs });
  }
  return found;
}

function notPositive(durations: Durations): TimingRefusal[] {
  const given: [DurationName, number][] = [
    ['leaseDurationMs', durations.leaseDurationMs],
    ['renewDeadlineMs', durations.renewDeadlineMs],
    ['retryPeriodMs', durations.retryPeriodMs],
  ];
  const found = given.filter(([, ms]) => !(ms > 0 && Number.isFinite(ms)));
  const { drainMs } = durations;
  if (drainMs !== undefined && !(drainMs >= 0 && Number.isFinite(drainMs))) found.push(['drainMs', drainMs]);
  return found.map(([duration, ms]) => ({ code: 'duration-not-positive', duration, ms }));
}

/** What to tell a user whose other replicas, or whose next elector, are client-go with the same durations. */
export function warnings({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: Durations): TimingWarning[] {
  const found: TimingWarning[] = [];
  const stopMs = renewDeadlineMs + retryPeriodMs;
  if (leaseDurationMs <= stopMs) {
    found.push({ code: 'client-go-overlaps', stopMs, leaseDurationMs, overlapMs: stopMs - leaseDurationMs });
  }
  const aboveMs = (retryPeriodMs * JITTER_TENTHS) / 10;
  if (renewDeadlineMs <= aboveMs) found.push({ code: 'client-go-refuses', renewDeadlineMs, aboveMs });
  return found;
}

/** R + D + 0.25 s: nothing of the work is left this long after the last renewal that succeeded was sent (S1). */
export function stopBoundMs(durations: Durations): number {
  return durations.renewDeadlineMs + drainOf(durations) + KILL_MARGIN_MS;
}

/** How one elector behaves with given durations. All are counted from its last successful renewal, in milliseconds. */
export interface ElectorTiming {
  /** The work has ended by then, unless the process was paused. */
  stopMs: number;
  /** L less `stopMs`: what is left for late answers. Negative: two leaders are possible without any fault. */
  marginMs: number;
  /** Two leaders are impossible while the clocks of any two machines run at rates closer than this ratio. */
  toleratedClockRate: number;
  /** The API may be gone this long, less the time of one request, without a change of leader. */
  toleratedOutageMs: number;
  /** When a standby leads after the leader crashed. */
  crashTakeover: { leastMs: number; mostMs: number };
  /** When a standby leads after a release, counted from the release. */
  handOver: { leastMs: number; mostMs: number };
}

export interface Budget {
  durations: Required<Durations>;
  refusals: TimingRefusal[];
  warnings: TimingWarning[];
  /** Null when refused for a duration that is no positive number. */
  kle: ElectorTiming | null;
  clientGo: ElectorTiming | null;
}

/** Everything `kle budget` prints. */
export function budgetOf(durations: Durations): Budget {
  const usable = notPositive(durations).length === 0;
  return {
    durations: { ...durations, drainMs: drainOf(durations) },
    refusals: refusals(durations),
    warnings: usable ? warnings(durations) : [],
    kle: usable ? kleTiming(durations) : null,
    clientGo: usable ? clientGoTiming(durations) : null,
  };
}

function kleTiming(durations: Durations): ElectorTiming {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = durations;
  const stopMs = stopBoundMs(durations);
  return {
    stopMs,
    marginMs: leaseDurationMs - stopMs,
    // The kill margin is waited for by no clock of ours, so it does not stretch with the rate (S7).
    toleratedClockRate: (leaseDurationMs - KILL_MARGIN_MS) / (stopMs - KILL_MARGIN_MS),
    toleratedOutageMs: Math.max(0, renewDeadlineMs - retryPeriodMs),
    crashTakeover: { leastMs: leaseDurationMs, mostMs: leaseDurationMs + CRASH_NOTICE_MS },
    handOver: { leastMs: 0, mostMs: HAND_OVER_MS },
  };
}

/**
 * client-go's own arithmetic. Its leader waits P after a success and only then starts the deadline, so it stops at
 * R + P, not R; its documented ratio L / R is therefore too good. A standby sees the last renewal up to one poll late
 * and the expiry up to one poll late, a poll being up to 2.2 P. Tolerated outage as OpenShift library-go publishes it.
 */
function clientGoTiming({ leaseDurationMs, renewDeadlineMs, retryPeriodMs }: Durations): ElectorTiming {
  const stopMs = renewDeadlineMs + retryPeriodMs;
  const longestPollMs = (retryPeriodMs * (10 + JITTER_TENTHS)) / 10;
  return {
    stopMs,
    marginMs: leaseDurationMs - stopMs,
    toleratedClockRate: leaseDurationMs / stopMs,
    toleratedOutageMs: Math.max(0, (Math.floor(renewDeadlineMs / retryPeriodMs) - 1) * retryPeriodMs),
    crashTakeover: { leastMs: leaseDurationMs, mostMs: leaseDurationMs + 2 * longestPollMs },
    handOver: { leastMs: 0, mostMs: longestPollMs },
  };
}

/** A measured period as STEP-DOWN uses it: the largest gap between changes of renewTime, rounded up to 0.1 s. */
export function renewPeriodOf(largestGapMs: number): number {
  return Math.ceil(largestGapMs / 100) * 100;
}

/** What is known of an incumbent: only its Lease (L and a measured period), or its R and P as its operator gave them. */
export type IncumbentTiming =
  | { leaseDurationMs: number; renewPeriodMs: number }
  | { leaseDurationMs: number; renewDeadlineMs: number; retryPeriodMs: number; answerDelayMs?: number };

/**
 * How long a fence is kept so that the incumbent must have stopped (STEP-DOWN, "Stop wait"): L + 2 × renew period,
 * which covers electors that stop only at P + ⌈R/P⌉·P; with R and P known, P + R + the longest delay of an answer.
 */
export function stopWaitMs(incumbent: IncumbentTiming): number {
  if ('renewPeriodMs' in incumbent) return incumbent.leaseDurationMs + 2 * incumbent.renewPeriodMs;
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = incumbent;
  const answerDelayMs = incumbent.answerDelayMs ?? Math.min(leaseDurationMs - renewDeadlineMs, LONGEST_ANSWER_DELAY_MS);
  return retryPeriodMs + renewDeadlineMs + Math.max(0, answerDelayMs);
}
