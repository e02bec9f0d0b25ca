/** What is put back when an operation ends early (STEP-DOWN, "Put back"): decided purely, then written. */
import type { ApiFailure } from '../../lease/api.js';
import { type OperationNote, readOperation, STOPPED_ANNOTATION } from '../../lease/operation.js';
import { freeing, holderTime, puttingBack, unmarking } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import type { LeaseView } from '../lease-view.js';
import { isOurs } from './held.js';
import { dropOwnEntry } from './own-entry.js';
import type { Procedure } from './procedure.js';
import { tell } from './steps.js';
import { write } from './write.js';

export interface PutBackFacts {
  /** The holder that the operation wrote. */
  holder: string;
  note: OperationNote;
  /** The incumbent must have stopped by now. */
  stopWaitOver: boolean;
}

export type PutBackChoice = 'free' | 'put-back' | 'nothing';

/** The table's rows for a Lease that the operation took. `nothing`: the spec is not ours. */
export function choosePutBack(record: LeaseRecord | null, facts: PutBackFacts): PutBackChoice {
  if (record === null || !isOurs({ holder: facts.holder, note: facts.note }, record)) return 'nothing';
  if (facts.stopWaitOver || record.annotations[STOPPED_ANNOTATION] === facts.note.id) return 'free';
  // Nobody held it before, so nobody's work can be interrupted by freeing it.
  return facts.note.previous.spec.holderIdentity ? 'put-back' : 'free';
}

export type PutBack =
  | { as: 'freed'; seenMs: number }
  | { as: 'put-back'; holder: string }
  /** Somebody else has changed it: nothing was written. */
  | { as: 'moved-on'; record: LeaseRecord | null }
  /** Something is left changed. */
  | { as: 'failed'; failure: ApiFailure };

/** Writes what the table says for the newest version, decided anew after each conflict. */
export function* putBack(
  view: LeaseView,
  facts: PutBackFacts & { appliers: boolean },
  limits: { untilMs: number; requestMs: number },
): Procedure<PutBack> {
  const { note } = facts;
  let chosen: PutBackChoice = 'nothing';
  const result = yield* write(view, {
    build: (base) => {
      chosen = choosePutBack(base, facts);
      const time = holderTime(base, view.serverNow() ?? note.sentAt, note.offsetMs);
      return chosen === 'free' ? freeing(base, time) : puttingBack(base, note.previous.spec, time);
    },
    accepts: (base) => choosePutBack(base, facts) !== 'nothing',
    ...limits,
    onInterrupt: 'finish',
    retries: true,
  });
  if (result.as === 'written') {
    yield* dropOwnEntry(view, facts.appliers);
    if ((chosen as PutBackChoice) === 'free') {
      tell(view, { step: 'freed' }, result.seenMs);
      return { as: 'freed', seenMs: result.seenMs };
    }
    const holder = note.previous.spec.holderIdentity ?? '';
    tell(view, { step: 'put-back', holder }, result.seenMs);
    return { as: 'put-back', holder };
  }
  if (result.as === 'failed') return { as: 'failed', failure: result.failure };
  const record = result.as === 'moved-on' ? result.record : (view.newest ?? null);
  tell(view, record ? { step: 'changed-by-others', holder: record.holder } : { step: 'deleted' });
  return { as: 'moved-on', record };
}

/**
 * Takes the mark away and leaves the spec alone: of a hand-over that was adopted, since readers would take the next holder
 * for an assigned one, and of a skew. Electors keep annotations that they do not know. Whether it succeeds is of no weight.
 */
export function* takeMarkAway(view: LeaseView, id: string): Procedure<void> {
  yield* write(view, {
    build: unmarking,
    accepts: (record) => readOperation(record.annotations)?.id === id,
    untilMs: view.nowMs + 3_000,
    requestMs: 2_000,
    onInterrupt: 'finish',
    retries: false,
  });
}
