/** Every Lease that a chaos verb writes: the record's own JSON, amended under its uid and resourceVersion (fact 5). */
import { formatMicroTime, MICROS_PER_MS, type Micros } from './micro-time.js';
import {
  formatOperation,
  OPERATION_ANNOTATION,
  type OperationNote,
  type PreviousSpec,
  STOPPED_ANNOTATION,
} from './operation.js';
import { type Amendment, amend, type LeaseObject, type LeaseRecord } from './record.js';

/** leaseTransitions is an int32. */
const MOST_TRANSITIONS = 2 ** 31 - 1;

export const fenceHolder = (id: string): string => `kle/${id}`;

/** What a verb must remember of a spec to put it back. */
export function previousOf(record: LeaseRecord): PreviousSpec {
  const { holder, leaseDurationSeconds, acquireTime, renewTime, transitions } = record;
  return {
    ...(holder === null ? {} : { holderIdentity: holder }),
    ...(leaseDurationSeconds === null || leaseDurationSeconds < 1 ? {} : { leaseDurationSeconds }),
    ...(acquireTime === null ? {} : { acquireTime: formatMicroTime(acquireTime) }),
    ...(renewTime === null ? {} : { renewTime: formatMicroTime(renewTime) }),
    ...(transitions === null || transitions < 0 ? {} : { leaseTransitions: transitions }),
  };
}

/** A time in the holder's clock, never earlier than the one it replaces: writer-clock standbys see what they are used to. */
export function holderTime(record: LeaseRecord, serverNow: Micros, offsetMs: number): Micros {
  const now = serverNow + BigInt(Math.round(offsetMs)) * MICROS_PER_MS;
  return record.renewTime !== null && record.renewTime > now ? record.renewTime : now;
}

export interface Taking {
  holder: string;
  durationSeconds: number;
  /** As `holderTime` gives it. */
  time: Micros;
  note: OperationNote;
}

/** The fence or a steal: a new holder, one transition more, and no stopped notice of an earlier operation. */
export function taking(record: LeaseRecord, { holder, durationSeconds, time, note }: Taking): LeaseObject {
  const at = formatMicroTime(time);
  return amend(record, {
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: durationSeconds,
      acquireTime: at,
      renewTime: at,
      leaseTransitions: Math.min(Math.max(0, record.transitions ?? 0) + 1, MOST_TRANSITIONS),
    },
    annotations: annotationsOf(record, { [OPERATION_ANNOTATION]: noteText(note), [STOPPED_ANNOTATION]: null }),
  });
}

/** Our own record renewed. Its mark is written again, in case somebody took it away. */
export function keeping(record: LeaseRecord, time: Micros, note: OperationNote): LeaseObject {
  return amend(record, {
    spec: { renewTime: formatMicroTime(time) },
    annotations: annotationsOf(record, { [OPERATION_ANNOTATION]: noteText(note) }),
  });
}

/** client-go's form of release: `""`, duration 1, both times now, transitions kept, kle's annotations gone (fact 6). */
export function freeing(record: LeaseRecord, time: Micros): LeaseObject {
  const at = formatMicroTime(time);
  return amend(record, {
    spec: { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: at, renewTime: at },
    annotations: annotationsOf(record, GONE),
  });
}

/** The holder's name taken out and nothing else: what `release --via clear` was measured with. */
export function clearing(record: LeaseRecord): LeaseObject {
  return amend(record, { spec: { holderIdentity: '' }, annotations: annotationsOf(record, GONE) });
}

/** The named candidate written in; it has to renew by itself. */
export function handingOver(
  record: LeaseRecord,
  to: { holder: string; durationSeconds: number; time: Micros; note: OperationNote },
): LeaseObject {
  const at = formatMicroTime(to.time);
  return amend(record, {
    spec: { holderIdentity: to.holder, leaseDurationSeconds: to.durationSeconds, acquireTime: at, renewTime: at },
    annotations: annotationsOf(record, { [OPERATION_ANNOTATION]: noteText(to.note), [STOPPED_ANNOTATION]: null }),
  });
}

/**
 * The old holder again: its duration and acquireTime, transitions as they are now, renewTime now in its clock. With the
 * old renewTime a standby would take the Lease while the incumbent still works (research/model.md).
 */
export function puttingBack(record: LeaseRecord, previous: PreviousSpec, time: Micros): LeaseObject {
  const { holderIdentity = '', leaseDurationSeconds, acquireTime } = previous;
  return amend(record, {
    spec: {
      holderIdentity,
      ...(leaseDurationSeconds === undefined ? {} : { leaseDurationSeconds }),
      ...(acquireTime === undefined ? {} : { acquireTime }),
      renewTime: formatMicroTime(time),
    },
    annotations: annotationsOf(record, GONE),
  });
}

