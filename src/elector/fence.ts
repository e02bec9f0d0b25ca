/** Fences and hand-overs as an elector reads them (STEP-DOWN). */
import { type Micros, parseMicroTime } from '../lease/micro-time.js';
import { OPERATION_ANNOTATION, readOperation } from '../lease/operation.js';
import type { LeaseRecord } from '../lease/record.js';

/** The incumbent's own statement that its work has ended; its value is the fence's id. */
export const STOPPED_ANNOTATION = 'kle.dev/stopped';

/** The id of the fence that holds the Lease; null when none does. A `kle/…` holder without its mark is like any other. */
export function fenceOf(record: LeaseRecord): string | null {
  if (!record.holder?.startsWith('kle/')) return null;
  const mark = readOperation(record.annotations);
  if (mark?.verb !== 'release' || mark.phase !== 'fence') return null;
  return record.holder === `kle/${mark.id}` ? mark.id : null;
}

/** The end of that very fence, in favour of `identity`. */
export function isHandOverOf(record: LeaseRecord, fence: string, identity: string): boolean {
  if (record.holder !== identity) return false;
  const mark = readOperation(record.annotations);
  return mark?.verb === 'release' && mark.phase === 'handover' && mark.id === fence;
}

/**
 * The fence replaced this very term (null: a term of this identity, whichever). The word of a process whose term was not the replaced one would end the wait for
 * the one that still works.
 */
export function deposes(record: LeaseRecord, identity: string, term: { acquireTime: Micros | null } | null): boolean {
  const previous = previousSpec(record);
  if (previous?.holderIdentity !== identity) return false;
  const { acquireTime } = previous;
  return term === null || typeof acquireTime !== 'string' || parseMicroTime(acquireTime) === term.acquireTime;
}

function previousSpec(record: LeaseRecord): Record<string, unknown> | null {
  try {
    const { previous } = JSON.parse(record.annotations[OPERATION_ANNOTATION] ?? 'null') as {
      previous?: { spec?: Record<string, unknown> };
    };
    return previous?.spec ?? null;
  } catch {
    return null;
  }
}
