/** The other ways to release: clear, evict, prefer, and one's own Lease. Each is one request and a look at what follows. */
import type { ApiFailure } from '../../lease/api.js';
import { clearing, freeing, hasAppliers, preferring } from '../../lease/operation-specs.js';
import type { LeaseObject, LeaseRecord } from '../../lease/record.js';
import { dropOwnEntry } from '../chaos/own-entry.js';
import type { Procedure, Told } from '../chaos/procedure.js';
import { type Ended, ended, type ReleaseOutcome } from '../chaos/report.js';
import { tell } from '../chaos/steps.js';
import { awaitHolder, type NewHolder, sameProcessBy } from '../chaos/verify.js';
import { type Written, write } from '../chaos/write.js';
import type { LeaseView } from '../lease-view.js';
import type { PodFacts } from '../ports.js';

type Ends = Ended<ReleaseOutcome>;

export interface WayRequest {
  from: string;
  uid: string;
  requestMs: number;
  verifyMs: number;
  /** Bound on two leaders, where a standby wins. */
  overlapMs: number;
  /** The same where the old leader wins: another candidate may have been told so too. */
  raceMs: number;
}

const mine = (request: WayRequest) => (record: LeaseRecord) =>
  record.uid === request.uid && record.holder === request.from;

function* once(view: LeaseView, request: WayRequest, build: (base: LeaseRecord) => LeaseObject): Procedure<Written> {
  return yield* write(view, {
    build,
    accepts: mine(request),
    untilMs: view.nowMs + request.requestMs,
    requestMs: request.requestMs,
    onInterrupt: 'settle',
    retries: false,
  });
}

/** Null: written. */
function notWritten(result: Written): Ends | null {
  switch (result.as) {
    case 'written':
      return null;
    case 'failed':
      return ended(result.unsettled ? 'unverified' : 'refused', {
        failure: result.failure,
        leftChanged: result.unsettled,
      });
    case 'moved-on': {
      const holder = result.record?.holder || null;
      if (result.unsure) return ended('unverified', { to: holder, failure: UNSURE });
      if (result.record && holder === null) return ended('not-held');
      return ended('refused', { refusal: { code: 'changed-meanwhile', holder } });
    }
    default:
      return ended('refused', { interrupted: true });
  }
}

const UNSURE: ApiFailure = { kind: 'aborted', message: 'the answer was lost, and others changed the Lease since' };

/** The holder's name taken out under a live leader: a race, with two leaders if a standby wins it. */
export function* releaseByClear(view: LeaseView, request: WayRequest): Procedure<Ends> {
  const mark = view.mark();
  const appliers = view.newest ? hasAppliers(view.newest) : false;
  const result = yield* once(view, request, clearing);
  const nothing = notWritten(result);
  if (nothing || result.as !== 'written') return nothing ?? ended('unverified');
  tell(view, { step: 'cleared' }, result.seenMs);
  yield* dropOwnEntry(view, appliers);
  const next = yield* awaitHolder(view, { mark }, view.nowMs + request.verifyMs);
  if (!next) return nobody(view);
  const leaderlessMs = next.timely ? Math.max(0, Math.round(next.atMs - result.seenMs)) : null;
  return came(view, request, next, leaderlessMs, next.holder === request.from ? request.raceMs : request.overlapMs);
}

/** The incumbent's Pod asked to go, with its uid as precondition; what it does with its Lease is its own affair. */
export function* releaseByEviction(view: LeaseView, request: WayRequest, pod: PodFacts): Procedure<Ends> {
  const mark = view.mark();
  if (view.interrupts > 0) return ended('refused', { interrupted: true });
  if (!view.newest || !mine(request)(view.newest)) {
    return ended('refused', { refusal: { code: 'changed-meanwhile', holder: view.newest?.holder ?? null } });
  }
  const { namespace, name, uid } = pod;
  const told = yield* ask(view, { namespace, name, uid });
  if (!told.answer.ok) {
    const { failure } = told.answer;
    if (failure.kind === 'throttled') {
      return ended('refused', { refusal: { code: 'budget-forbids', pod: name, message: failure.message } });
    }
    const lost = told.answer.mayHaveApplied && failure.kind !== 'conflict' && failure.kind !== 'not-found';
    return ended(lost ? 'unverified' : 'refused', { failure });
  }
  tell(view, { step: 'evicted', pod: name });
  const next = yield* awaitHolder(view, { mark, incumbent: request.from }, view.nowMs + request.verifyMs);
  return next ? came(view, request, next, next.leaderlessMs, 0) : nobody(view);
}

function* ask(
  view: LeaseView,
  pod: { namespace: string; name: string; uid: string },
): Procedure<Extract<Told, { ask: 'evict' }>> {
  const id = view.newId();
  view.emit({ do: 'ask', id, question: { ask: 'evict', pod } });
  for (;;) {
    const input = yield null;
    if (input.type === 'told' && input.id === id && input.told.ask === 'evict') return input.told;
  }
}

/** Coordinated leader election: the wish is written, and read back, since servers without the feature drop it silently. */
export function* releaseByPreference(view: LeaseView, request: WayRequest, to: string): Procedure<Ends> {
  const mark = view.mark();
  const result = yield* once(view, request, (base) => preferring(base, to));
  const nothing = notWritten(result);
  if (nothing || result.as !== 'written') return nothing ?? ended('unverified');
  if (result.record.preferredHolder !== to) return ended('refused', { refusal: { code: 'preference-dropped' } });
  tell(view, { step: 'preferred', to }, result.seenMs);
  const next = yield* awaitHolder(view, { mark, incumbent: request.from, named: true }, view.nowMs + request.verifyMs);
  return next ? came(view, request, next, next.leaderlessMs, 0) : nobody(view);
}

/** One's own Lease, in client-go's form: right only for whoever knows that its work has ended. */
export function* releaseOwn(view: LeaseView, request: WayRequest): Procedure<Ends> {
  const appliers = view.newest ? hasAppliers(view.newest) : false;
  const result = yield* once(view, request, (base) => freeing(base, view.serverNow() ?? 0n));
  const nothing = notWritten(result);
  if (nothing || result.as !== 'written') return nothing ?? ended('unverified');
  tell(view, { step: 'freed' }, result.seenMs);
  yield* dropOwnEntry(view, appliers);
  return ended('freed');
}

function came(
  view: LeaseView,
  request: WayRequest,
  next: NewHolder,
  leaderlessMs: number | null,
  possibleOverlapMs: number,
): Ends {
  tell(view, { step: 'acquired', holder: next.holder, leaderlessMs }, next.atMs);
  const returned = next.holder === request.from;
  return ended(returned ? 'returned' : 'handed-over', {
    to: next.holder,
    leaderlessMs,
    possibleOverlapMs,
    token: next.record.resourceVersion,
    sameProcess: returned ? sameProcessBy(next.holder) : null,
    interrupted: view.interrupts > 0,
  });
}

function nobody(view: LeaseView): Ends {
  const interrupted = view.interrupts > 0;
  const holder = view.newest?.holder || null;
  if (interrupted) return ended('freed', { to: holder, interrupted });
  if (!view.live) return ended('unverified', { to: holder, failure: view.watchFailure });
  // The holder is still there: it was asked to go and has not gone.
  return holder === null ? ended('freed') : ended('unverified', { to: holder });
}
