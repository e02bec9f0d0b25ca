/** Making whoever holds a Lease step down: plan first, then do. */
import type { LeaseRef } from '../lease/api.js';
import type { OperationNote } from '../lease/operation.js';
import type { LeaseRecord } from '../lease/record.js';
import type { TakingPlan } from './held.js';
import { beginJournal } from './journal-steps.js';
import type { Plan, PlanFacts, Refusal, ReleaseWay } from './plan.js';
import { planRelease } from './plan-release.js';
import { defaultWaitMs, durationSeconds, type GivenTiming, renewEvery } from './plan-wait.js';
import type { OperationPorts, PodFacts } from './ports.js';
import { lookAround, noteFor, type Opened, type Prepared, prepare } from './prepare.js';
import type { Procedure } from './procedure.js';
import { releaseByFence } from './release-fence.js';
import { releaseByClear, releaseByEviction, releaseByPreference, releaseOwn, type WayRequest } from './release-ways.js';
import { type Ended, ended, type ReleaseOutcome, type ReleaseReport } from './report.js';
import { Session, type SessionOptions } from './session.js';

export interface ReleaseRequest {
  lease: LeaseRef;
  way: ReleaseWay;
  /** `--to`. */
  to: string | null;
  /** `--identity`, for the way `identity`. */
  identity: string | null;
  given: GivenTiming | null;
  /** `--wait`; null: 2 × L + 5 s. */
  waitMs: number | null;
  /** `--lease-duration`, for a record without one. */
  leaseDurationMs: number | null;
  expectHolder?: string | undefined;
  allowNonElection: boolean;
  by: string;
}

type Ends = Ended<ReleaseOutcome>;

/** Looks, guards, measures and plans. Throws nothing of the cluster's: what failed is in the report. */
export async function openRelease(
  request: ReleaseRequest,
  ports: OperationPorts,
  options: SessionOptions = {},
): Promise<Opened<ReleaseReport>> {
  const session = new Session(request.lease, ports, options);
  const close = () => session.close();
  const end = (from: string | null, plan: Plan | null, result: Ends): ReleaseReport => ({
    ...result,
    lease: request.lease,
    from,
    plan,
    steps: session.steps,
  });
  const prepared = await prepare(session, {
    ...request,
    coordinated: request.way === 'prefer' ? 'required' : request.way === 'identity' ? 'either' : 'refused',
    requestMs: ports.requestMs,
    // Who gives up its own Lease, or only writes a wish, needs no period.
    measure: request.way === 'fence' || request.way === 'clear',
  });
  if (prepared.as !== 'held') {
    return { ready: false, report: end(holderOf(prepared), null, notReady(prepared)), close };
  }
  const { record, facts } = prepared;
  const around = request.way === 'identity' ? { pods: null, others: null } : await lookAround(record, facts, ports);
  const refusal = refusalFor(request, record, around.pods);
  if (refusal) return { ready: false, report: end(facts.holder, null, ended('refused', { refusal })), close };
  const pod = around.pods?.length === 1 ? (around.pods[0] ?? null) : null;
  const id = ports.newId();
  const plan = planOf(request, facts, { id, pod, candidates: around.others });
  const forMs = plan.stopWaitMs;
  const about = { id, verb: 'release', phase: 'fence', by: request.by, to: request.to, forMs } as const;
  const note = noteFor(session.view, record, facts, about);
  if (note === null) {
    const tooLong = ended<ReleaseOutcome>('refused', { refusal: { code: 'identity-too-long' } });
    return { ready: false, report: end(facts.holder, plan, tooLong), close };
  }
  const run = async () => {
    const procedure = procedureOf(session, request, plan, { facts, note, pod, record, requestMs: ports.requestMs });
    return end(facts.holder, plan, await session.run(procedure));
  };
  return { ready: true, plan, run, close };
}

function holderOf(prepared: Prepared): string | null {
  return 'record' in prepared ? prepared.record?.holder || null : null;
}

function notReady(prepared: Exclude<Prepared, { as: 'held' }>): Ends {
  switch (prepared.as) {
    case 'not-held':
      return ended('not-held');
    case 'refused':
      return ended('refused', { refusal: prepared.refusal });
    case 'no-duration':
      return ended('refused', { refusal: { code: 'malformed', what: 'leaseDurationSeconds' } });
    case 'failed':
      return ended('refused', { failure: prepared.failure });
    case 'interrupted':
      return ended('refused', { interrupted: true });
  }
}

