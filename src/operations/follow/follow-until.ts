/** Follows Leases until conditions on one of them hold, or for some time, or until somebody ends it. */
import type { ApiFailure, LeaseRef, LeaseScope } from '../../lease/api.js';
import type { Check, Conditions } from '../wait/conditions.js';
import { ConditionsWatch } from '../wait/conditions-watch.js';
import { type FollowEvent, type Followed, type FollowPorts, follow } from './follow.js';
import { Around, type AroundPorts } from './follow-around.js';

export interface FollowLimits {
  until?: { ref: LeaseRef; conditions: Conditions };
  timeoutMs?: number;
}

export interface FollowUntilPorts extends FollowPorts {
  /** For one Lease: Events about it and its holder's Pod. */
  around?: Omit<AroundPorts, keyof FollowPorts>;
}

export interface FollowEnd {
  /** `until` came true. */
  met: boolean;
  /** How `until` stood at the end; null: there is none, or the server never answered. */
  check: Check | null;
  /** Why nothing can be said: it cannot go on, or the time is up without an answer. */
  failure: ApiFailure | null;
}

/** Rejects never: a signal that is aborted is a normal end. */
export async function followUntil(
  scope: LeaseScope,
  limits: FollowLimits,
  ports: FollowUntilPorts,
  sink: (events: readonly FollowEvent[], followed: Followed) => void,
): Promise<FollowEnd> {
  const { until, timeoutMs } = limits;
  const own = new AbortController();
  const stop = () => own.abort();
  let met: Check | null = null;
  let timeIsUp = false;
  const watched =
    until &&
    new ConditionsWatch(until.ref, until.conditions, ports, (check) => {
      met = check;
      stop();
    });
  const signal = AbortSignal.any([ports.signal, own.signal]);
  const { followed, ended } = follow(scope, { ...ports, signal }, (events) => {
    sink(events, followed);
    watched?.take(events, followed);
    around?.take(events, followed);
  });
  const around = aroundOf(scope, { ...ports, signal }, (events) => sink(events, followed));
  const onTime = () => {
    timeIsUp = true;
    stop();
  };
  const cancelTimer = timeoutMs === undefined ? () => {} : ports.clock.timer(timeoutMs, onTime);
  const failure = await ended;
  cancelTimer();
  const check = met ?? watched?.check() ?? null;
  watched?.stop();
  around?.stop();
  const unheard = timeIsUp && met === null ? silence(followed, timeoutMs ?? 0, until !== undefined) : null;
  return { met: met !== null, check, failure: failure ?? unheard };
}

function aroundOf(scope: LeaseScope, ports: FollowUntilPorts, tell: (events: readonly FollowEvent[]) => void) {
  const { namespace, name } = scope;
  if (namespace === undefined || name === undefined || !ports.around) return undefined;
  return new Around({ namespace, name }, { ...ports, ...ports.around }, tell);
}

/** The time is up: what was not heard of the server, if anything. */
function silence(followed: Followed, afterMs: number, asked: boolean): ApiFailure | null {
  if (followed.down && (asked || !followed.synced)) return followed.down.failure;
  if (followed.synced) return null;
  return { kind: 'timeout', afterMs, message: `no answer within ${afterMs / 1000}s` };
}
