/** When the Lease may be taken (S2). */
import type { Moment } from './moment.js';
import { isFree } from './sight.js';
import type { ElectorState } from './state.js';
import { ownAttempt } from './turn.js';

export interface Offer {
  /** Monotonic; minus infinity: open as of now. */
  atMs: number;
  how: 'take' | 'create' | 'adopt';
}

const OPEN = Number.NEGATIVE_INFINITY;

/** Undefined while nothing is known of the Lease. */
export function offerOf(s: ElectorState, moment: Moment): Offer | undefined {
  const { sight, settings, policy } = s;
  if (!sight.known) return undefined;
  if (sight.record === null) return { atMs: Math.max(deletedUntil(s, moment), unseenUntil(s)), how: 'create' };
  if (isFree(sight.record) || !sight.held) return { atMs: OPEN, how: 'take' };
  if (sight.record.holder === settings.identity) {
    // A creation of ours that arrived late may have met a Lease deleted under somebody else: wait for that one too.
    const made = policy.adoptsOwnIdentity(settings) && !sight.held.born;
    if (made || sight.handOver || ownAttempt(s, moment.now) !== undefined) return { atMs: OPEN, how: 'adopt' };
  }
  return { atMs: policy.dueMs(sight.held, settings, moment), how: 'take' };
}

/** Only a stream shows that nobody renewed or took it between our last look and the deletion. */
function unseenUntil({ sight, settings, policy }: ElectorState): number {
  if (sight.unseenMs === null || !policy.waitsAfterDelete) return OPEN;
  return sight.unseenMs + Math.max(settings.leaseDurationMs, sight.held?.durationMs ?? 0);
}

/** The leader of a deleted Lease may not know of it yet. A Lease never seen held has no leader that we could know of. */
function deletedUntil({ sight, settings, policy }: ElectorState, moment: Moment): number {
  if (!sight.held || !policy.waitsAfterDelete) return OPEN;
  return policy.dueMs(sight.held, settings, moment);
}
