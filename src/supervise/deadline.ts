/** Moments after which work may not go on, on both clocks that no one sets. All numbers are milliseconds of `sharedClock`. */

/** One moment on two clocks. It has come when either says so. */
export interface Moment {
  /** Monotonic: stands still while the machine is suspended. */
  readonly monoMs: number;
  /** Since boot, suspension included. */
  readonly bootMs: number;
}

/** What supervision needs to know of a Lease that is held. The elector's term is made into one where both meet. */
export interface Claim {
  /**
   * When the process group must be dead: R + D + 0.25 s after the last successful renewal was sent, in `sharedClock`
   * milliseconds. Moves with each renewal. TERM is sent D + 0.25 s before it, KILL 0.25 s before it.
   */
  deadlineMs(): number;
  /** The same moment by the boot clock. Without it, it is reckoned when a renewal is first seen. */
  deadlineBootMs?(): number;
  /** Aborted when the claim is false, for whatever reason; its reason is passed on. */
  readonly signal: AbortSignal;
  /** D: how long work may take to end after TERM. */
  readonly drainMs: number;
  /** Tells of each renewal; the returned function ends that. Without it, `deadlineMs` is asked several times a second. */
  onRenewed?(fn: () => void): () => void;
}

/** KILL goes out this long before the deadline: room for a late timer and for the kernel to end the processes. */
export const KILL_MARGIN_MS = 250;
/** The boot clock has steps of 10 ms, so every margin on it is that much shorter. */
const BOOT_STEP_MS = 10;

export interface Clocks {
  monoMs(): number;
  bootMs(): number;
}

export const momentNow = (clock: Clocks): Moment => ({ monoMs: clock.monoMs(), bootMs: clock.bootMs() });

/** The deadline of the claim on both clocks. */
export function deadlineOf(claim: Claim, now: Moment): Moment {
  const monoMs = claim.deadlineMs();
  return { monoMs, bootMs: (claim.deadlineBootMs?.() ?? now.bootMs + monoMs - now.monoMs) - BOOT_STEP_MS };
}

export const plus = (at: Moment, ms: number): Moment => ({ monoMs: at.monoMs + ms, bootMs: at.bootMs + ms });

/** Milliseconds until the moment by the clock that gets there first; zero or less when it has come. */
export const until = (at: Moment, now: Moment): number => Math.min(at.monoMs - now.monoMs, at.bootMs - now.bootMs);

export const hasCome = (at: Moment, now: Moment): boolean => until(at, now) <= 0;

/** The stricter of two on each clock. */
export const earlier = (a: Moment, b: Moment): Moment => ({
  monoMs: Math.min(a.monoMs, b.monoMs),
  bootMs: Math.min(a.bootMs, b.bootMs),
});
