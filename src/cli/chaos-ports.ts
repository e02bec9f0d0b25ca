/** The ports of the chaos verbs, on the connection of this call. */
import { addressOf } from '../kube/http/api-request.js';
import { createAccessPort, createCandidatePort, createEventPort } from '../kube/ports/ports-others.js';
import { createPodPort } from '../kube/ports/ports-pods.js';
import { previousSpecOf } from '../lease/operation.js';
import type { JournalOperation, JournalReader, OperationPorts } from '../operations/ports.js';
import { Journal, JournalFolder } from '../platform/journal.js';
import { randomId } from '../platform/random-id.js';
import type { Cluster, Context } from './context.js';
import { connectionRequest, type ParsedConnectionFlags } from './flags.js';

export const serverOf = ({ connection }: Cluster): string => addressOf(connection.server);

export function operationPorts(
  cluster: Cluster,
  context: Context,
  flags: ParsedConnectionFlags & { 'no-journal': boolean },
): OperationPorts {
  const { connection, leases, transport } = cluster;
  const requestMs = connectionRequest(flags).timeoutMs ?? LONGEST_REQUEST_MS;
  const about = { server: serverOf(cluster), context: connection.contextName };
  return {
    leases,
    clock: context.clock,
    signal: context.signal,
    journal: flags['no-journal'] ? null : new Journal<JournalOperation>(context.io.env, about),
    pods: createPodPort(transport),
    events: createEventPort(transport),
    candidates: createCandidatePort(transport),
    access: createAccessPort(transport),
    newId: randomId,
    requestMs,
  };
}

/** Also for `--request-timeout 0`: something must end the search for a lost answer. */
const LONGEST_REQUEST_MS = 60_000;

export const journalReader = (context: Context): JournalReader =>
  new JournalFolder<JournalOperation>(context.io.env, readOperationOf);

const ID = /^[a-z0-9]{10}$/;

/** A journal is a file that anybody with this user's rights can write: each field is checked before it is believed. */
function readOperationOf(value: unknown): JournalOperation | null {
  const { id, verb, lease, uid, holder, previous, renewPeriodMs, offsetMs, stopWaitMs, appliers, shift } = (value ??
    {}) as Record<string, unknown>;
  const { namespace, name } = (lease ?? {}) as Record<string, unknown>;
  const spec = previousSpecOf(previous);
  if (typeof id !== 'string' || !ID.test(id) || spec === null) return null;
  if (verb !== 'release' && verb !== 'steal' && verb !== 'skew') return null;
  if (typeof namespace !== 'string' || typeof name !== 'string' || typeof uid !== 'string') return null;
  if (typeof holder !== 'string' || !isMs(renewPeriodMs) || !isMs(offsetMs) || !isMs(stopWaitMs)) return null;
  const base = { id, verb, lease: { namespace, name }, uid, holder, previous: spec } as const;
  return { ...base, renewPeriodMs, offsetMs, stopWaitMs, appliers: appliers === true, shift: shiftOf(shift) };
}

function shiftOf(value: unknown): JournalOperation['shift'] {
  const { renewTimeMs, leaseDurationSeconds } = (value ?? {}) as Record<string, unknown>;
  if (isMs(renewTimeMs)) return { renewTimeMs };
  return isMs(leaseDurationSeconds) ? { leaseDurationSeconds } : null;
}

const isMs = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
