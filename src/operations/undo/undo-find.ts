/** What there is to undo, from journals and marks, and what is to be done about each: decided on data alone. */
import { isAbsent } from '../../lease/absence.js';
import type { Answer, ApiFailure, LeaseApi, LeaseRef } from '../../lease/api.js';
import { type Micros, parseMicroTime } from '../../lease/micro-time.js';
import { type OperationNote, type OperationVerb, readOperation, readOperationNote } from '../../lease/operation.js';
import { fenceHolder, type Shift } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import { stopWaitMs } from '../../lease/timing.js';
import { choosePutBack, type PutBackChoice } from '../chaos/put-back.js';
import type { JournalEntry, JournalReader } from '../ports.js';

/** One operation that might be undone, and what its Lease says now. */
export interface UndoCandidate {
  id: string;
  verb: OperationVerb;
  lease: LeaseRef;
  /** On this machine; null: only the Lease's mark is known. */
  journal: JournalEntry | null;
  /** From the Lease; null: it carries no such mark. */
  note: OperationNote | null;
  record: LeaseRecord | null;
  /** Why the Lease could not be read. */
  failure: ApiFailure | null;
}

export type UndoChoice = PutBackChoice | 'unshift' | 'moved-on' | 'disagree' | 'other-server' | 'alive';

export interface UndoPorts {
  leases: LeaseApi;
  journals: JournalReader;
  /** The server's address that this call reaches. */
  server: string;
  signal: AbortSignal;
}

export interface UndoScope {
  id: string | null;
  /** Where to look for marks; null: nowhere (no ID, no -n, no -A); `''`: every namespace. */
  namespace: string | null;
}

/** What there is to undo. Reads the Leases that journals name, and those of the scope that carry a mark. */
export async function findUndos(scope: UndoScope, ports: UndoPorts): Promise<Answer<UndoCandidate[]>> {
  const entries = await ports.journals.entries();
  const wanted = entries.filter(({ operation }) => scope.id === null || operation.id === scope.id);
  const local = await Promise.all(wanted.map((entry) => fromJournal(entry, ports)));
  const times = { sentMs: 0, receivedMs: 0 };
  if (scope.namespace === null || (scope.id !== null && local.length > 0)) return { ok: true, value: local, times };
  const listed = await ports.leases.list(scope.namespace === '' ? {} : { namespace: scope.namespace }, {
    signal: ports.signal,
  });
  if (!listed.ok) return listed;
  const known = new Set(local.map((one) => one.id));
  const marked = listed.value.items.flatMap((record) => fromMark(record)).filter((one) => !known.has(one.id));
  return { ok: true, value: [...local, ...marked.filter((one) => scope.id === null || one.id === scope.id)], times };
}

async function fromJournal(entry: JournalEntry, ports: UndoPorts): Promise<UndoCandidate> {
  const { id, verb, lease } = entry.operation;
  const base = { id, verb, lease, journal: entry, note: null, record: null, failure: null };
  if (entry.server !== ports.server) return base;
  const answer = await ports.leases.get(lease, { signal: ports.signal });
  if (answer.ok) return { ...base, record: answer.value, note: noteOf(answer.value, id) };
  return isAbsent(answer.failure) ? base : { ...base, failure: answer.failure };
}

function fromMark(record: LeaseRecord): UndoCandidate[] {
  const mark = readOperation(record.annotations);
  if (!mark) return [];
  const lease = { namespace: record.namespace, name: record.name };
  const note = readOperationNote(record.annotations);
  return [{ id: mark.id, verb: mark.verb, lease, journal: null, note, record, failure: null }];
}

function noteOf(record: LeaseRecord, id: string): OperationNote | null {
  const note = readOperationNote(record.annotations);
  return note?.id === id ? note : null;
}

/** What to do about one, decided from the data alone. `serverNow`: not later than the server's time; null: not known. */
export function chooseUndo(
  candidate: UndoCandidate,
  context: { server: string; serverNow: Micros | null; byId: boolean },
): UndoChoice {
  const { journal, record, note } = candidate;
  if (journal !== null && journal.server !== context.server) return 'other-server';
  // Named, it is the user's word against a process that runs.
  if (journal?.alive && !context.byId) return 'alive';
  if (record === null || (journal !== null && record.uid !== journal.operation.uid)) return 'moved-on';
  const facts = factsOf(candidate);
  if (facts === null) return 'moved-on';
  if (note !== null && journal !== null && !agree(note, journal)) return 'disagree';
  if (candidate.verb === 'skew') return chooseUnskew(candidate);
  const stopWaitOver = stopWaitOverBy(candidate, context.serverNow);
  const choice = choosePutBack(record, { ...facts, stopWaitOver });
  if (choice !== 'nothing') return choice;
  return wasAdopted(record, note) ? 'nothing' : 'moved-on';
}

/** Handed over, and renewed by whom it was handed to: what was left to do is to take the mark away. */
const wasAdopted = (record: LeaseRecord, note: OperationNote | null): boolean =>
  note?.phase === 'handover' && note.to !== null && record.holder === note.to;

