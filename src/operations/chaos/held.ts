/** A Lease that kle itself holds for a while. */
import { type OperationNote, readOperation } from '../../lease/operation.js';
import type { LeaseRecord } from '../../lease/record.js';

/** What the taking of a Lease was decided on. */
export interface TakingPlan {
  note: OperationNote;
  holder: string;
  durationSeconds: number;
  renewEveryMs: number;
  stopWaitMs: number;
  requestMs: number;
  /** The holder that was measured; empty: nobody. */
  from: string;
  fromDurationSeconds: number | null;
  fromUid: string;
  /** Somebody wrote its spec by server-side apply. */
  appliers: boolean;
}

export interface Held {
  plan: TakingPlan;
  note: OperationNote;
  /** Monotonic; the stop wait counts from here. */
  sentMs: number;
  /** When our first version was received. */
  seenMs: number;
  /** Its version: a stopped notice counts only in a later one. */
  resourceVersion: string | null;
}

/**
 * Our own record: by the holder that nobody else writes, else by our mark. Electors keep marks that they do not know, so a
 * hand-over counts as ours only as kle wrote it: once the named candidate has renewed, it is that one's.
 */
export function isOurs({ holder, note }: { holder: string; note: { id: string } }, record: LeaseRecord): boolean {
  if (record.holder !== holder) return false;
  if (holder === `kle/${note.id}`) return true;
  const mark = readOperation(record.annotations);
  if (mark?.id !== note.id) return false;
  if (mark.phase !== 'handover') return true;
  return record.renewTime === record.acquireTime && (record.renewal === null || record.renewal.manager === 'kle');
}
