/** Leases for the tests of this room. */
import { formatMicroTime, MICROS_PER_MS } from './micro-time.js';
import { type LeaseObject, type LeaseRecord, readLease } from './record.js';

/** 2026-01-01T00:00:00Z, the zero of the milliseconds below. */
export const BASE = 1_767_225_600_000_000n;
export const timeAt = (ms: number): string => formatMicroTime(BASE + BigInt(Math.round(ms * 1000)));
/** The same in whole seconds, as the server stamps managedFields. */
export const stampAt = (ms: number): string => `${timeAt(Math.floor(ms / 1000) * 1000).slice(0, 19)}Z`;
export const wallAt = (ms: number): bigint => BASE + BigInt(ms) * MICROS_PER_MS;

export interface Sample {
  holder?: string | null;
  renewMs?: number | null | undefined;
  acquireMs?: number | null;
  seconds?: number;
  transitions?: number | null;
  /** Default: the manager `elector`, stamped at renewMs. Null: no managedFields. */
  manager?: string | null;
  stampMs?: number | undefined;
  uid?: string;
  rv?: string;
  annotations?: Record<string, string>;
  spec?: Record<string, unknown>;
  namespace?: string;
  name?: string;
}

export function sampleObject(sample: Sample = {}): LeaseObject {
  const { renewMs = 0, acquireMs = 0, transitions = 0, manager = 'elector', holder = 'a' } = sample;
  const fields = { 'f:holderIdentity': {}, 'f:renewTime': {} };
  const entry = { manager, operation: 'Update', time: stampAt(sample.stampMs ?? renewMs ?? 0) };
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      namespace: sample.namespace ?? 'default',
      name: sample.name ?? 'demo',
      uid: sample.uid ?? 'uid-1',
      resourceVersion: sample.rv ?? '1',
      ...(sample.annotations && { annotations: sample.annotations }),
      ...(manager !== null && { managedFields: [{ ...entry, fieldsV1: { 'f:spec': fields } }] }),
    },
    spec: {
      ...(holder !== null && { holderIdentity: holder }),
      leaseDurationSeconds: sample.seconds ?? 15,
      ...(acquireMs !== null && { acquireTime: timeAt(acquireMs) }),
      ...(renewMs !== null && { renewTime: timeAt(renewMs) }),
      ...(transitions !== null && { leaseTransitions: transitions }),
      ...sample.spec,
    },
  };
}

export const sampleLease = (sample: Sample = {}): LeaseRecord => readLease(sampleObject(sample));

export const OPERATION_ID = 'abcdefghij';
export const mark = (verb: string, phase: string, id = OPERATION_ID): Record<string, string> => ({
  'kle.dev/operation': JSON.stringify({ id, verb, phase }),
});