/** The journal wins over the annotation, which anybody may have written who may update the Lease. */
export function factsOf(candidate: UndoCandidate): { holder: string; note: OperationNote } | null {
  const { journal, note, id, verb } = candidate;
  if (journal === null) {
    if (note === null) return null;
    // `to` is whom a hand-over names, and under which identity a Lease was stolen.
    const named = note.phase === 'fence' ? null : note.to;
    return { holder: verb === 'skew' ? '' : (named ?? fenceHolder(id)), note };
  }
  const { operation } = journal;
  const fallback: OperationNote = {
    id,
    verb,
    phase: verb === 'release' ? 'fence' : 'hold',
    by: '',
    sentAt: 0n,
    until: 0n,
    renewPeriodMs: operation.renewPeriodMs,
    offsetMs: operation.offsetMs,
    previous: { spec: operation.previous },
    to: null,
  };
  const handed = note?.phase === 'handover' && note.to !== null;
  // A skew's annotation follows the holder's renewals, its journal does not.
  const previous = verb === 'skew' && note ? note.previous : fallback.previous;
  return { holder: handed ? (note.to ?? '') : operation.holder, note: { ...fallback, ...note, previous } };
}

function agree(note: OperationNote, { operation }: JournalEntry): boolean {
  const [a, b] = [note.previous.spec, operation.previous];
  if (note.verb !== operation.verb || a.holderIdentity !== b.holderIdentity) return false;
  if (operation.verb !== 'skew' && (a.renewTime !== b.renewTime || a.acquireTime !== b.acquireTime)) {
    // A second fence, after somebody emptied the first, remembers the same previous spec: these never differ by right.
    return false;
  }
  const shiftsDuration = operation.shift !== null && 'leaseDurationSeconds' in operation.shift;
  return shiftsDuration || a.leaseDurationSeconds === b.leaseDurationSeconds;
}

/** A hand-over is written only after the stop wait. Else by this boot's clock, or by the server's. */
function stopWaitOverBy({ journal, note }: UndoCandidate, serverNow: Micros | null): boolean {
  if (note?.phase === 'handover') return true;
  if (journal?.sentAgoMs != null) return journal.sentAgoMs >= journal.operation.stopWaitMs;
  if (note === null || serverNow === null) return false;
  const { leaseDurationSeconds } = note.previous.spec;
  if (!note.previous.spec.holderIdentity) return true;
  // From what the Lease says: its `until` may have been set by anybody, so the full rule is applied to what it replaced.
  const fullMs =
    leaseDurationSeconds === undefined
      ? null
      : stopWaitMs({ leaseDurationMs: leaseDurationSeconds * 1000, renewPeriodMs: note.renewPeriodMs });
  const waitMs = journal?.operation.stopWaitMs ?? fullMs;
  return waitMs !== null && serverNow - note.sentAt >= BigInt(Math.round(waitMs)) * 1000n;
}

/** Still as the skew wrote it: the time that it wrote, which is the previous one shifted; else the holder has renewed. */
function chooseUnskew({ record, note, journal }: UndoCandidate): UndoChoice {
  if (record === null || note === null || note.verb !== 'skew') return 'nothing';
  if (record.holder !== note.previous.spec.holderIdentity) return 'moved-on';
  const shift = journal?.operation.shift ?? shiftFrom(record, note);
  if (shift === null) return 'nothing';
  return skewStands(record, note, shift) ? 'unshift' : 'nothing';
}

/** Whether the version is one that the skew wrote: kle moved the field last, and the holder has not written since. */
export function skewStands(record: LeaseRecord, note: OperationNote, shift: Shift): boolean {
  const { renewTime, leaseDurationSeconds } = note.previous.spec;
  if ('leaseDurationSeconds' in shift) {
    return (
      record.leaseDurationSeconds === shift.leaseDurationSeconds && record.leaseDurationSeconds !== leaseDurationSeconds
    );
  }
  if (record.renewTime === null || renewTime === undefined) return false;
  const previous = candidateTime(renewTime);
  return previous !== null && record.renewTime - previous === BigInt(Math.round(shift.renewTimeMs)) * 1000n;
}

export function shiftFrom(record: LeaseRecord, note: OperationNote): Shift | null {
  const { renewTime, leaseDurationSeconds } = note.previous.spec;
  const previous = renewTime === undefined ? null : candidateTime(renewTime);
  // Without a journal: the mark's renewTime differs and kle was the last to write it.
  const byKle = record.renewal?.manager === 'kle';
  if (previous !== null && record.renewTime !== null && record.renewTime !== previous && byKle) {
    return { renewTimeMs: Number((record.renewTime - previous) / 1000n) };
  }
  if (leaseDurationSeconds !== undefined && record.leaseDurationSeconds !== leaseDurationSeconds && byKle) {
    return { leaseDurationSeconds: record.leaseDurationSeconds ?? leaseDurationSeconds };
  }
  return null;
}

const candidateTime = (text: string): Micros | null => parseMicroTime(text) ?? null;
