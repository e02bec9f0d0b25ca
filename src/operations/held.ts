/** A Lease that kle itself holds for a while: taking it, keeping it renewed, and what ends that. */
import type { ApiFailure } from '../lease/api.js';
import { type OperationNote, readOperation, STOPPED_ANNOTATION } from '../lease/operation.js';
import { compareVersions, holderTime, keeping, marking, taking } from '../lease/operation-specs.js';
import type { LeaseRecord } from '../lease/record.js';
import type { LeaseView } from './lease-view.js';
import type { JournalOperation, JournalResult } from './ports.js';
import { type Effect, earliest, type Input, type Procedure } from './procedure.js';
import { tell } from './steps.js';
import { write } from './write.js';

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

export type Taken =
  | { as: 'held'; held: Held }
  /** Nothing was written. */
  | { as: 'changed'; record: LeaseRecord | null }
  | { as: 'expired'; record: LeaseRecord }
  | { as: 'interrupted' }
  | { as: 'journal'; problem: string }
  /** The answer was lost and others have changed the Lease since: whether kle held it in between cannot be known. */
  | { as: 'unsure'; record: LeaseRecord | null }
  /** `unsettled`: our request may still apply. */
  | { as: 'failed'; failure: ApiFailure; unsettled: boolean };

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

/** PUT on the newest version of the very holder that the plan was made for; never over anybody else. */
export function* take(view: LeaseView, plan: TakingPlan): Procedure<Taken> {
  const { note } = plan;
  let journalProblem: string | null = null;
  const result = yield* write(view, {
    build: (base) => {
      const time = holderTime(base, view.serverNow() ?? note.sentAt, note.offsetMs);
      return taking(base, {
        holder: plan.holder,
        durationSeconds: plan.durationSeconds,
        time,
        note: stamped(view, plan),
      });
    },
    accepts: (base) => isAsPlanned(base, plan) && !hasDied(view, plan),
    untilMs: view.nowMs + plan.requestMs,
    requestMs: plan.requestMs,
    onInterrupt: 'settle',
    retries: false,
    mover: (base) => marking(base, note),
    *before() {
      const noted = yield* journal(view, { do: 'journal-sending', id: view.newId(), operation: note.id });
      if (!noted.ok) journalProblem = noted.problem;
      return noted.ok && view.interrupts === 0;
    },
  });
  switch (result.as) {
    case 'written': {
      const held: Held = {
        plan,
        note: stamped(view, plan),
        sentMs: result.sentMs,
        seenMs: result.seenMs,
        resourceVersion: result.record.resourceVersion,
      };
      const facts = { holder: plan.holder, leaseDurationSeconds: plan.durationSeconds, stopWaitMs: plan.stopWaitMs };
      tell(view, { step: note.verb === 'release' ? 'fenced' : 'taken-by-kle', ...facts }, result.sentMs);
      return { as: 'held', held };
    }
    case 'moved-on':
      if (result.unsure) return { as: 'unsure', record: result.record };
      if (result.record && isAsPlanned(result.record, plan)) return { as: 'expired', record: result.record };
      return { as: 'changed', record: result.record };
    case 'forbidden-by-before':
      return journalProblem === null ? { as: 'interrupted' } : { as: 'journal', problem: journalProblem };
    case 'failed':
      return { as: 'failed', failure: result.failure, unsettled: result.unsettled };
    default:
      return result;
  }
}

function isAsPlanned(base: LeaseRecord, plan: TakingPlan): boolean {
  const { from, fromDurationSeconds, fromUid } = plan;
  if (base.uid !== fromUid || (base.holder ?? '') !== from) return false;
  return from === '' || base.leaseDurationSeconds === fromDurationSeconds;
}

const AFTER_EXPIRY_MS = 1_000;

/** A holder that fell silent while the user was asked: there is nobody to fence. A steal takes it all the same. */
function hasDied(view: LeaseView, { note, fromDurationSeconds }: TakingPlan): boolean {
  if (note.verb !== 'release' || fromDurationSeconds === null || !view.live) return false;
  return view.nowMs - view.history.sight.firstMs >= fromDurationSeconds * 1000 + AFTER_EXPIRY_MS;
}

/** The note with the server's time of this moment: late rather than early, so that an age from it is never too long. */
function stamped(view: LeaseView, { note, stopWaitMs }: TakingPlan): OperationNote {
  const sentAt = view.server?.latest ?? note.sentAt;
  const forMs = note.until > note.sentAt ? note.until - note.sentAt : BigInt(Math.round(stopWaitMs)) * 1000n;
  return { ...note, sentAt, until: sentAt + forMs };
}

