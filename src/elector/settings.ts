/** What one elector was told when it was made. Milliseconds throughout. */
import { type Durations, drainOf } from '../lease/timing.js';

export interface ElectorSettings {
  namespace: string;
  name: string;
  identity: string;
  /** This process made the identity up, so nobody else can have it. False: it was given, and another may have it too. */
  identityMadeUp: boolean;
  /** L, whole seconds. */
  leaseDurationMs: number;
  /** R. */
  renewDeadlineMs: number;
  /** P. */
  retryPeriodMs: number;
  /** D. */
  drainMs: number;
  /** Free the Lease once the work of a term has ended. False: leave it to expire. */
  releaseOnStop: boolean;
  /** The longest that one request may take. */
  requestMs: number;
}

/** As much as one request may use of R, so that a second one can still save the term (L2). controller-runtime's share. */
const REQUESTS_PER_DEADLINE = 2;

export function settingsOf(
  given: { namespace: string; name: string; identity: string; identityMadeUp: boolean; releaseOnStop?: boolean },
  durations: Durations,
): ElectorSettings {
  return {
    namespace: given.namespace,
    name: given.name,
    identity: given.identity,
    identityMadeUp: given.identityMadeUp,
    leaseDurationMs: durations.leaseDurationMs,
    renewDeadlineMs: durations.renewDeadlineMs,
    retryPeriodMs: durations.retryPeriodMs,
    drainMs: drainOf(durations),
    releaseOnStop: given.releaseOnStop ?? true,
    requestMs: durations.renewDeadlineMs / REQUESTS_PER_DEADLINE,
  };
}

/** A poll as client-go's standbys do it: P to 2.2 P. `random` is in [0, 1). */
export const pollMs = (settings: ElectorSettings, random: number): number =>
  settings.retryPeriodMs * (1 + JITTER_FACTOR * random);

/** How long an incumbent that made way leaves the Lease to others (STEP-DOWN, last section). */
export const standBackMs = (settings: ElectorSettings): number =>
  Math.max(settings.leaseDurationMs, (1 + JITTER_FACTOR) * settings.retryPeriodMs);

const JITTER_FACTOR = 1.2;
