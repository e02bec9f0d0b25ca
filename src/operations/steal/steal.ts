/** Taking a Lease on purpose, keeping it, and giving it up in a way that no two leaders work at once. */
import type { LeaseRef } from '../../lease/api.js';
import { fenceHolder, freeing, hasAppliers, holderTime } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import { type Held, isOurs, type TakingPlan } from '../chaos/held.js';
import { IncumbentEvents } from '../chaos/incumbent-events.js';
import { beginJournal, settleJournal } from '../chaos/journal-steps.js';
import { keep } from '../chaos/keep.js';
import { type Decision, type Found, open } from '../chaos/open.js';
import { dropOwnEntry } from '../chaos/own-entry.js';
import type { PlanFacts } from '../chaos/plan.js';
import type { Opened } from '../chaos/prepare.js';
import type { Procedure } from '../chaos/procedure.js';
import { putBack } from '../chaos/put-back.js';
import { type Ended, type Ending, ended, type StealOutcome, type StealReport } from '../chaos/report.js';
import type { SessionOptions } from '../chaos/session.js';
import { tell } from '../chaos/steps.js';
import { type NotTaken, take } from '../chaos/take.js';
import { awaitHolder } from '../chaos/verify.js';
import { write } from '../chaos/write.js';
import type { LeaseView } from '../lease-view.js';
import type { OperationPorts } from '../ports.js';
import { defaultWaitMs, type GivenTiming } from '../wait/plan-wait.js';
import { planSteal } from './plan-steal.js';

export interface StealRequest {
  lease: LeaseRef;
  /** `--identity`; null: `kle/<id>`. */
  identity: string | null;
  onlyExpired: boolean;
  /** Null: until interrupted. */
  holdMs: number | null;
  afterwards: 'free' | 'leave';
  allowOverlap: boolean;
  leaseDurationSeconds: number | null;
  given: GivenTiming | null;
  /** How long to look for the next leader; null: 2 × L + 5 s. */
  waitMs: number | null;
  expectHolder?: string | undefined;
  allowNonElection: boolean;
  by: string;
}

type Ends = Ended<StealOutcome>;

export function openSteal(
  request: StealRequest,
  ports: OperationPorts,
  options: SessionOptions = {},
): Promise<Opened<StealReport>> {
  const { lease, leaseDurationSeconds: seconds } = request;
  const prepare = {
    ...request,
    coordinated: 'refused',
    leaseDurationMs: seconds === null ? null : seconds * 1000,
    measure: true,
  } as const;
  const decide = (found: Found) => decideSteal(request, found, ports);
  return open<StealOutcome, Ends>({ lease, prepare, refused, decide }, ports, options);
}

const refused = (why: Partial<Ending>): Ends => ended('refused', why);

function decideSteal(request: StealRequest, found: Found, ports: OperationPorts): Decision<Ends> {
  if (found.as === 'held' && request.onlyExpired) {
    return { ends: refused({ refusal: { code: 'not-expired', expiresInMs: null } }) };
  }
  const { record, facts } = found;
  const id = ports.newId();
  const holder = request.identity ?? fenceHolder(id);
  const plan = planSteal(facts, { ...request, id, holder });
  const forMs = Math.max(plan.stopWaitMs, request.holdMs ?? 0);
  const step = plan.steps[0];
  const taking: Omit<TakingPlan, 'note'> = {
    holder,
    durationSeconds: step?.step === 'take' ? step.leaseDurationSeconds : 15,
    renewEveryMs: plan.renewEveryMs,
    stopWaitMs: plan.stopWaitMs,
    requestMs: ports.requestMs,
    from: facts.holder,
    fromDurationSeconds: record.leaseDurationSeconds,
    fromUid: facts.uid,
    appliers: hasAppliers(record),
  };
  return {
    plan,
    mark: { id, verb: 'steal', phase: 'hold', by: request.by, to: request.identity, forMs },
    carryOut: (view, note) =>
      stealLease(view, { request, taking: { ...taking, note }, facts, hasEvents: ports.events !== null }),
  };
}

interface Stealing {
  request: StealRequest;
  taking: TakingPlan;
  facts: PlanFacts;
  hasEvents: boolean;
}

