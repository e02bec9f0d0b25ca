/** A Lease as the server sent it, read field by field without trust, with the raw object kept for writing. */
import { type Micros, parseMicroTime } from './micro-time.js';

/** A Lease in its JSON form. Writes are made from this, so that labels, owners and fields kle does not know survive. */
export interface LeaseObject {
  apiVersion?: string;
  kind?: string;
  metadata: { name: string; namespace: string; uid?: string; resourceVersion?: string; [key: string]: unknown };
  spec?: Record<string, unknown>;
  [key: string]: unknown;
}

/**
 * What the Lease is for. `node-heartbeat`: namespace kube-node-lease; `apiserver-identity`: label
 * `apiserver.kubernetes.io/identity`; `coordinated`: `spec.strategy` is set (KEP-4355); else `election`.
 */
export type LeaseRole = 'election' | 'coordinated' | 'node-heartbeat' | 'apiserver-identity';

export type LeaseField =
  | 'holderIdentity'
  | 'leaseDurationSeconds'
  | 'acquireTime'
  | 'renewTime'
  | 'leaseTransitions'
  | 'strategy'
  | 'preferredHolder';

/** Something about a Lease that an elector or an operator may trip over. Wording lives in `view/messages.ts`. */
export type Problem =
  | { code: 'field-absent'; field: LeaseField }
  | { code: 'field-null'; field: LeaseField }
  | { code: 'field-wrong-type'; field: LeaseField; got: string }
  | { code: 'field-zero'; field: LeaseField }
  | { code: 'field-negative'; field: LeaseField; value: number }
  | { code: 'time-unreadable'; field: LeaseField; text: string }
  /** `byMs`: how far the time lies ahead of the clock it was compared with. */
  | { code: 'time-in-future'; field: LeaseField; byMs: number }
  /** The manager that owns spec.renewTime owns more than spec, so its time may be that of another change. */
  | { code: 'renewal-time-shared'; manager: string }
  /** The server's stamp and renewTime give different answers; only watching (`--observe`) can tell which is right. */
  | { code: 'renewal-times-disagree'; serverClockAgoMs: number; writerClockAgoMs: number };

/** The managedFields entry that owns spec.renewTime: the server stamps it at each change by that manager. */
export interface RenewalStamp {
  manager: string;
  operation: string;
  /** Whole seconds, the server's clock; null when the entry carries none. */
  time: Micros | null;
  /** The entry owns fields outside spec too, so `time` may be that of another change. */
  shared: boolean;
}

/** Null means that the server sent nothing usable for the field; `problems` says what it sent instead. */
export interface LeaseRecord {
  namespace: string;
  name: string;
  uid: string | null;
  resourceVersion: string | null;
  /** `""`: emptied by a release; null: absent. */
  holder: string | null;
  leaseDurationSeconds: number | null;
  acquireTime: Micros | null;
  renewTime: Micros | null;
  transitions: number | null;
  strategy: string | null;
  preferredHolder: string | null;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  role: LeaseRole;
  renewal: RenewalStamp | null;
  problems: Problem[];
  raw: LeaseObject;
}

const SPEC_FIELDS: ReadonlySet<string> = new Set<LeaseField>([
  'holderIdentity',
  'leaseDurationSeconds',
  'acquireTime',
  'renewTime',
  'leaseTransitions',
  'strategy',
  'preferredHolder',
]);
const API_VERSION = 'coordination.k8s.io/v1';
const IDENTITY_LABEL = 'apiserver.kubernetes.io/identity';

/** Reads a Lease from parsed JSON. Never throws: what cannot be used is null and named in `problems`. */
export function readLease(raw: unknown): LeaseRecord {
  const object = (isObject(raw) ? raw : {}) as LeaseObject;
  const metadata: Record<string, unknown> = isObject(object.metadata) ? object.metadata : {};
  const spec: Record<string, unknown> = isObject(object.spec) ? object.spec : {};
  const problems: Problem[] = [];
  const namespace = text(metadata.namespace) ?? '';
  const labels = texts(metadata.labels);
  const role = roleOf(namespace, labels, spec);
  const reader = new FieldReader(spec, role, problems);
  const renewal = renewalStamp(metadata.managedFields);
  if (renewal?.shared) problems.push({ code: 'renewal-time-shared', manager: renewal.manager });
  return {
    namespace,
    name: text(metadata.name) ?? '',
    uid: text(metadata.uid),
    resourceVersion: text(metadata.resourceVersion),
    holder: reader.text('holderIdentity'),
    leaseDurationSeconds: reader.count('leaseDurationSeconds', 1),
    acquireTime: reader.time('acquireTime'),
    renewTime: reader.time('renewTime'),
    transitions: reader.count('leaseTransitions', 0),
    strategy: reader.text('strategy'),
    preferredHolder: reader.text('preferredHolder'),
    labels,
    annotations: texts(metadata.annotations),
    role,
    renewal,
    problems,
    raw: object,
  };
}

export interface Amendment {
  /** Only the fields named here are written. There is no way to write null: several electors die of it (fact 6). */
  spec?: Partial<{
    holderIdentity: string;
    leaseDurationSeconds: number;
    acquireTime: string;
    renewTime: string;
    leaseTransitions: number;
    preferredHolder: string;
  }>;
  /** Null removes the annotation. */
  annotations?: Record<string, string | null>;
}

