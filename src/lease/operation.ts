/** The annotation by which a running chaos verb marks a Lease (STEP-DOWN, "Annotations"). */

export const OPERATION_ANNOTATION = 'kle.dev/operation';
const LONGEST_BYTES = 8 * 1024;
const ID = /^[a-z0-9]{10}$/;

/** The part that any reader needs. What is taken from an annotation is worth as much as the right to update the Lease. */
export interface OperationMark {
  /** Ten of a–z and 0–9. */
  id: string;
  verb: 'release' | 'steal' | 'skew';
  phase: 'fence' | 'hold' | 'handover';
}

/** Null when there is no mark or it is not well formed: it then means nothing. */
export function readOperation(annotations: Record<string, string>): OperationMark | null {
  const text = annotations[OPERATION_ANNOTATION];
  if (text === undefined || new TextEncoder().encode(text).length > LONGEST_BYTES) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { id, verb, phase } = value as Record<string, unknown>;
  if (typeof id !== 'string' || !ID.test(id)) return null;
  if (verb !== 'release' && verb !== 'steal' && verb !== 'skew') return null;
  if (phase !== 'fence' && phase !== 'hold' && phase !== 'handover') return null;
  return { id, verb, phase };
}
