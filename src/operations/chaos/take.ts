/** Taking a Lease from the holder that was planned for, and from nobody else. */
import type { ApiFailure } from '../../lease/api.js';
import type { OperationNote } from '../../lease/operation.js';
import { holderTime, marking, taking } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import type { LeaseView } from '../lease-view.js';
import type { Held, TakingPlan } from './held.js';
import { journal } from './journal-steps.js';
import type { Procedure } from './procedure.js';
import { tell } from './steps.js';
import { write } from './write.js';

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

export type NotTaken = Exclude<Taken, { as: 'held' }>;

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
