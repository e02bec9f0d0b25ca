/**
 * What one change of a Lease means, told from the two versions around it. Who sent a request is not in the object; what
 * the times, the managers and kle's own mark say is taken for what it is worth.
 */
import { readOperation } from './operation.js';
import type { LeaseRecord } from './record.js';
import { isFence } from './verdict.js';

/** Who the record names, whatever the clock says: nobody, a fence of kle, or a holder. */
export type Standing = 'free' | 'fence' | 'held';

export function standingOf(record: LeaseRecord): Standing {
  if (record.holder === null || record.holder === '') return 'free';
  return isFence(record) ? 'fence' : 'held';
}

/** `fieldManager` of everything that kle writes. */
const KLE = 'kle';

const STOPPED_ANNOTATION = 'kle.dev/stopped';

/** Whether the holder named before and after wrote this version: it moved a time, and it was not kle skewing it. */
export function isRenewal(before: LeaseRecord, after: LeaseRecord): boolean {
  return timesMoved(before, after) && !isSkew(before, after);
}

/**
 * Whether somebody else wrote the holder's name into the Lease, so that the holder has yet to write itself: a hand-over
 * by kle, a put-back by kle over its own fence, or a name that came without any new time.
 */
export function isAssignment(before: LeaseRecord, after: LeaseRecord, expired: boolean): boolean {
  const mark = readOperation(after.annotations);
  if (mark?.phase === 'handover' && before.holder !== after.holder) return true;
  // kle's electors leave a fence or a stolen Lease alone while it is valid: this is the operation putting somebody back.
  if (isOperationHolder(before) && !expired && after.renewal?.manager === KLE) return true;
  return !timesMoved(before, after) && (after.renewTime !== null || after.acquireTime !== null);
}

/**
 * Whether the leader that was fenced says in this version that its work has ended: `kle.dev/stopped` with the fence's
 * id. It counts only when it came after the fence's own PUT (STEP-DOWN, "Annotations").
 */
export function saysStopped(before: LeaseRecord, after: LeaseRecord): boolean {
  const id = after.annotations[STOPPED_ANNOTATION];
  if (id === undefined || before.annotations[STOPPED_ANNOTATION] === id) return false;
  return isFence(before) && isFence(after) && before.holder === after.holder && after.holder === `kle/${id}`;
}

/** Who emptied the holder: the holder itself, somebody else, or it cannot be told. */
export type ReleasedBy = 'holder' | 'other' | 'unknown';

/**
 * client-go and kube-leader-election release with new times under their own manager and duration 1; kunobi-ha, official
 * Java and the npm elector remove the holder (research/measured.md, table s), as a patch of anybody can. No library
 * writes `""` and leaves the times.
 */
export function releasedBy(before: LeaseRecord, after: LeaseRecord): ReleasedBy {
  if (after.holder === null) return 'unknown';
  if (!timesMoved(before, after)) return 'other';
  if (before.renewal === null || after.renewal === null) return after.leaseDurationSeconds === 1 ? 'holder' : 'unknown';
  return before.renewal.manager === after.renewal.manager ? 'holder' : 'other';
}

/** Whether the record may stand for another term of the same holder: it took the Lease anew. */
export function isAnotherTerm(before: LeaseRecord, after: LeaseRecord): boolean {
  return before.transitions !== after.transitions || before.acquireTime !== after.acquireTime;
}

/** A fence, or a Lease that a running steal keeps. */
function isOperationHolder(record: LeaseRecord): boolean {
  const mark = readOperation(record.annotations);
  return mark !== null && record.holder === `kle/${mark.id}`;
}

/** Electors write both times when they take a Lease; kunobi-ha in whole seconds, so that one of them may stand still. */
function timesMoved(before: LeaseRecord, after: LeaseRecord): boolean {
  return before.renewTime !== after.renewTime || before.acquireTime !== after.acquireTime;
}

/**
 * A skew moves renewTime and is no sign of life. Its mark stays while the holder renews, so the manager tells them
 * apart. Between two writes of one skew no elector of kle can be told from the skew: it then counts as renewing.
 */
function isSkew(before: LeaseRecord, after: LeaseRecord): boolean {
  if (after.renewal?.manager !== KLE) return false;
  const [was, is] = [readOperation(before.annotations), readOperation(after.annotations)];
  if (was?.verb !== 'skew' && is?.verb !== 'skew') return false;
  return before.renewal?.manager !== KLE || was?.id !== is?.id;
}