function refusalFor(request: ReleaseRequest, record: LeaseRecord, pods: PodFacts[] | null): Refusal | null {
  const { way, to, identity } = request;
  const holder = record.holder ?? '';
  if (way === 'identity' && identity !== holder) return { code: 'not-held-by', identity: identity ?? '', holder };
  if (to !== null && to === holder) return { code: 'to-is-incumbent', to };
  if (way !== 'evict') return null;
  const [pod] = pods ?? [];
  if (pods?.length !== 1 || !pod) return { code: 'pod-not-unique', matches: pods?.length ?? 0 };
  if (pod.mirror) return { code: 'pod-not-evictable', pod: pod.name, why: 'mirror' };
  if (pod.deleting) return { code: 'pod-not-evictable', pod: pod.name, why: 'deleting' };
  return pod.phase === 'Running' ? null : { code: 'pod-not-evictable', pod: pod.name, why: 'not-running' };
}

function planOf(
  request: ReleaseRequest,
  facts: PlanFacts,
  more: { id: string; pod: PodFacts | null; candidates: number | null },
): Plan {
  const { way, to, given, waitMs } = request;
  if (way !== 'identity') return planRelease(facts, { ...more, way, to, given, waitMs });
  const plan = planRelease(facts, { ...more, way: 'clear', to, given, waitMs });
  const nobody = { leastMs: 0, mostMs: 0 };
  const prediction = { ...plan.prediction, possibleOverlapMs: 0, returns: null, usualStop: nobody };
  // Whoever releases its own says by that that its work has ended.
  return {
    ...plan,
    way,
    steps: [{ step: 'free' }],
    prediction,
    assumes: [{ code: 'releases-after-its-work' }],
    warnings: [],
  };
}

interface Ready {
  facts: PlanFacts;
  note: OperationNote;
  pod: PodFacts | null;
  record: LeaseRecord;
  requestMs: number;
}

function procedureOf(session: Session, request: ReleaseRequest, plan: Plan, ready: Ready): Procedure<Ends> {
  const { view } = session;
  const { facts, pod, requestMs } = ready;
  const verifyMs = request.waitMs ?? defaultWaitMs(facts.leaseDurationMs);
  const overlapMs = plan.prediction.possibleOverlapMs;
  const way: WayRequest = { from: facts.holder, uid: facts.uid, requestMs, verifyMs, overlapMs };
  switch (request.way) {
    case 'clear':
      return releaseByClear(view, way);
    case 'prefer':
      return releaseByPreference(view, way, request.to ?? '');
    case 'identity':
      return releaseOwn(view, way);
    case 'evict':
      return pod ? releaseByEviction(view, way, pod) : refusedNow({ code: 'pod-not-unique', matches: 0 });
    case 'fence':
      return fence(session, request, plan, ready, verifyMs);
  }
}

// biome-ignore lint/correctness/useYield: a procedure that has nothing to wait for
function* refusedNow(refusal: Refusal): Procedure<Ends> {
  return ended('refused', { refusal });
}

/** Journal first: nothing is written to the cluster that a killed kle could not be undone from. */
function* fence(
  { view }: Session,
  request: ReleaseRequest,
  plan: Plan,
  ready: Ready,
  verifyMs: number,
): Procedure<Ends> {
  const { facts, note, record, pod, requestMs } = ready;
  const holder = `kle/${note.id}`;
  const begun = yield* beginJournal(view, {
    id: note.id,
    verb: 'release',
    lease: facts.lease,
    uid: facts.uid,
    holder,
    previous: note.previous.spec,
    renewPeriodMs: note.renewPeriodMs,
    offsetMs: note.offsetMs,
    stopWaitMs: plan.stopWaitMs,
    shift: null,
  });
  if (!begun.ok) return ended('refused', { refusal: { code: 'journal-unwritable', problem: begun.problem } });
  const taking: TakingPlan = {
    note,
    holder,
    durationSeconds: durationSeconds(plan.stopWaitMs, facts.leaseDurationMs),
    renewEveryMs: renewEvery(facts),
    stopWaitMs: plan.stopWaitMs,
    requestMs,
    from: facts.holder,
    fromDurationSeconds: record.leaseDurationSeconds,
    fromUid: facts.uid,
  };
  return yield* releaseByFence(view, {
    taking,
    leaseDurationMs: facts.leaseDurationMs,
    to: request.to,
    verifyMs,
    pod,
  });
}