/**
 * The object to PUT: the record's own JSON with the amendment, under the uid and resourceVersion of that record, so
 * that it applies to this very version or not at all. Throws for a record that lacks either: such a PUT would apply to
 * any version, or create a Lease that was deleted (fact 5).
 */
export function amend(record: LeaseRecord, amendment: Amendment): LeaseObject {
  if (!record.uid || !record.resourceVersion) {
    throw new Error(`Lease ${record.namespace}/${record.name} has no uid or resourceVersion: it cannot be amended`);
  }
  const body = structuredClone(record.raw);
  body.apiVersion ??= API_VERSION;
  body.kind ??= 'Lease';
  // The server answers Go's zero time as null. To leave the member out means the same to it, and writes no null.
  const kept = Object.entries(body.spec ?? {}).filter(([field, value]) => value !== null || !SPEC_FIELDS.has(field));
  body.spec = { ...Object.fromEntries(kept), ...amendment.spec };
  if (amendment.annotations) {
    const annotations: Record<string, unknown> = { ...(body.metadata.annotations as Record<string, unknown>) };
    for (const [key, value] of Object.entries(amendment.annotations)) {
      if (value === null) delete annotations[key];
      else annotations[key] = value;
    }
    body.metadata.annotations = annotations;
  }
  return body;
}

/**
 * The spec as comparable text. Two versions with the same text are the same to kle: an annotation moves
 * resourceVersion and proves nothing about the holder (fact 4).
 */
export function specKey(record: LeaseRecord): string {
  return stable(record.raw.spec ?? {});
}

function roleOf(namespace: string, labels: Record<string, string>, spec: Record<string, unknown>): LeaseRole {
  if (namespace === 'kube-node-lease') return 'node-heartbeat';
  if (labels[IDENTITY_LABEL] !== undefined) return 'apiserver-identity';
  return spec.strategy !== undefined && spec.strategy !== null && spec.strategy !== '' ? 'coordinated' : 'election';
}

/** Heartbeats and identities never carry these, so their absence says nothing. */
const ELECTION_ONLY: ReadonlySet<LeaseField> = new Set(['acquireTime', 'leaseTransitions']);
const OPTIONAL: ReadonlySet<LeaseField> = new Set(['strategy', 'preferredHolder']);

class FieldReader {
  readonly #spec: Record<string, unknown>;
  readonly #role: LeaseRole;
  readonly #problems: Problem[];

  constructor(spec: Record<string, unknown>, role: LeaseRole, problems: Problem[]) {
    this.#spec = spec;
    this.#role = role;
    this.#problems = problems;
  }

  text(field: LeaseField): string | null {
    return this.#of(field, 'string');
  }

  count(field: LeaseField, least: 0 | 1): number | null {
    const value = this.#of<number>(field, 'number');
    if (value === null) return null;
    if (!Number.isSafeInteger(value)) {
      this.#problems.push({ code: 'field-wrong-type', field, got: 'a number that is not whole' });
      return null;
    }
    if (value < 0) this.#problems.push({ code: 'field-negative', field, value });
    else if (value < least) this.#problems.push({ code: 'field-zero', field });
    return value;
  }

  time(field: LeaseField): Micros | null {
    const value = this.#of<string>(field, 'string');
    if (value === null) return null;
    const micros = parseMicroTime(value);
    if (micros === undefined) this.#problems.push({ code: 'time-unreadable', field, text: value });
    return micros ?? null;
  }

  #of<T extends string | number>(field: LeaseField, type: 'string' | 'number'): T | null {
    const value = this.#spec[field];
    if (value === undefined) {
      const expected = this.#role === 'election' || this.#role === 'coordinated' || !ELECTION_ONLY.has(field);
      if (expected && !OPTIONAL.has(field)) this.#problems.push({ code: 'field-absent', field });
    } else if (value === null) {
      this.#problems.push({ code: 'field-null', field });
    } else if (typeof value !== type) {
      this.#problems.push({ code: 'field-wrong-type', field, got: Array.isArray(value) ? 'array' : typeof value });
    } else {
      return value as T;
    }
    return null;
  }
}

/** Reads the owner of spec.renewTime. With several owners the newest stamp counts, and one shared owner spoils it. */
function renewalStamp(managedFields: unknown): RenewalStamp | null {
  if (!Array.isArray(managedFields)) return null;
  const owners: RenewalStamp[] = [];
  for (const entry of managedFields) {
    if (!isObject(entry) || !isObject(entry.fieldsV1)) continue;
    const spec = entry.fieldsV1['f:spec'];
    if (!isObject(spec) || spec['f:renewTime'] === undefined) continue;
    owners.push({
      manager: text(entry.manager) ?? '',
      operation: text(entry.operation) ?? '',
      time: parseMicroTime(text(entry.time) ?? '') ?? null,
      shared: Object.keys(entry.fieldsV1).some((key) => key !== 'f:spec'),
    });
  }
  const newest = owners.reduce<RenewalStamp | null>(
    (best, owner) => (best === null || (owner.time ?? 0n) > (best.time ?? 0n) ? owner : best),
    null,
  );
  return newest && { ...newest, shared: owners.some((owner) => owner.shared) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function texts(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => text(entry[1]) !== null),
  );
}

function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${stable(value[key])}`).join(',')}}`;
}
