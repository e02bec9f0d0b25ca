/** Notes to the journal, as steps of a procedure: each is on disk before the next effect. */
import type { OperationNote } from '../../lease/operation.js';
import type { LeaseView } from '../lease-view.js';
import type { JournalOperation, JournalResult } from '../ports.js';
import type { PlanFacts } from './plan.js';
import type { Effect, Procedure } from './procedure.js';

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

/** Journal first: nothing is written to the cluster that a killed kle could not be undone from. */
export function beginJournal(
  view: LeaseView,
  { id, verb, previous, renewPeriodMs, offsetMs }: OperationNote,
  { lease, uid }: PlanFacts,
  more: Pick<JournalOperation, 'holder' | 'stopWaitMs' | 'appliers' | 'shift'>,
): Procedure<JournalResult> {
  const operation = { id, verb, lease, uid, previous: previous.spec, renewPeriodMs, offsetMs, ...more };
  return journal(view, { do: 'journal-begin', id: view.newId(), operation });
}

export const settleJournal = (view: LeaseView, operation: string): Procedure<JournalResult> =>
  journal(view, { do: 'journal-settle', id: view.newId(), operation });
