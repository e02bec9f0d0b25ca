/** Waits until a Lease is as somebody wants it. */
import { isAbsent } from '../../lease/absence.js';
import type { ApiFailure, LeaseRef } from '../../lease/api.js';
import type { FollowEvent, Followed, FollowPorts } from '../follow/follow.js';
import { followUntil } from '../follow/follow-until.js';
import { type Check, type Condition, Conditions } from './conditions.js';

export interface WaitRequest {
  ref: LeaseRef;
  conditions: readonly Condition[];
  /** One of the conditions is enough. */
  any: boolean;
  /** 0: look once. */
  timeoutMs: number;
}

export interface WaitResult {
  ref: LeaseRef;
  met: boolean;
  waitedMs: number;
  /** How the Lease was at the end; null: the server never answered, or no longer does (`failure`). */
  check: Check | null;
  /** Set where the cluster could not be asked. */
  failure: ApiFailure | null;
}

export interface WaitPorts extends FollowPorts {
  onEvents?: (events: readonly FollowEvent[], followed: Followed) => void;
}

/** Rejects with the signal's reason when it is aborted. A failure is part of the result. */
export async function waitFor(request: WaitRequest, ports: WaitPorts): Promise<WaitResult> {
  const conditions = new Conditions(request.conditions, request.any);
  const startMs = ports.clock.monoMs();
  const end = request.timeoutMs === 0 ? lookOnce(request, conditions, ports) : watch(request, conditions, ports);
  const { check, failure } = await end;
  ports.signal.throwIfAborted();
  const waitedMs = Math.round(ports.clock.monoMs() - startMs);
  return { ref: request.ref, met: failure === null && check?.met === true, waitedMs, check, failure };
}

type End = Pick<WaitResult, 'check' | 'failure'>;

async function lookOnce({ ref }: WaitRequest, conditions: Conditions, ports: WaitPorts): Promise<End> {
  const { leases, clock, signal } = ports;
  const answer = await leases.get(ref, { signal });
  if (!answer.ok && !isAbsent(answer.failure)) return { check: null, failure: answer.failure };
  const now = { monoMs: clock.monoMs(), wall: clock.wallMicros(), server: leases.serverTime() };
  const ms = answer.times.receivedMs;
  const looks = { firstMs: ms, lastMs: ms, changeSeen: false, stampFrozen: false };
  return {
    check: conditions.checkRecord(answer.ok ? answer.value : null, answer.ok ? looks : null, now),
    failure: null,
  };
}

function watch({ ref, timeoutMs }: WaitRequest, conditions: Conditions, ports: WaitPorts): Promise<End> {
  return followUntil({ ...ref }, { until: { ref, conditions }, timeoutMs }, ports, (events, followed) =>
    ports.onEvents?.(events, followed),
  );
}
