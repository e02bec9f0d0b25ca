/** The annotations by which a running chaos verb marks a Lease (STEP-DOWN, "Annotations"). */
import { formatMicroTime, type Micros, parseMicroTime } from './micro-time.js';

export const OPERATION_ANNOTATION = 'kle.dev/operation';
/** The incumbent's own statement that its work has ended; its value is the fence's id. */
export const STOPPED_ANNOTATION = 'kle.dev/stopped';
const LONGEST_BYTES = 8 * 1024;
const ID = /^[a-z0-9]{10}$/;

export type OperationVerb = 'release' | 'steal' | 'skew';
export type OperationPhase = 'fence' | 'hold' | 'handover';

/** The part that any reader needs. What is taken from an annotation is worth as much as the right to update the Lease. */
export interface OperationMark {
  /** Ten of a–z and 0–9. */
  id: string;
  verb: OperationVerb;
  phase: OperationPhase;
}

/** What the spec said before the verb changed it. Only fields that were there; times as text, as the holder wrote them. */
export interface PreviousSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/** The whole annotation: enough for anybody to put the Lease back. */
export interface OperationNote extends OperationMark {
  /** Empty unless `--by TEXT`. */
  by: string;
  /** Server's clock when the write was sent, taken late rather than early, so that an age from it is never too long. */
  sentAt: Micros;
  /** Server's clock: the stop wait (fence), the hold (steal, skew) or the wait for adoption (handover) ends then. */
  until: Micros;
  /** Largest gap between renewals measured, rounded up to 0.1 s. */
  renewPeriodMs: number;
  /** The holder's clock less the server's. */
  offsetMs: number;
  previous: { spec: PreviousSpec };
  /** `--to`; null: whoever comes first. */
  to: string | null;
}

/** Null when there is no mark or it is not well formed: it then means nothing. */
export function readOperation(annotations: Record<string, string>): OperationMark | null {
  const value = parsed(annotations);
  return value && markOf(value);
}

/** The whole note, each field type-checked; null when any is missing or wrong, so that nothing is put back from it. */
export function readOperationNote(annotations: Record<string, string>): OperationNote | null {
  const value = parsed(annotations);
  const mark = value && markOf(value);
  if (!value || !mark) return null;
  const { by, sentAt, until, renewPeriodMs, offsetMs, previous, to } = value;
  const [sent, end] = [timeOf(sentAt), timeOf(until)];
  const spec = isObject(previous) ? previousSpecOf(previous.spec) : null;
  if (sent === null || end === null || spec === null) return null;
  if (!isMs(renewPeriodMs) || renewPeriodMs < 0 || !isMs(offsetMs)) return null;
  if (to !== null && to !== undefined && typeof to !== 'string') return null;
  return {
    ...mark,
    by: typeof by === 'string' ? by : '',
    sentAt: sent,
    until: end,
    renewPeriodMs,
    offsetMs,
    previous: { spec },
    to: to ?? null,
  };
}

/** The annotation's value; null when it would be longer than readers take (a very long identity). */
export function formatOperation(note: OperationNote): string | null {
  const { sentAt, until, ...rest } = note;
  const text = JSON.stringify({ ...rest, sentAt: formatMicroTime(sentAt), until: formatMicroTime(until) });
  return byteLength(text) > LONGEST_BYTES ? null : text;
}

/** Checks a previous spec that came from an annotation or a journal; null when a field has another type than Leases have. */
export function previousSpecOf(value: unknown): PreviousSpec | null {
  if (!isObject(value)) return null;
  const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = value;
  const texts = [holderIdentity, acquireTime, renewTime].every((one) => one === undefined || typeof one === 'string');
  const counts = isCountOrAbsent(leaseDurationSeconds, 1) && isCountOrAbsent(leaseTransitions, 0);
  const times = [acquireTime, renewTime].every((one) => one === undefined || timeOf(one) !== null);
  if (!texts || !counts || !times) return null;
  const fields = { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions };
  return Object.fromEntries(Object.entries(fields).filter(([, one]) => one !== undefined));
}

function parsed(annotations: Record<string, string>): Record<string, unknown> | null {
  const text = annotations[OPERATION_ANNOTATION];
  if (text === undefined || byteLength(text) > LONGEST_BYTES) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function markOf({ id, verb, phase }: Record<string, unknown>): OperationMark | null {
  if (typeof id !== 'string' || !ID.test(id)) return null;
  if (verb !== 'release' && verb !== 'steal' && verb !== 'skew') return null;
  if (phase !== 'fence' && phase !== 'hold' && phase !== 'handover') return null;
  return { id, verb, phase };
}

const MOST_INT32 = 2 ** 31 - 1;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isMs = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const timeOf = (value: unknown): Micros | null => (typeof value === 'string' ? (parseMicroTime(value) ?? null) : null);
const byteLength = (text: string) => new TextEncoder().encode(text).length;
const isCountOrAbsent = (value: unknown, least: number) =>
  value === undefined ||
  (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= MOST_INT32);
