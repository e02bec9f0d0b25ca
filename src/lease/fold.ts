/** How one version of a Lease, or its deletion, moves a history on. Called by `observe` only. */
import { isAnotherTerm, isAssignment, isRenewal, releasedBy, saysStopped, standingOf } from './changes.js';
import type { ChangeType, LeaseChange, LeaseHistory } from './history.js';
import { forget, isTimely, look } from './looks.js';
import type { LeaseRecord } from './record.js';
import { noRenewals, noteRenewal } from './renewals.js';
import { beginTerm, type Deposed, endTerm, loseTrack, type OverlapWhy, resumeTerm, type TermEnd } from './terms.js';
import { renewPeriodOf, stopWaitMs } from './timing.js';

/** One version against the one before it. */
interface Step {
  before: LeaseRecord;
  record: LeaseRecord;
  atMs: number;
  found: boolean;
  timely: boolean;
  /** The record before had expired, as told. */
  wasExpired: boolean;
  /** Until when the holder before may work on if it is deposed now; null: its renew period is not known. */
  worksUntilMs: number | null;
}

export function foldDeletion(history: LeaseHistory, last: LeaseRecord, atMs: number, found: boolean): LeaseChange[] {
  const { record, sight } = history;
  if (record === null) return [];
  const timely = isTimely(sight, atMs, found);
  end(history, 'deleted', atMs, timely, { why: 'deleted-while-valid', worksUntilMs: worksUntilMs(history) });
  if (found) loseTrack(history.ledger);
  history.record = null;
  history.goneUid = record.uid;
  history.standing = 'free';
  history.assigned = false;
  forget(sight, timely);
  return [{ ...tell('deleted', last, record.holder, atMs, timely), holder: null }];
}

export function foldVersion(history: LeaseHistory, record: LeaseRecord, atMs: number, found: boolean): LeaseChange[] {
  const before = history.record;
  if (before === null || before.uid !== record.uid) return foldAppearance(history, before, record, atMs, found);
  const standing = standingOf(record);
  const was = { wasExpired: history.expired, worksUntilMs: worksUntilMs(history) };
  const { changed, timely } = look(history.sight, record, atMs, found);
  history.record = record;
  if (saysStopped(before, record)) history.ledger.deposed = null;
  // Without its annotation a fence is a holder like any other, though the spec is the same.
  if (!changed && standing === history.standing) return [];
  if (changed) history.expired = false;
  if (found) loseTrack(history.ledger);
  const step: Step = { before, record, atMs, found, timely, ...was };
  const changes =
    standing === 'held' ? toHeld(history, step) : standing === 'fence' ? toFence(history, step) : toFree(history, step);
  history.standing = standing;
  return changes;
}

/** A Lease that was not there at the last look, as far as this process knows. */
function foldAppearance(
  history: LeaseHistory,
  before: LeaseRecord | null,
  record: LeaseRecord,
  atMs: number,
  foundByList: boolean,
): LeaseChange[] {
  if (before !== null) {
    end(history, 'unknown', atMs, false);
    loseTrack(history.ledger);
    forget(history.sight, false);
  }
  // A selector lets a Lease leave and come back: that is no creation.
  const cameBack = before === null && record.uid === history.goneUid;
  const isFirst = before === null && history.goneUid === null;
  const found = foundByList || cameBack;
  const { timely } = look(history.sight, record, atMs, found);
  history.record = record;
  history.standing = standingOf(record);
  history.expired = false;
  history.assigned = false;
  const previous = before?.holder ?? null;
  const first = tell(isFirst || cameBack ? 'seen' : 'recreated', record, previous, atMs, timely);
  if (history.standing !== 'held') return [first];
  // Electors create a Lease with both times equal; one that merely came into the selector has been renewed since.
  const created = !isFirst || (record.renewTime !== null && record.renewTime === record.acquireTime);
  const acquired = begin(history, record, previous, atMs, timely && created);
  return cameBack || (isFirst && !(timely && created)) ? [{ ...first, term: acquired.term }] : [first, acquired];
}

