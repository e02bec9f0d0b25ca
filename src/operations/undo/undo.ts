/** Putting back what an interrupted chaos verb left changed: from its journal on this machine, or from the Lease's mark. */
import type { ApiFailure, LeaseRef } from '../../lease/api.js';
import { type OperationNote, type OperationVerb, readOperation } from '../../lease/operation.js';
import { type Shift, unmarking, unskewing } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import { firstLook } from '../chaos/measure.js';
import { dropOwnEntry } from '../chaos/own-entry.js';
import type { Procedure } from '../chaos/procedure.js';
import { putBack, takeMarkAway } from '../chaos/put-back.js';
import { Session, type SessionOptions } from '../chaos/session.js';
import { tell } from '../chaos/steps.js';
import { write } from '../chaos/write.js';
import type { LeaseView } from '../lease-view.js';
import type { JournalReader, OperationPorts } from '../ports.js';
import { chooseUndo, factsOf, shiftFrom, skewStands, type UndoCandidate, type UndoChoice } from './undo-find.js';

export type UndoOutcome = 'put-back' | 'freed' | 'nothing' | 'moved-on' | 'failed';

export interface UndoItem {
  id: string;
  lease: LeaseRef;
  verb: OperationVerb;
  outcome: UndoOutcome;
  /** What was written into the spec; null: nothing. */
  wrote: 'holder' | 'free' | 'renewTime' | 'leaseDurationSeconds' | null;
  /** Why nothing was written, or what is there. */
  why: UndoChoice | null;
  holder: string | null;
  failure: ApiFailure | null;
}

/**
 * Does it. The Lease is watched while it is written, and decided upon anew after each conflict. An interrupt does not stop
 * what puts things right; null: it came before anything was written.
 */
export async function undo(
  candidate: UndoCandidate,
  ports: OperationPorts & { journals: JournalReader; server: string },
  context: { byId: boolean },
  options: SessionOptions = {},
): Promise<UndoItem | null> {
  const { id, lease, verb } = candidate;
  const item = (outcome: UndoOutcome, more: Partial<UndoItem> = {}): UndoItem => ({
    id,
    lease,
    verb,
    outcome,
    wrote: null,
    why: null,
    holder: candidate.record?.holder ?? null,
    failure: null,
    ...more,
  });
  if (candidate.failure) return item('failed', { failure: candidate.failure });
  const choice = chooseUndo(candidate, {
    server: ports.server,
    serverNow: ports.leases.serverTime()?.earliest ?? null,
    byId: context.byId,
  });
  if (choice === 'alive') return item('nothing', { why: choice });
  if (choice === 'disagree' || choice === 'other-server') return item('moved-on', { why: choice });
  if (choice === 'moved-on') {
    await ports.journals.settle(id);
    const settledByOthers = candidate.record !== null && candidate.note === null;
    return item(settledByOthers ? 'nothing' : 'moved-on', { why: choice });
  }
  // A skew that never wrote, or whose mark the next elector took away.
  if (choice === 'nothing' && candidate.note === null) {
    await ports.journals.settle(id);
    return item('nothing', { why: choice });
  }
  const session = new Session(lease, ports, options);
  try {
    const done = await session.run(carryOut(session.view, candidate, choice, ports));
    if (done === null) return null;
    if (done.outcome !== 'failed') await ports.journals.settle(id);
    return item(done.outcome, { why: choice, ...done });
  } finally {
    session.close();
  }
}

function* carryOut(
  view: LeaseView,
  candidate: UndoCandidate,
  choice: UndoChoice,
  ports: { requestMs: number },
): Procedure<(Partial<UndoItem> & { outcome: UndoOutcome }) | null> {
  const early = yield* firstLook(view, ports.requestMs);
  if (view.interrupts > 0) return null;
  if (early?.as === 'failed') return { outcome: 'failed', failure: early.failure };
  const limits = { untilMs: view.nowMs + ports.requestMs, requestMs: ports.requestMs };
  const facts = factsOf(candidate);
  if (facts === null) return { outcome: 'moved-on' };
  if (candidate.verb === 'skew') return yield* unskew(view, candidate, facts.note, limits);
  if (choice === 'nothing') {
    yield* takeMarkAway(view, candidate.id);
    return { outcome: 'nothing' };
  }
  const appliers = candidate.journal?.operation.appliers ?? false;
  const back = yield* putBack(view, { ...facts, stopWaitOver: choice === 'free', appliers }, limits);
  switch (back.as) {
    case 'freed':
      return { outcome: 'freed', wrote: 'free', holder: '' };
    case 'put-back':
      return { outcome: 'put-back', wrote: 'holder', holder: back.holder };
    case 'moved-on':
      return movedOn(back.record, candidate.id);
    case 'failed':
      return { outcome: 'failed', failure: back.failure };
  }
}

/** Without the mark it was settled meanwhile: the last request of a kle that was killed may come after the first look. */
function movedOn(record: LeaseRecord | null, id: string): { outcome: UndoOutcome; holder: string | null } {
  const settled = record !== null && readOperation(record.annotations)?.id !== id;
  return { outcome: settled ? 'nothing' : 'moved-on', holder: record?.holder ?? null };
}

function* unskew(
  view: LeaseView,
  candidate: UndoCandidate,
  note: OperationNote,
  limits: { untilMs: number; requestMs: number },
): Procedure<Partial<UndoItem> & { outcome: UndoOutcome }> {
  let shift: Shift | null = null;
  let restored = false;
  const result = yield* write(view, {
    build: (base) => {
      shift = candidate.journal?.operation.shift ?? shiftFrom(base, note);
      restored = shift !== null && base.holder === note.previous.spec.holderIdentity && skewStands(base, note, shift);
      return restored && shift ? unskewing(base, shift, note.previous.spec) : unmarking(base);
    },
    accepts: (base) => readOperation(base.annotations)?.id === note.id,
    ...limits,
    onInterrupt: 'finish',
    retries: true,
  });
  if (result.as === 'failed') return { outcome: 'failed', failure: result.failure };
  if (result.as !== 'written') return movedOn(view.newest ?? null, candidate.id);
  yield* dropOwnEntry(view, candidate.journal?.operation.appliers ?? false);
  if (!restored) return { outcome: 'nothing' };
  const { renewTime, leaseDurationSeconds } = note.previous.spec;
  const inTime = shift !== null && 'renewTimeMs' in (shift as Shift);
  tell(view, { step: 'unshifted', to: inTime ? (renewTime ?? '') : `${leaseDurationSeconds ?? ''}` });
  return { outcome: 'put-back', wrote: inTime ? 'renewTime' : 'leaseDurationSeconds' };
}
