/** Taking a Lease on purpose, keeping it, and giving it up in a way that no two leaders work at once. */
import type { LeaseRef } from '../lease/api.js';
import { freeing, holderTime } from '../lease/operation-specs.js';
import type { LeaseRecord } from '../lease/record.js';
import { type Held, isOurs, type TakingPlan } from './held.js';
import { IncumbentEvents } from './incumbent-events.js';
import { beginJournal, settleJournal } from './journal-steps.js';
import { keep } from './keep.js';
import type { LeaseView } from './lease-view.js';
import type { Plan, PlanFacts } from './plan.js';
import { planSteal } from './plan-steal.js';
import { defaultWaitMs, type GivenTiming } from './plan-wait.js';
import type { OperationPorts } from './ports.js';
import { noteFor, type Opened, type Prepared, prepare } from './prepare.js';
import type { Procedure } from './procedure.js';
import { putBack } from './put-back.js';
import { type Ended, ended, type StealOutcome, type StealReport } from './report.js';
import { Session, type SessionOptions } from './session.js';
import { tell } from './steps.js';
import { type NotTaken, take } from './take.js';
import { awaitHolder } from './verify.js';
import { write } from './write.js';

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

export async function openSteal(
  request: StealRequest,
  ports: OperationPorts,
  options: SessionOptions = {},
): Promise<Opened<StealReport>> {
  const session = new Session(request.lease, ports, options);
  const close = () => session.close();
  const end = (from: string | null, plan: Plan | null, result: Ends): StealReport => ({
    ...result,
    lease: request.lease,
    from,
    plan,
    steps: session.steps,
  });
  const prepared = await prepare(session, {
    ...request,
    coordinated: 'refused',
    requestMs: ports.requestMs,
    leaseDurationMs: request.leaseDurationSeconds === null ? null : request.leaseDurationSeconds * 1000,
    measure: true,
  });
  const refused = notReady(prepared, request.onlyExpired);
  if (refused || (prepared.as !== 'held' && prepared.as !== 'not-held')) {
    const from = 'record' in prepared ? prepared.record?.holder || null : null;
    return { ready: false, report: end(from, null, refused ?? ended('refused')), close };
  }
  const { record, facts } = prepared;
  const id = ports.newId();
  const holder = request.identity ?? `kle/${id}`;
  const expiredForMs = prepared.as === 'not-held' ? prepared.expiredForMs : null;
  const plan = planSteal(facts, { ...request, id, holder, expiredForMs });
  const forMs = Math.max(plan.stopWaitMs, request.holdMs ?? 0);
  const note = noteFor(session.view, record, facts, {
    id,
    verb: 'steal',
    phase: 'hold',
    by: request.by,
    to: request.identity,
    forMs,
  });
  if (note === null) {
    return { ready: false, report: end(facts.holder, plan, ended('refused', { refusal: TOO_LONG })), close };
  }
  const step = plan.steps[0];
  const durationSeconds = step?.step === 'take' ? step.leaseDurationSeconds : 15;
  const taking: TakingPlan = {
    note,
    holder,
    durationSeconds,
    renewEveryMs: plan.renewEveryMs,
    stopWaitMs: plan.stopWaitMs,
    requestMs: ports.requestMs,
    from: facts.holder,
    fromDurationSeconds: record.leaseDurationSeconds,
    fromUid: facts.uid,
  };
  const hasEvents = ports.events !== null;
  const run = async () =>
    end(facts.holder || null, plan, await session.run(stealLease(session.view, { request, taking, facts, hasEvents })));
  return { ready: true, plan, run, close };
}

const TOO_LONG = { code: 'identity-too-long' } as const;

function notReady(prepared: Prepared, onlyExpired: boolean): Ends | null {
  switch (prepared.as) {
    case 'held':
      return onlyExpired ? ended('refused', { refusal: { code: 'not-expired', expiresInMs: null } }) : null;
    case 'not-held':
      return null;
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

interface Stealing {
  request: StealRequest;
  taking: TakingPlan;
  facts: PlanFacts;
  hasEvents: boolean;
}

function* stealLease(view: LeaseView, stealing: Stealing): Procedure<Ends> {
  const { taking, facts, request } = stealing;
  const { note } = taking;
  const begun = yield* beginJournal(view, {
    id: note.id,
    verb: 'steal',
    lease: facts.lease,
    uid: facts.uid,
    holder: taking.holder,
    previous: note.previous.spec,
    renewPeriodMs: note.renewPeriodMs,
    offsetMs: note.offsetMs,
    stopWaitMs: taking.stopWaitMs,
    shift: null,
  });
  if (!begun.ok) return ended('refused', { refusal: { code: 'journal-unwritable', problem: begun.problem } });
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
  return { ...(yield* freeHeld(view, held, stealing)), ...overlap, interrupted: early };
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
  const facts = { holder: held.plan.holder, note: held.note, stopWaitOver: false };
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
  const untilMs = view.nowMs + (request.waitMs ?? defaultWaitMs(facts.leaseDurationMs));
  const next = yield* awaitHolder(view, { mark, own: held.plan.holder, written: [] }, untilMs);
  if (!next) return ended('held-and-freed');
  const leaderlessMs = next.timely ? Math.round(next.atMs - held.seenMs) : null;
  tell(view, { step: 'acquired', holder: next.holder, leaderlessMs }, next.atMs);
  return ended('held-and-freed', { to: next.holder, leaderlessMs, token: next.record.resourceVersion });
}