function toFree(history: LeaseHistory, step: Step): LeaseChange[] {
  const { before, record, atMs, timely } = step;
  if (history.standing === 'free') return [told('changed', step)];
  const by = history.standing === 'held' ? releasedBy(before, record) : null;
  const why = by === 'other' ? 'cleared-by-other' : 'holder-removed';
  end(history, 'released', atMs, timely, by === 'holder' ? undefined : { why, worksUntilMs: step.worksUntilMs });
  history.assigned = false;
  return [{ ...told('released', step), releasedBy: by }];
}

function toFence(history: LeaseHistory, step: Step): LeaseChange[] {
  const { before, record, atMs, timely } = step;
  if (history.standing === 'fence' && before.holder === record.holder) return [told('renewed', step)];
  end(history, 'fenced', atMs, timely, { why: 'fence-cut-short', worksUntilMs: step.worksUntilMs });
  history.assigned = false;
  return [told('fenced', step)];
}

function toHeld(history: LeaseHistory, step: Step): LeaseChange[] {
  const { before, record, atMs, timely, found } = step;
  if (history.standing === 'held' && before.holder === record.holder) return toSameHolder(history, step);
  const assigned = !found && isAssignment(before, record, step.wasExpired);
  const why = assigned ? 'assigned-while-valid' : 'taken-while-valid';
  const by = found ? 'unknown' : assigned ? 'assigned' : 'taken';
  end(history, by, atMs, timely, { why, worksUntilMs: step.worksUntilMs });
  history.assigned = assigned;
  return [assigned ? told('changed', step) : begin(history, record, before.holder, atMs, timely)];
}

function toSameHolder(history: LeaseHistory, step: Step): LeaseChange[] {
  const { before, record, atMs, timely, found } = step;
  if (!isRenewal(before, record)) return [told('changed', step)];
  // Others may have led while nobody looked.
  if (found && isAnotherTerm(before, record)) end(history, 'unknown', atMs, false);
  const { open } = history.ledger;
  if (open !== null) {
    noteRenewal(history.renewals, atMs, timely);
    return [{ ...told('renewed', step), term: open.number }];
  }
  const resumed = history.assigned ? null : resumeTerm(history.ledger, record, atMs, timely);
  if (resumed === null) {
    history.assigned = false;
    return [begin(history, record, before.holder, atMs, timely)];
  }
  noteRenewal(history.renewals, atMs, timely);
  return [{ ...told('renewed', step), term: resumed.term.number, leaderlessMs: resumed.leaderlessMs }];
}

function begin(
  history: LeaseHistory,
  record: LeaseRecord,
  previous: string | null,
  atMs: number,
  timely: boolean,
): LeaseChange {
  history.renewals = noRenewals(timely ? atMs : null);
  const { term, leaderlessMs, overlap } = beginTerm(history.ledger, record, atMs, timely);
  return { ...tell('acquired', record, previous, atMs, timely), term: term.number, leaderlessMs, overlap };
}

/** Ends the open term. A holder that is deposed while its Lease is valid may work on; when untimely, nobody knows. */
function end(
  history: LeaseHistory,
  by: TermEnd,
  atMs: number,
  timely: boolean,
  why?: { why: OverlapWhy; worksUntilMs: number | null },
): void {
  const { open } = history.ledger;
  if (open === null) return;
  const deposed: Deposed | undefined =
    why && timely ? { holder: open.holder, untilMs: why.worksUntilMs, why: why.why } : undefined;
  endTerm(history.ledger, by, atMs, timely ? atMs : null, deposed);
}

/** Last sign of life + the stop wait of STEP-DOWN. */
function worksUntilMs({ sight, renewals }: LeaseHistory): number | null {
  if (sight.durationMs === null || renewals.count === 0) return null;
  const renewPeriodMs = renewPeriodOf(renewals.largestMs);
  return sight.firstMs + stopWaitMs({ leaseDurationMs: sight.durationMs, renewPeriodMs });
}

const told = (type: ChangeType, step: Step): LeaseChange =>
  tell(type, step.record, step.before.holder, step.atMs, step.timely);

export function tell(
  type: ChangeType,
  record: LeaseRecord,
  previousHolder: string | null,
  atMs: number,
  timely: boolean,
): LeaseChange {
  const { namespace, name, holder, transitions, resourceVersion } = record;
  return {
    type,
    atMs,
    timely,
    namespace,
    name,
    holder,
    previousHolder,
    transitions,
    resourceVersion,
    term: null,
    leaderlessMs: null,
    overlap: null,
    releasedBy: null,
  };
}
