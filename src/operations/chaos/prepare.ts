/** What every chaos verb does first: look, guard, measure, and see which Pod and which candidates there are. */
import type { ApiFailure, LeaseRef } from '../../lease/api.js';
import { fingerprint } from '../../lease/fingerprint.js';
import type { OperationNote, OperationPhase, OperationVerb } from '../../lease/operation.js';
import { formatOperation } from '../../lease/operation.js';
import { previousOf } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import type { LeaseView } from '../lease-view.js';
import type { OperationPorts, PodFacts } from '../ports.js';
import { clockRefusalOf, type GuardOptions, refusalOf } from './guards.js';
import { firstLook, learnClock, measure } from './measure.js';
import type { Plan, PlanFacts, Refusal } from './plan.js';
import { podsOf } from './pod-evidence.js';
import type { Session } from './session.js';

export type Prepared =
  | { as: 'held'; record: LeaseRecord; facts: PlanFacts }
  /** Nobody holds it: empty, or seen to be expired. */
  | { as: 'not-held'; record: LeaseRecord; facts: PlanFacts }
  | { as: 'refused'; record: LeaseRecord | null; refusal: Refusal }
  /** `--lease-duration` is wanted: the record has none. */
  | { as: 'no-duration' }
  | { as: 'failed'; failure: ApiFailure }
  | { as: 'interrupted' };

export interface PrepareOptions extends GuardOptions {
  requestMs: number;
  /** For a record without a duration. */
  leaseDurationMs: number | null;
  /** Whether the renew period is needed. */
  measure: boolean;
}

export async function prepare(session: Session, options: PrepareOptions): Promise<Prepared> {
  const { view } = session;
  const early = await session.run(firstLook(view, options.requestMs));
  if (early?.as === 'failed' || early?.as === 'interrupted') return early;
  if (!view.newest) return { as: 'failed', failure: absent(view.ref) };
  // Guards before the wait: who may not touch it should not be kept for a whole lease duration.
  const refusal = refusalOf(view.newest, options);
  if (refusal) return { as: 'refused', record: view.newest, refusal };
  const { requestMs, leaseDurationMs } = options;
  const found = await session.run(measure(view, { requestMs, leaseDurationMs, needed: options.measure }));
  switch (found.as) {
    case 'absent':
      return { as: 'failed', failure: absent(view.ref) };
    case 'failed':
    case 'interrupted':
    case 'no-duration':
      return found;
    case 'unsteady':
      return {
        as: 'refused',
        record: found.record,
        refusal: { code: 'changed-meanwhile', holder: found.record.holder },
      };
    default: {
      // After the measuring: one slow answer, such as the first, says little of the clock, and later ones more.
      await session.run(learnClock(view, requestMs));
      if (view.interrupts > 0) return { as: 'interrupted' };
      const again = refusalOf(found.record, options) ?? clockRefusalOf(view);
      if (again) return { as: 'refused', record: found.record, refusal: again };
      if (found.as === 'held') return { as: 'held', record: found.record, facts: factsOf(found.record, found, null) };
      const ms = (found.record.leaseDurationSeconds ?? 15) * 1000;
      const unmeasured = { leaseDurationMs: ms, renewPeriodMs: ms, offsetMs: 0 };
      const expiredForMs = found.as === 'expired' ? found.unchangedMs : null;
      return { as: 'not-held', record: found.record, facts: factsOf(found.record, unmeasured, expiredForMs) };
    }
  }
}

const absent = (ref: LeaseRef): ApiFailure => ({
  kind: 'not-found',
  resource: 'leases',
  name: ref.name,
  message: `leases.coordination.k8s.io "${ref.name}" not found`,
});

function factsOf(
  record: LeaseRecord,
  found: { leaseDurationMs: number; renewPeriodMs: number; offsetMs: number },
  expiredForMs: number | null,
): PlanFacts {
  const { family, confidence } = fingerprint(record);
  return {
    lease: { namespace: record.namespace, name: record.name },
    uid: record.uid ?? '',
    resourceVersion: record.resourceVersion ?? '',
    holder: record.holder ?? '',
    expiredForMs,
    leaseDurationMs: found.leaseDurationMs,
    renewPeriodMs: found.renewPeriodMs,
    offsetMs: found.offsetMs,
    family,
    confidence,
    transitions: record.transitions,
  };
}

export interface Surroundings {
  /** The Pods that the holder can be. Null: Pods could not be looked at. */
  pods: PodFacts[] | null;
  /** Other candidates in sight; null: nobody can tell. */
  others: number | null;
}

/** The incumbent's Pod, and how many more of its controller run. What may not be looked at is not known. */
export async function lookAround(
  record: LeaseRecord,
  facts: PlanFacts,
  ports: Pick<OperationPorts, 'pods' | 'candidates' | 'requestMs' | 'signal'>,
): Promise<Surroundings> {
  const options = { timeoutMs: ports.requestMs, signal: ports.signal };
  if (record.role === 'coordinated' && ports.candidates) {
    const answer = await ports.candidates.of(facts.lease, options);
    return { pods: null, others: answer.ok ? answer.value.filter((name) => name !== facts.holder).length : null };
  }
  if (!ports.pods) return { pods: null, others: null };
  const answer = await ports.pods.list(facts.lease.namespace, options);
  if (!answer.ok) return { pods: null, others: null };
  const own = podsOf(answer.value, record, facts.offsetMs);
  const [pod] = own;
  if (own.length !== 1 || !pod || pod.controllerUid === null) return { pods: own, others: null };
  const siblings = answer.value.filter(
    (one) => one.controllerUid === pod.controllerUid && one.uid !== pod.uid && one.phase === 'Running' && !one.deleting,
  );
  return { pods: own, others: siblings.length };
}

export interface NoteAbout {
  id: string;
  verb: OperationVerb;
  phase: OperationPhase;
  by: string;
  to: string | null;
  /** From the PUT until `until`. */
  forMs: number;
}

/** The mark that the operation will leave; null where it would be too long. */
export function noteFor(
  view: LeaseView,
  record: LeaseRecord,
  facts: PlanFacts,
  about: NoteAbout,
): OperationNote | null {
  const sentAt = view.server?.latest ?? 0n;
  const note: OperationNote = {
    id: about.id,
    verb: about.verb,
    phase: about.phase,
    by: about.by,
    sentAt,
    until: sentAt + BigInt(Math.round(about.forMs)) * 1000n,
    renewPeriodMs: facts.renewPeriodMs,
    offsetMs: facts.offsetMs,
    previous: { spec: previousOf(record) },
    to: about.to,
  };
  return formatOperation(note) === null ? null : note;
}

/** What a verb has ready when the user is asked: a plan to show, and the doing of it. Or the report, if there is nothing to do. */
export type Opened<R> =
  | { ready: true; plan: Plan; run(): Promise<R>; close(): void }
  | { ready: false; report: R; close(): void };
