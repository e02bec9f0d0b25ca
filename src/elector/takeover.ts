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
  if (sight.record === null) return { atMs: deletedUntil(s, moment), how: 'create' };
  if (isFree(sight.record) || !sight.held) return { atMs: OPEN, how: 'take' };
  if (sight.record.holder === settings.identity) {
    const ours = policy.adoptsOwnIdentity(settings) || sight.handOver || ownAttempt(s) !== undefined;
    if (ours) return { atMs: OPEN, how: 'adopt' };
  }
  return { atMs: policy.dueMs(sight.held, settings, moment), how: 'take' };
}

/** The leader of a deleted Lease may not know of it yet. A Lease never seen held has no leader that we could know of. */
function deletedUntil({ sight, settings, policy }: ElectorState, moment: Moment): number {
  if (!sight.held || !policy.waitsAfterDelete) return OPEN;
  if (sight.held.record.holder === settings.identity && policy.adoptsOwnIdentity(settings)) return OPEN;
  return policy.dueMs(sight.held, settings, moment);
}
