/** `kle watch -o ndjson` and `kle wait -o json`. */
import { formatMicroTime, type Micros } from '../lease/micro-time.js';
import type { Verdict } from '../lease/verdict.js';
import type { LeaseEvent, ToldFollowEvent } from '../operations/follow/follow.js';
import type { Condition } from '../operations/wait/conditions.js';
import type { WaitResult } from '../operations/wait/wait.js';
import { conditionText } from './text/wait.js';

/** An event with what the line needs beside it. */
export interface ToldEvent {
  event: ToldFollowEvent;
  /** When it happened, wall time. */
  time: Micros;
  /** How the Lease stands; null where the event is of the connection. */
  verdict: Verdict | null;
}

/** One line's object; the first eight names are always there (DESIGN section 2), unknown is null. */
export function watchEvent({ event, time, verdict }: ToldEvent): object {
  const ofLease = 'name' in event ? event : null;
  return {
    time: formatMicroTime(time),
    type: event.type,
    namespace: ofLease?.namespace ?? null,
    name: ofLease?.name ?? null,
    holder: ofLease?.holder ?? null,
    previousHolder: ofLease && 'previousHolder' in ofLease ? ofLease.previousHolder : null,
    transitions: ofLease?.transitions ?? null,
    resourceVersion: ofLease?.resourceVersion ?? null,
    ...details(event, verdict),
  };
}

function details(event: ToldEvent['event'], verdict: Verdict | null): object {
  switch (event.type) {
    case 'disconnected':
      return { failure: { kind: event.failure.kind, message: event.failure.message } };
    case 'reconnected':
      return { downMs: Math.round(event.downMs) };
    case 'problem':
      return { problem: event.problem };
    case 'event':
      return { reason: event.reason, message: event.message };
    default:
      return leaseDetails(event, verdict);
  }
}

/** `timely` false: the time is when it was learned. */
function leaseDetails(event: LeaseEvent, verdict: Verdict | null): object {
  const { type, timely, operation } = event;
  const common = { timely, ...(operation && { operation }) };
  switch (type) {
    case 'seen':
      return { ...common, state: verdict?.state ?? null, basis: verdict?.basis ?? null };
    case 'acquired':
      return { ...common, leaderlessMs: whole(event.leaderlessMs), term: event.term, overlap: overlapOf(event) };
    case 'renewed':
      return { ...common, leaderlessMs: whole(event.leaderlessMs), term: event.term };
    case 'released':
      return { ...common, releasedBy: event.releasedBy };
    case 'changed':
      return { ...common, fields: event.fields };
    default:
      return common;
  }
}

/** Null: no other holder can still be working, as far as was seen. */
function overlapOf({ overlap }: LeaseEvent): object | null {
  return overlap && { deposed: overlap.deposed, boundMs: whole(overlap.boundMs), why: overlap.why };
}

const whole = (ms: number | null): number | null => (ms === null ? null : Math.round(ms));

/** The document of `kle wait -o json`. */
export function waitResult({ ref, met, waitedMs, check }: WaitResult): object {
  const time = (micros: Micros | null | undefined) => (micros == null ? null : formatMicroTime(micros));
  return {
    apiVersion: 'kle/v1alpha1',
    kind: 'WaitResult',
    namespace: ref.namespace,
    name: ref.name,
    met,
    waitedMs,
    conditions: (check?.each ?? []).map((one) => ({ condition: conditionName(one.condition), met: one.met })),
    state: check?.verdict.state ?? null,
    basis: check?.verdict.basis ?? null,
    holder: check?.record?.holder ?? null,
    renewTime: time(check?.record?.renewTime),
    expiresInMs: check?.verdict.expiresInMs ?? null,
    transitions: check?.record?.transitions ?? null,
    resourceVersion: check?.record?.resourceVersion ?? null,
  };
}

const conditionName = (condition: Condition): string => conditionText(condition);
