/** Every object that an elector writes. An existing Lease is amended under uid and resourceVersion, never with null (S3). */
import { formatMicroTime, type Micros, parseMicroTime } from '../lease/micro-time.js';
import { OPERATION_ANNOTATION } from '../lease/operation.js';
import { type Amendment, amend, type LeaseObject, type LeaseRecord } from '../lease/record.js';
import { STOPPED_ANNOTATION } from './fence.js';
import type { ElectorSettings } from './settings.js';
import type { Term } from './state.js';

/** leaseTransitions is an int32. */
const MOST_TRANSITIONS = 2 ** 31 - 1;

export function creation(settings: ElectorSettings, now: Micros): LeaseObject {
  return newLease(settings, { ...ownSpec(settings, now), acquireTime: formatMicroTime(now), leaseTransitions: 0 });
}

/** Counts a transition unless the record carries our identity already, as client-go does. */
export function acquisition(record: LeaseRecord, settings: ElectorSettings, now: Micros): LeaseObject {
  const transitions = Math.max(0, record.transitions ?? 0) + (record.holder === settings.identity ? 0 : 1);
  return amend(record, {
    spec: {
      ...ownSpec(settings, now),
      acquireTime: formatMicroTime(now),
      leaseTransitions: Math.min(transitions, MOST_TRANSITIONS),
    },
    ...without(record, OPERATION_ANNOTATION, STOPPED_ANNOTATION),
  });
}

export function renewal(record: LeaseRecord, settings: ElectorSettings, term: Term, now: Micros): LeaseObject {
  const leaseTransitions = Math.max(0, record.transitions ?? term.transitions);
  return amend(record, {
    spec: { ...ownSpec(settings, now), acquireTime: formatMicroTime(term.acquireTime), leaseTransitions },
  });
}

/** The Lease that was deleted under its leader, with the leader's own spec. */
export function recreation(last: LeaseRecord | null, settings: ElectorSettings, term: Term, now: Micros): LeaseObject {
  const acquireTime = formatMicroTime(term.acquireTime);
  const { transitions: leaseTransitions } = term;
  const lease = newLease(settings, { ...ownSpec(settings, now), acquireTime, leaseTransitions });
  if (last && Object.keys(last.labels).length > 0) lease.metadata.labels = { ...last.labels };
  return lease;
}

/** client-go's form of "free": every elector survives it (fact 6). */
export function release(record: LeaseRecord, now: Micros): LeaseObject {
  const time = formatMicroTime(now);
  return amend(record, {
    spec: { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time },
  });
}

export function stoppedNotice(record: LeaseRecord, fence: string): LeaseObject {
  return amend(record, { annotations: { [STOPPED_ANNOTATION]: fence } });
}

function ownSpec(settings: ElectorSettings, now: Micros) {
  return {
    holderIdentity: settings.identity,
    leaseDurationSeconds: settings.leaseDurationMs / 1000,
    renewTime: formatMicroTime(now),
  };
}

function newLease({ namespace, name }: ElectorSettings, spec: Record<string, unknown>): LeaseObject {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
}

function without(record: LeaseRecord, ...keys: string[]): Pick<Amendment, 'annotations'> {
  const present = keys.filter((key) => record.annotations[key] !== undefined);
  return present.length > 0 ? { annotations: Object.fromEntries(present.map((key) => [key, null])) } : {};
}

/** By which a write is known again. */
export function timesOf(lease: LeaseObject): { acquireTime: Micros | null; renewTime: Micros | null } {
  const time = (value: unknown) => (typeof value === 'string' ? (parseMicroTime(value) ?? null) : null);
  return { acquireTime: time(lease.spec?.acquireTime), renewTime: time(lease.spec?.renewTime) };
}
