/** Notes to the journal, as steps of a procedure: each is on disk before the next effect. */
import type { LeaseView } from './lease-view.js';
import type { JournalOperation, JournalResult } from './ports.js';
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

export const beginJournal = (view: LeaseView, operation: JournalOperation): Procedure<JournalResult> =>
  journal(view, { do: 'journal-begin', id: view.newId(), operation });

export const settleJournal = (view: LeaseView, operation: string): Procedure<JournalResult> =>
  journal(view, { do: 'journal-settle', id: view.newId(), operation });