/** What a skew changes: one field, by so much or to so much. */
export type Shift = { renewTimeMs: number } | { leaseDurationSeconds: number };

export function skewing(record: LeaseRecord, shift: Shift, note: OperationNote): LeaseObject {
  return amend(record, {
    spec: 'renewTimeMs' in shift ? { renewTime: shiftedTime(record, shift.renewTimeMs) } : shift,
    annotations: annotationsOf(record, { [OPERATION_ANNOTATION]: noteText(note) }),
  });
}

/** The shifted field as the holder wrote it, and the mark gone. */
export function unskewing(record: LeaseRecord, shift: Shift, previous: PreviousSpec): LeaseObject {
  const { renewTime, leaseDurationSeconds } = previous;
  const spec: Amendment['spec'] = {};
  if ('renewTimeMs' in shift && renewTime !== undefined) spec.renewTime = renewTime;
  if (!('renewTimeMs' in shift) && leaseDurationSeconds !== undefined) spec.leaseDurationSeconds = leaseDurationSeconds;
  return amend(record, { spec, annotations: annotationsOf(record, GONE) });
}

/** kle's annotations taken away, the spec untouched. */
export function unmarking(record: LeaseRecord): LeaseObject {
  return amend(record, { annotations: annotationsOf(record, GONE) });
}

/** A mark without any effect, only so that resourceVersion moves and a PUT still under way gets 409. */
export function marking(record: LeaseRecord, note: OperationNote): LeaseObject {
  return amend(record, { annotations: annotationsOf(record, { [OPERATION_ANNOTATION]: noteText(note) }) });
}

/** Coordinated leader election (KEP-4355): the wish, which the present holder honours by not renewing. */
export function preferring(record: LeaseRecord, preferredHolder: string): LeaseObject {
  return amend(record, { spec: { preferredHolder } });
}

/** Whether a server-side-apply client owns fields of spec, which a leftover Update entry of kle would conflict with. */
export function hasAppliers(record: LeaseRecord): boolean {
  return entriesOf(record).some(
    (entry) => entry.operation === 'Apply' && isObject(entry.fieldsV1) && entry.fieldsV1['f:spec'] !== undefined,
  );
}

/**
 * The same object without kle's claim on its spec; null when it has none. The PUT that changes a field cannot drop the
 * entry that it makes, a second one can.
 */
export function withoutOwnEntry(record: LeaseRecord, manager = 'kle'): LeaseObject | null {
  const entries = entriesOf(record);
  const own = entries.filter((entry) => entry.manager === manager);
  const [first] = own;
  if (!first || !own.some(({ fieldsV1 }) => isObject(fieldsV1) && fieldsV1['f:spec'] !== undefined)) return null;
  const kept = entries.filter((entry) => entry.manager !== manager);
  const body = amend(record, {});
  // With no entry at all the server would give every field to `before-first-apply`, with which the next apply conflicts.
  body.metadata.managedFields = kept.length > 0 ? kept : [{ ...first, fieldsV1: NO_SPEC }];
  return body;
}

const NO_SPEC = { 'f:metadata': { 'f:annotations': {} } };

/** Throws RangeError where the time would leave the years that Leases can write. */
export function shiftedTime(record: LeaseRecord, byMs: number): string {
  const time = (record.renewTime ?? 0n) + BigInt(Math.round(byMs)) * MICROS_PER_MS;
  return formatMicroTime(time);
}

/** Positive: `a` is the later version of one cluster (decimal, up to 64 bits; KEP-5504). Zero where they do not compare. */
export function compareVersions(a: string | null, b: string | null): number {
  if (a === null || b === null || !/^\d+$/.test(a) || !/^\d+$/.test(b)) return 0;
  return a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : a.length - b.length;
}

const GONE = { [OPERATION_ANNOTATION]: null, [STOPPED_ANNOTATION]: null };

/** Leaves the annotations member alone where there is nothing to take away. */
function annotationsOf(record: LeaseRecord, changes: Record<string, string | null>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(changes).filter(([key, value]) => value !== null || record.annotations[key] !== undefined),
  );
}

function noteText(note: OperationNote): string {
  const text = formatOperation(note);
  if (text === null) throw new RangeError('the mark of this operation would be longer than 8 KiB');
  return text;
}

function entriesOf(record: LeaseRecord): Record<string, unknown>[] {
  const metadata: unknown = record.raw.metadata;
  const entries = isObject(metadata) ? metadata.managedFields : undefined;
  return Array.isArray(entries) ? entries.filter(isObject) : [];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
