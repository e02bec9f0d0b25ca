/** Reads Leases once a second, for who may not watch them. */
import { isAbsent } from '../../lease/absence.js';
import type { Answer, ApiFailure, LeaseScope } from '../../lease/api.js';
import type { LeaseRecord } from '../../lease/record.js';
import type { FollowPorts } from './follow.js';
import { type FollowedLeases, keyOf } from './follow-leases.js';

export type PollEnd = ApiFailure | null;

const POLL_MS = 1_000;

/** Ends when the signal is aborted (null) or when looking again cannot help. */
export async function pollLeases(scope: LeaseScope, ports: FollowPorts, leases: FollowedLeases): Promise<PollEnd> {
  while (!ports.signal.aborted) {
    const { answer, atMs } = await look(scope, ports);
    if (ports.signal.aborted) return null;
    if (!answer.ok) {
      if (isFinal(answer.failure) || (!leases.synced && answer.failure.kind === 'unreachable')) return answer.failure;
      leases.setDown(answer.failure, atMs);
    } else {
      leases.setDown(null, atMs);
      takeAll(answer.value, atMs, leases);
    }
    await pause(ports);
  }
  return null;
}

async function look(
  scope: LeaseScope,
  { leases, signal }: FollowPorts,
): Promise<{ answer: Answer<LeaseRecord[]>; atMs: number }> {
  if (scope.name === undefined) {
    const answer = await leases.list(scope, { signal });
    const atMs = answer.times.receivedMs;
    return { answer: answer.ok ? { ...answer, value: answer.value.items } : answer, atMs };
  }
  const answer = await leases.get({ namespace: scope.namespace ?? '', name: scope.name }, { signal });
  const atMs = answer.times.receivedMs;
  if (answer.ok) return { answer: { ...answer, value: [answer.value] }, atMs };
  return { answer: isAbsent(answer.failure) ? { ok: true, value: [], times: answer.times } : answer, atMs };
}

/** One look at everything: what is no longer there was deleted. */
function takeAll(records: readonly LeaseRecord[], atMs: number, leases: FollowedLeases): void {
  const there = new Set(records.map(keyOf));
  for (const [key, { record }] of [...leases.leases]) {
    if (record && !there.has(key)) leases.take({ type: 'deleted', record, atMs, found: true });
  }
  for (const record of records) leases.take({ type: 'modified', record, atMs, found: true });
  if (!leases.synced) leases.take({ type: 'synced', resourceVersion: '', atMs });
}

function isFinal(failure: ApiFailure): boolean {
  return ['unauthorised', 'forbidden', 'tls', 'not-kubernetes', 'invalid', 'not-found'].includes(failure.kind);
}

function pause({ clock, signal }: FollowPorts): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.timer(POLL_MS, done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
