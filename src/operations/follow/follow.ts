/**
 * Follows the Leases of a scope: one watch, a history for each Lease, and what happens told as events. Expiry has no
 * event of the server, so it is judged here, by a timer on our own monotonic clock. Without the right to watch the Leases
 * are read once a second instead.
 */
import type { ApiFailure, LeaseApi, LeaseScope } from '../../lease/api.js';
import type { LeaseChange, LeaseHistory } from '../../lease/history.js';
import type { OperationMark } from '../../lease/operation.js';
import type { Problem } from '../../lease/record.js';
import type { Clock } from '../../platform/clock.js';
import type { KubeEvent } from './follow-around.js';
import { FollowedLeases } from './follow-leases.js';
import { type PollEnd, pollLeases } from './follow-poll.js';

/** Something that happened to one Lease. */
export interface LeaseEvent extends LeaseChange {
  /** The fields of spec that differ from the version before; empty where there is no such version. */
  fields: string[];
  /** The mark of a running verb of kle in this version. */
  operation: OperationMark | null;
  /** `renewed`: its expiry had been told, and the same holder goes on. */
  resumed: boolean;
}

export interface ProblemEvent {
  type: 'problem';
  atMs: number;
  namespace: string;
  name: string;
  holder: string | null;
  transitions: number | null;
  resourceVersion: string | null;
  problem: Problem;
}

export type ConnectionEvent =
  | { type: 'disconnected'; atMs: number; failure: ApiFailure }
  | { type: 'reconnected'; atMs: number; downMs: number };

/** What a line is made of. */
export type ToldFollowEvent = Exclude<FollowEvent, { type: 'synced' }>;

export type FollowEvent =
  | LeaseEvent
  | ProblemEvent
  | ConnectionEvent
  | KubeEvent
  /** All Leases in scope have been told; comes once. */
  | { type: 'synced'; atMs: number };

/** The present state of what is followed. Changes in place; read it during a call of the sink or at any later moment. */
export interface Followed {
  /** By `namespace/name`; a history without a record: the Lease is gone. */
  readonly leases: ReadonlyMap<string, LeaseHistory>;
  /** Everything in scope has been reported once. */
  readonly synced: boolean;
  /** The connection is down; null while it is not. */
  readonly down: { readonly sinceMs: number; readonly failure: ApiFailure } | null;
  /** Watching is not allowed. */
  readonly polling: boolean;
}

export interface FollowPorts {
  leases: Pick<LeaseApi, 'watch' | 'list' | 'get' | 'serverTime'>;
  clock: Clock;
  signal: AbortSignal;
  /** Watching is not allowed, so the Leases are read every second instead. */
  onPolling?: (failure: ApiFailure) => void;
}

/** Called with what one observation, or the passing of time, gave rise to; in order, never empty. */
export type FollowSink = (events: readonly FollowEvent[]) => void;

export interface Following {
  readonly followed: Followed;
  /** Null: the signal was aborted. Else why it cannot go on: what trying again would not heal. */
  readonly ended: Promise<ApiFailure | null>;
}

/**
 * Begins at once and goes on until `ports.signal` is aborted. A lost connection heals by itself, except before the first
 * answer: an address that does not answer then is more often wrong than down.
 */
export function follow(scope: LeaseScope, ports: FollowPorts, sink: FollowSink): Following {
  const leases = new FollowedLeases(ports, sink);
  return { followed: leases, ended: run(scope, ports, leases).finally(() => leases.stop()) };
}

async function run(scope: LeaseScope, ports: FollowPorts, leases: FollowedLeases): Promise<ApiFailure | null> {
  const failure = await watch(scope, ports, leases);
  if (failure === null || !isWatchForbidden(failure, scope)) return failure;
  if (ports.signal.aborted) return null;
  ports.onPolling?.(failure);
  leases.beginPolling();
  const end: PollEnd = await pollLeases(scope, ports, leases);
  return end;
}

async function watch(scope: LeaseScope, ports: FollowPorts, leases: FollowedLeases): Promise<ApiFailure | null> {
  // A watch of its own signal, so that giving it up here closes its stream.
  const own = new AbortController();
  const stop = () => own.abort();
  ports.signal.addEventListener('abort', stop, { once: true });
  if (ports.signal.aborted) stop();
  let final: ApiFailure | null = null;
  try {
    for await (const event of ports.leases.watch(scope, { signal: own.signal })) {
      final = event.type === 'disconnected' ? event.failure : null;
      if (final !== null && isWatchForbidden(final, scope)) break;
      if (final !== null && !leases.synced && isHopeless(final)) break;
      leases.take(event);
    }
  } finally {
    ports.signal.removeEventListener('abort', stop);
    own.abort();
  }
  return ports.signal.aborted ? null : final;
}

/** For one Lease a GET may be allowed where neither watch nor list is. */
function isWatchForbidden(failure: ApiFailure, scope: LeaseScope): boolean {
  if (failure.kind !== 'forbidden') return false;
  return failure.verb === 'watch' || (failure.verb === 'list' && scope.name !== undefined);
}

const isHopeless = ({ kind }: ApiFailure): boolean => kind === 'unreachable' || kind === 'credentials';
