/** Results as JSON documents: `kle/v1alpha1`. Times are RFC 3339 with six digits, durations integers in ms, unknown is null. */
import { formatMicroTime, type Micros } from '../lease/micro-time.js';
import type { LeaseRole, Problem } from '../lease/record.js';
import type { Basis, LeaseState } from '../lease/verdict.js';
import type { StatusRow } from '../operations/status/status.js';

/** One item of a `LeaseStatusList`. */
export interface LeaseStatus {
  namespace: string;
  name: string;
  uid: string | null;
  resourceVersion: string | null;
  state: LeaseState;
  /** How the state was told; null where no clock was needed. */
  basis: Basis | null;
  /** `""`: emptied by a release; null: absent. */
  holder: string | null;
  leaseDurationSeconds: number | null;
  acquireTime: string | null;
  renewTime: string | null;
  /** Since the last sign of life by `basis`; with `server-clock`, at least this long ago. Negative: in the future. */
  renewedAgoMs: number | null;
  /** Negative: that long past. */
  expiresInMs: number | null;
  /** spec.leaseTransitions. */
  transitions: number | null;
  strategy: string | null;
  preferredHolder: string | null;
  role: LeaseRole | null;
  problems: Problem[];
}

export interface LeaseStatusList {
  apiVersion: 'kle/v1alpha1';
  kind: 'LeaseStatusList';
  items: LeaseStatus[];
}

export function leaseStatusList(rows: readonly StatusRow[]): LeaseStatusList {
  return { apiVersion: 'kle/v1alpha1', kind: 'LeaseStatusList', items: rows.map(leaseStatus) };
}

function leaseStatus({ ref, record, verdict }: StatusRow): LeaseStatus {
  return {
    namespace: ref.namespace,
    name: ref.name,
    uid: record?.uid ?? null,
    resourceVersion: record?.resourceVersion ?? null,
    state: verdict.state,
    basis: verdict.basis,
    holder: record?.holder ?? null,
    leaseDurationSeconds: record?.leaseDurationSeconds ?? null,
    acquireTime: time(record?.acquireTime),
    renewTime: time(record?.renewTime),
    renewedAgoMs: verdict.renewedAgoMs,
    expiresInMs: verdict.expiresInMs,
    transitions: record?.transitions ?? null,
    strategy: record?.strategy ?? null,
    preferredHolder: record?.preferredHolder ?? null,
    role: record?.role ?? null,
    problems: verdict.problems,
  };
}

const time = (micros: Micros | null | undefined) => (micros == null ? null : formatMicroTime(micros));

// JSON.stringify escapes C0 alone. DEL, C1, bidi controls, line separators and zero-width characters a terminal obeys or hides.
const HIDDEN = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const EVERY_HIDDEN = new RegExp(HIDDEN, 'g');

export const hasHidden = (text: string): boolean => HIDDEN.test(text);

/** The same in JSON's and YAML's own escapes; for text that stands in quotes. */
export function escapeForJson(text: string): string {
  return text.replace(EVERY_HIDDEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** JSON text that is safe on a terminal. Ends with a line feed. */
export function jsonText(document: object, indent = 2): string {
  return `${escapeForJson(JSON.stringify(document, null, indent))}\n`;
}
