/** Making whoever holds a Lease step down: plan first, then do. */
import type { LeaseRef } from '../../lease/api.js';
import type { OperationNote } from '../../lease/operation.js';
import { hasAppliers } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import type { TakingPlan } from '../chaos/held.js';
import { beginJournal } from '../chaos/journal-steps.js';
import { type Decision, type Found, open } from '../chaos/open.js';
import type { Plan, PlanFacts, Refusal, ReleaseWay } from '../chaos/plan.js';
import { lookAround, type Opened } from '../chaos/prepare.js';
import type { Procedure } from '../chaos/procedure.js';
import { type Ended, type Ending, ended, type ReleaseOutcome, type ReleaseReport } from '../chaos/report.js';
import type { SessionOptions } from '../chaos/session.js';
import type { LeaseView } from '../lease-view.js';
import type { OperationPorts, PodFacts } from '../ports.js';
import { raceOf, reactionOf } from '../reactions.js';
import { defaultWaitMs, durationSeconds, type GivenTiming, renewEvery } from '../wait/plan-wait.js';
import { planRelease } from './plan-release.js';
import { releaseByFence } from './release-fence.js';
import { releaseByClear, releaseByEviction, releaseByPreference, releaseOwn, type WayRequest } from './release-ways.js';

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

export function openRelease(
  request: ReleaseRequest,
  ports: OperationPorts,
  options: SessionOptions = {},
): Promise<Opened<ReleaseReport>> {
  const { way, lease } = request;
  const prepare = {
    ...request,
    coordinated: way === 'prefer' ? 'required' : way === 'identity' ? 'either' : 'refused',
    // Who gives up its own Lease, or only writes a wish, needs no period.
    measure: way === 'fence' || way === 'clear',
  } as const;
  return open<ReleaseOutcome, Ends>({ lease, prepare, refused, decide }, ports, options);

  async function decide(found: Found): Promise<Decision<Ends>> {
    if (found.as === 'not-held') return { ends: ended('not-held') };
    const { record, facts } = found;
    const around = way === 'identity' ? { pods: null, others: null } : await lookAround(record, facts, ports);
    const refusal = refusalFor(request, record, around.pods);
    if (refusal) return { ends: refused({ refusal }) };
    const pod = around.pods?.length === 1 ? (around.pods[0] ?? null) : null;
    const id = ports.newId();
    const plan = planOf(request, facts, { id, pod, candidates: around.others });
    const { by, to } = request;
    return {
      plan,
      mark: { id, verb: 'release', phase: 'fence', by, to, forMs: plan.stopWaitMs },
      carryOut: (view, note) =>
        procedureOf(view, request, plan, { facts, note, pod, record, requestMs: ports.requestMs }),
    };
  }
}

const refused = (why: Partial<Ending>): Ends => ended('refused', why);

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

function procedureOf(view: LeaseView, request: ReleaseRequest, plan: Plan, ready: Ready): Procedure<Ends> {
  const { facts, pod, requestMs } = ready;
  const verifyMs = request.waitMs ?? defaultWaitMs(facts.leaseDurationMs);
  const overlapMs = plan.prediction.possibleOverlapMs;
  const raceMs = raceOf(reactionOf(facts.family), facts);
  const way: WayRequest = { from: facts.holder, uid: facts.uid, requestMs, verifyMs, overlapMs, raceMs };
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
      return fence(view, request, plan, ready, verifyMs);
  }
}

// biome-ignore lint/correctness/useYield: a procedure that has nothing to wait for
function* refusedNow(refusal: Refusal): Procedure<Ends> {
  return refused({ refusal });
}

function* fence(view: LeaseView, request: ReleaseRequest, plan: Plan, ready: Ready, verifyMs: number): Procedure<Ends> {
  const { facts, note, record, pod, requestMs } = ready;
  const holder = `kle/${note.id}`;
  const { stopWaitMs } = plan;
  const appliers = hasAppliers(record);
  const begun = yield* beginJournal(view, note, facts, { holder, stopWaitMs, appliers, shift: null });
  if (!begun.ok) return refused({ refusal: { code: 'journal-unwritable', problem: begun.problem } });
  const taking: TakingPlan = {
    note,
    holder,
    durationSeconds: durationSeconds(stopWaitMs, facts.leaseDurationMs),
    renewEveryMs: renewEvery(facts),
    stopWaitMs,
    requestMs,
    from: facts.holder,
    fromDurationSeconds: record.leaseDurationSeconds,
    fromUid: facts.uid,
    appliers,
  };
  return yield* releaseByFence(view, {
    taking,
    leaseDurationMs: facts.leaseDurationMs,
    to: request.to,
    verifyMs,
    raceMs: raceOf(reactionOf(facts.family), facts),
    pod,
  });
}