function* stealLease(view: LeaseView, stealing: Stealing): Procedure<Ends> {
  const { taking, facts, request } = stealing;
  const { note } = taking;
  const { holder, stopWaitMs, appliers } = taking;
  const begun = yield* beginJournal(view, note, facts, { holder, stopWaitMs, appliers, shift: null });
  if (!begun.ok) return refused({ refusal: { code: 'journal-unwritable', problem: begun.problem } });
  const taken = yield* take(view, taking);
  if (taken.as !== 'held') return yield* notTaken(view, taken, note.id);
  const { held } = taken;
  const stoppedMs = held.sentMs + taking.stopWaitMs;
  const holdEndMs = request.holdMs === null ? null : held.sentMs + request.holdMs;
  const untilMs = holdEndMs === null || request.allowOverlap ? holdEndMs : Math.max(holdEndMs, stoppedMs);
  const lookout =
    stealing.hasEvents && facts.holder !== ''
      ? new IncumbentEvents(facts.lease, facts.holder, held.note.sentAt, view.nowMs)
      : null;
  const end = yield* keep(view, held, { untilMs, notice: false, lookout });
  const overlap = { possibleOverlapMs: taking.stopWaitMs, undoId: note.id };
  if (end.end === 'lost' || end.end === 'emptied') return { ...(yield* lost(view, held, end.record)), ...overlap };
  const interrupted = end.end === 'interrupted';
  // Without --hold an interrupt is how it ends.
  const early = interrupted && request.holdMs !== null;
  if (interrupted) tell(view, { step: 'interrupted' });
  const stopWaitOver = view.nowMs >= stoppedMs;
  if (interrupted && !stopWaitOver) return { ...(yield* giveBack(view, held)), ...overlap, interrupted: early };
  if (request.afterwards === 'leave' && !early) {
    yield* settleJournal(view, note.id);
    tell(view, { step: 'left', holder: held.plan.holder });
    return ended('left', { ...overlap, to: held.plan.holder });
  }
  const freed = yield* freeHeld(view, held, stealing);
  return { ...freed, ...overlap, interrupted: request.holdMs !== null && view.interrupts > 0 };
}

function* notTaken(view: LeaseView, taken: NotTaken, id: string): Procedure<Ends> {
  if (taken.as === 'failed' && taken.unsettled) {
    return ended('unverified', { failure: taken.failure, leftChanged: true, undoId: id });
  }
  yield* settleJournal(view, id);
  switch (taken.as) {
    case 'failed':
      return ended('refused', { failure: taken.failure });
    case 'unsure':
      return ended('unverified', { to: taken.record?.holder || null });
    case 'journal':
      return ended('refused', { refusal: { code: 'journal-unwritable', problem: taken.problem } });
    case 'interrupted':
      return ended('refused', { interrupted: true });
    default:
      return ended('refused', { refusal: { code: 'changed-meanwhile', holder: taken.record?.holder ?? null } });
  }
}

function* lost(view: LeaseView, held: Held, record: LeaseRecord | null): Procedure<Ends> {
  yield* settleJournal(view, held.note.id);
  tell(view, record ? { step: 'changed-by-others', holder: record.holder } : { step: 'deleted' });
  return ended('lost', { to: record?.holder || null });
}

function* giveBack(view: LeaseView, held: Held): Procedure<Ends> {
  const { requestMs } = held.plan;
  const { holder, appliers } = held.plan;
  const facts = { holder, note: held.note, stopWaitOver: false, appliers };
  const back = yield* putBack(view, facts, { untilMs: view.nowMs + requestMs, requestMs });
  if (back.as === 'failed') return ended('unverified', { failure: back.failure, leftChanged: true });
  yield* settleJournal(view, held.note.id);
  if (back.as === 'moved-on') return ended('lost', { to: back.record?.holder || null });
  return back.as === 'freed' ? ended('held-and-freed') : ended('put-back', { to: back.holder });
}

function* freeHeld(view: LeaseView, held: Held, { facts, request }: Stealing): Procedure<Ends> {
  const { requestMs, note } = held.plan;
  const mark = view.mark();
  const result = yield* write(view, {
    build: (base) => freeing(base, holderTime(base, view.serverNow() ?? note.sentAt, note.offsetMs)),
    accepts: (base) => isOurs({ holder: held.plan.holder, note: held.note }, base),
    untilMs: view.nowMs + Math.max(requestMs, facts.leaseDurationMs),
    requestMs,
    onInterrupt: 'finish',
    retries: true,
  });
  if (result.as === 'failed') return ended('unverified', { failure: result.failure, leftChanged: true });
  if (result.as === 'moved-on' && !result.unsure) return yield* lost(view, held, result.record);
  yield* settleJournal(view, note.id);
  if (result.as !== 'written') return ended('unverified', { to: view.newest?.holder || null });
  tell(view, { step: 'freed' }, result.seenMs);
  yield* dropOwnEntry(view, held.plan.appliers);
  const untilMs = view.nowMs + (request.waitMs ?? defaultWaitMs(facts.leaseDurationMs));
  const next = yield* awaitHolder(view, { mark, own: held.plan.holder }, untilMs);
  if (!next) return ended('held-and-freed');
  const leaderlessMs = next.timely ? Math.round(next.atMs - held.seenMs) : null;
  tell(view, { step: 'acquired', holder: next.holder, leaderlessMs }, next.atMs);
  return ended('held-and-freed', { to: next.holder, leaderlessMs, token: next.record.resourceVersion });
}
