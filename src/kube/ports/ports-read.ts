/** Reading JSON of other resources without trust. */
import type { Answer, ApiFailure } from '../../lease/api.js';
import { type Micros, parseMicroTime } from '../../lease/micro-time.js';

export type Json = Record<string, unknown>;

export const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
export const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.map(objectOf) : []);
export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
export const timeOf = (value: unknown): Micros | null =>
  typeof value === 'string' ? (parseMicroTime(value) ?? null) : null;

/** The answer with its value read, or `not-kubernetes` where it is nothing of the kind. */
export function readAs<T>(answer: Answer<unknown>, read: (value: Json) => T | null, expected: string): Answer<T> {
  if (!answer.ok) return answer;
  const value = read(objectOf(answer.value));
  if (value !== null) return { ...answer, value };
  const message = `the answer is not ${expected}`;
  const failure: ApiFailure = { kind: 'not-kubernetes', status: 200, contentType: 'application/json', message };
  return { ok: false, failure, mayHaveApplied: false, times: answer.times };
}

export const segment = (name: string): string => encodeURIComponent(name);
