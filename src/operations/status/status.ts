/** Who leads, and is that still so? One look at each Lease, or a watch of some seconds and then the judgement. */
import { isAbsent } from '../../lease/absence.js';
import type { ApiFailure, LeaseApi, LeaseRef, LeaseScope, ServerTime } from '../../lease/api.js';
import { MICROS_PER_MS, type Micros, microsToMs } from '../../lease/micro-time.js';
import type { LeaseRecord } from '../../lease/record.js';
import { judge, type Looks, type Verdict } from '../../lease/verdict.js';
import type { Clock } from '../../platform/clock.js';
import { type Watched, watchFor } from './watch-for.js';

export interface StatusRequest {
  /** Absent names: every Lease in scope. */
  names?: readonly string[];
  scope: LeaseScope;
  /** Watch that long before judging. */
  observeMs?: number;
}

export interface StatusRow {
  ref: LeaseRef;
  /** Null: the Lease does not exist. */
  record: LeaseRecord | null;
  verdict: Verdict;
}

export interface StatusReport {
  rows: StatusRow[];
  /** What could not be read, beside the rows that could. */
  failures: ApiFailure[];
  /** The server's time (its middle, for it is known as an interval), else this machine's. */
  now: Micros;
  /** How far this machine's wall clock certainly is from the server's, in milliseconds; positive: ours is ahead. */
  clockDifferenceMs: number;
}

export interface StatusPorts {
  leases: LeaseApi;
  clock: Clock;
  signal: AbortSignal;
  /** Told about once a second while watching. */
  onProgress?: (elapsedMs: number, totalMs: number) => void;
  /** Watching is not allowed, so the Leases are read every second instead. */
  onPolling?: (failure: ApiFailure) => void;
}

/** Reads (or watches) and judges. Failures are part of the report, so that what could be read is not lost. */
export async function leaseStatus(request: StatusRequest, ports: StatusPorts): Promise<StatusReport> {
  const seen =
    request.observeMs === undefined ? await look(request, ports) : await watchFor(request, request.observeMs, ports);
  const now = { monoMs: ports.clock.monoMs(), wall: ports.clock.wallMicros(), server: ports.leases.serverTime() };
  return {
    rows: seen.found.map(({ ref, record, looks }) => ({ ref, record, verdict: judge(record, looks, now) })),
    failures: seen.failures,
    now: now.server ? (now.server.earliest + now.server.latest) / 2n : now.wall,
    clockDifferenceMs: clockDifference(now.wall, now.server),
  };
}

/** One request for a list, or one for each name; a name that is not there is a finding, not a failure. */
export async function look(
  request: StatusRequest,
  ports: Pick<StatusPorts, 'leases' | 'clock' | 'signal'>,
): Promise<Watched> {
  const { leases, signal } = ports;
  if (!request.names) {
    const answer = await leases.list(request.scope, { signal });
    if (!answer.ok) return { found: [], failures: [answer.failure] };
    const looks = onceAt(answer.times.receivedMs);
    return { found: answer.value.items.map((record) => ({ ref: refOf(record), record, looks })), failures: [] };
  }
  const namespace = request.scope.namespace ?? '';
  const refs = request.names.map((name) => ({ namespace, name }));
  const answers = await Promise.all(refs.map((ref) => leases.get(ref, { signal })));
  const watched: Watched = { found: [], failures: [] };
  answers.forEach((answer, i) => {
    const ref = refs[i] ?? { namespace, name: '' };
    if (answer.ok) watched.found.push({ ref, record: answer.value, looks: onceAt(answer.times.receivedMs) });
    else if (isAbsent(answer.failure)) watched.found.push({ ref, record: null, looks: null });
    else watched.failures.push(answer.failure);
  });
  return watched;
}

const onceAt = (ms: number): Looks => ({ firstMs: ms, lastMs: ms, changeSeen: false, stampFrozen: false });
const refOf = (record: LeaseRecord): LeaseRef => ({ namespace: record.namespace, name: record.name });

function clockDifference(wall: bigint, server: ServerTime | undefined): number {
  if (!server) return 0;
  // Half a millisecond of rounding in the wall clock must not make a difference certain.
  if (wall > server.latest + MICROS_PER_MS) return microsToMs(wall - server.latest);
  if (wall < server.earliest - MICROS_PER_MS) return -microsToMs(server.earliest - wall);
  return 0;
}
