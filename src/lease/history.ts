/**
 * The story of one Lease as this process saw it: a fold over what a watch (or a look from time to time) delivers. It
 * reads no clock: every observation carries the monotonic time of its receipt, in order. Expiry has no event of the
 * server, so the caller sets a timer for `expiresAtMs` and calls `expire` when it fires.
 *
 * One change costs O(1), with one specKey; a history keeps its newest version, ENTRIES_KEPT of each kind of entry and
 * GAPS_KEPT renew gaps.
 */
import type { LeaseWatchEvent } from './api.js';
import type { ReleasedBy, Standing } from './changes.js';
import { foldDeletion, foldVersion, tell } from './fold.js';
import {
  caughtUp,
  createSight,
  disconnect,
  dueMs,
  isTimely,
  knownUntilMs,
  looksOf,
  reconnect,
  type Sight,
} from './looks.js';
import type { LeaseRecord } from './record.js';
import { noRenewals, type Renewals, type RenewIntervals, renewIntervalsOf } from './renewals.js';
import { beginUnknown, emptyLedger, endTerm, endUnknown, type Ledger, type Overlap } from './terms.js';
import type { Looks } from './verdict.js';

/** The types of `watch -o ndjson` that one Lease gives rise to (DESIGN section 2). */
export type ChangeType =
  | 'seen'
  | 'acquired'
  | 'renewed'
  | 'released'
  | 'fenced'
  | 'expired'
  | 'changed'
  | 'deleted'
  | 'recreated';

export interface LeaseChange {
  type: ChangeType;
  /** When it happened, monotonic. Where `timely` is false: when it was learned, after it happened at an unknown time. */
  atMs: number;
  timely: boolean;
  namespace: string;
  name: string;
  /** As the record says; null: nobody, or there is no record. */
  holder: string | null;
  previousHolder: string | null;
  transitions: number | null;
  resourceVersion: string | null;
  /** `acquired`, `renewed`: the number of the holder's term, counted from 1 by this process. */
  term: number | null;
  /** `acquired`, and `renewed` after an expiry: Lease time without a leader before it; null: not known, or none (`renewed`). */
  leaderlessMs: number | null;
  /** `acquired`: somebody who was deposed may still be working. */
  overlap: Overlap | null;
  /** `released`: who emptied the holder; null for the end of a fence. */
  releasedBy: ReleasedBy | null;
}

/** Plain data. Changed in place by `observe` and `expire` only; readers must not keep parts of it across calls. */
export interface LeaseHistory {
  /** The newest version seen; a write that depends on age carries its resourceVersion (fact 4). Null: no Lease. */
  record: LeaseRecord | null;
  standing: Standing;
  /** The holder was written in by somebody else and has not written itself yet. */
  assigned: boolean;
  /** The record's expiry has been told. */
  expired: boolean;
  /** Uid of the Lease that was last deleted. */
  goneUid: string | null;
  sight: Sight;
  renewals: Renewals;
  ledger: Ledger;
}

/** `watching` false: for a caller without a stream, whose observations are all `found`. */
export function createHistory(watching = true): LeaseHistory {
  return {
    record: null,
    standing: 'free',
    assigned: false,
    expired: false,
    goneUid: null,
    sight: createSight(watching),
    renewals: noRenewals(null),
    ledger: emptyLedger(),
  };
}

/** Folds one observation into `history` and tells what it meant; an annotation alone means nothing. */
export function observe(history: LeaseHistory, event: LeaseWatchEvent): LeaseChange[] {
  switch (event.type) {
    case 'disconnected': {
      const changes = expire(history, event.atMs);
      disconnect(history.sight, event.atMs);
      beginUnknown(history.ledger, event.atMs);
      return changes;
    }
    case 'reconnected':
      reconnect(history.sight, event.atMs);
      endUnknown(history.ledger, event.atMs);
      return [];
    case 'synced':
    case 'bookmark':
      caughtUp(history.sight, event.atMs);
      return expire(history, event.atMs);
    default: {
      // What came just now shows that the spec stood until now; it may have expired before.
      const { record, atMs, found } = event;
      const changes = isTimely(history.sight, atMs, found) ? expire(history, atMs) : [];
      const fold = event.type === 'deleted' ? foldDeletion : foldVersion;
      changes.push(...fold(history, record, atMs, found));
      // A look that found the spec as it was shows the same.
      changes.push(...expire(history, atMs));
      return changes;
    }
  }
}

/**
 * When the record will be expired by observation if nothing comes: the time for the caller's timer. Null: nothing that
 * could expire, or no watch that would show it; ask again after each observation.
 */
export function expiresAtMs(history: LeaseHistory): number | null {
  const due = expiryOf(history);
  return due === null || !history.sight.watching ? null : Math.max(due, history.sight.caughtUpMs);
}

/** Tells `expired` once the record has been seen unchanged for its duration; else does nothing. */
export function expire(history: LeaseHistory, nowMs: number): LeaseChange[] {
  const { record, sight } = history;
  // Nobody may have looked at that very moment; that nothing came until later shows that it was so.
  const atMs = expiryOf(history);
  if (record === null || atMs === null || knownUntilMs(sight, nowMs) < atMs) return [];
  history.expired = true;
  endTerm(history.ledger, 'expired', atMs, atMs);
  return [tell('expired', record, record.holder, atMs, true)];
}

function expiryOf(history: LeaseHistory): number | null {
  return history.record === null || history.expired || history.standing === 'free' ? null : dueMs(history.sight);
}

/** What `judge` needs. */
export function looksAt(history: LeaseHistory, nowMs: number): Looks | null {
  return looksOf(history.sight, nowMs);
}

/** How regularly the present (or last) holder renews. */
export function renewIntervals(history: LeaseHistory): RenewIntervals {
  return renewIntervalsOf(history.renewals);
}