export type KeepEnd =
  | { end: 'over' }
  | { end: 'notice' }
  | { end: 'pod' }
  | { end: 'interrupted' }
  /** The holder was emptied by others. */
  | { end: 'emptied'; record: LeaseRecord }
  /** Somebody else's, or gone. */
  | { end: 'lost'; record: LeaseRecord | null };

/** Looks at something else from time to time while the Lease is kept. */
export interface Lookout {
  /** It has seen what ends the wait. */
  readonly proof: boolean;
  ask(view: LeaseView): void;
  take(view: LeaseView, input: Input): void;
  /** When it wants to look again. */
  nextMs(): number | null;
}

export interface KeepOptions {
  /** Monotonic; null: until something else ends it. */
  untilMs: number | null;
  /** Whether a stopped notice ends it before. */
  notice: boolean;
  lookout: Lookout | null;
}

/** Keeps the Lease renewed until something ends that. */
export function* keep(view: LeaseView, held: Held, options: KeepOptions): Procedure<KeepEnd> {
  const { renewEveryMs } = held.plan;
  let renewAtMs = view.nowMs + renewEveryMs;
  let failing = false;
  for (;;) {
    const end = endOf(view, held, options);
    if (end) return end;
    options.lookout?.ask(view);
    if (view.nowMs >= renewAtMs) {
      const begunMs = view.nowMs;
      const result = yield* renew(view, held, options.untilMs);
      if (result && !failing) tell(view, { step: 'renewal-failed', failure: result });
      failing = result !== null;
      renewAtMs = failing ? view.nowMs + Math.min(1_000, renewEveryMs) : begunMs + renewEveryMs;
      continue;
    }
    const input = yield earliest(options.untilMs, renewAtMs, options.lookout?.nextMs());
    options.lookout?.take(view, input);
  }
}

function endOf(view: LeaseView, held: Held, { untilMs, notice, lookout }: KeepOptions): KeepEnd | null {
  const record = view.newest ?? null;
  if (record === null) return { end: 'lost', record };
  if (!isOurs({ holder: held.plan.holder, note: held.note }, record)) {
    const emptied = record.holder === null || record.holder === '';
    return emptied ? { end: 'emptied', record } : { end: 'lost', record };
  }
  if (notice && saidStopped(held, record)) return { end: 'notice' };
  if (lookout?.proof) return { end: 'pod' };
  if (untilMs !== null && view.nowMs >= untilMs) return { end: 'over' };
  return view.interrupts > 0 ? { end: 'interrupted' } : null;
}

/** `kle.dev/stopped` with our id, in a version later than our first one, which removed any older notice. */
export function saidStopped(held: Pick<Held, 'note' | 'resourceVersion'>, record: LeaseRecord): boolean {
  return (
    record.annotations[STOPPED_ANNOTATION] === held.note.id &&
    compareVersions(record.resourceVersion, held.resourceVersion) > 0
  );
}

function* renew(view: LeaseView, held: Held, untilMs: number | null): Procedure<ApiFailure | null> {
  const { plan, note } = held;
  const ours = { holder: plan.holder, note };
  const result = yield* write(view, {
    build: (base) => keeping(base, holderTime(base, view.serverNow() ?? note.sentAt, note.offsetMs), note),
    accepts: (base) => isOurs(ours, base) && !saidStopped(held, base),
    untilMs: earliest(untilMs, view.nowMs + plan.requestMs) ?? view.nowMs,
    requestMs: plan.requestMs,
    onInterrupt: 'leave',
    retries: false,
  });
  return result.as === 'failed' ? result.failure : null;
}

/** Sends one note to the journal and waits until it is on disk. */
export function* journal(
  view: LeaseView,
  effect: Extract<Effect, { do: 'journal-begin' | 'journal-sending' | 'journal-settle' }>,
): Procedure<JournalResult> {
  view.emit(effect);
  for (;;) {
    const input = yield null;
    if (input.type === 'journal' && input.id === effect.id) return input.result;
  }
}

export const beginJournal = (view: LeaseView, operation: JournalOperation): Procedure<JournalResult> =>
  journal(view, { do: 'journal-begin', id: view.newId(), operation });

export const settleJournal = (view: LeaseView, operation: string): Procedure<JournalResult> =>
  journal(view, { do: 'journal-settle', id: view.newId(), operation });
