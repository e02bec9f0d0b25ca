/** Observing, waiting, trying, standing back: from wanting to lead to leading. */
import { isAbsent } from '../lease/absence.js';
import type { Answer } from '../lease/api.js';
import type { LeaseRecord } from '../lease/record.js';
import { enterNotifying, enterReleasing, rest } from './ending.js';
import { deposes, fenceOf } from './fence.js';
import { enterLeading, termOf } from './leader.js';
import { elapsedMs } from './moment.js';
import { pollMs } from './settings.js';
import { standBackUntil } from './stand-back.js';
import type { Flight, Waiting } from './state.js';
import { offerOf } from './takeover.js';
import {
  abandonFlight,
  deadlineOf,
  isOfTerm,
  ownAttempt,
  sendGet,
  sendWrite,
  setWatch,
  type Turn,
  tellOnce,
} from './turn.js';
import * as writes from './writes.js';

/** L1: spreads those who see a Lease become free, so that the first one's event stops the others. */
const JITTER_MS = 15;

export function enterCompeting(turn: Turn) {
  setWatch(turn, true);
  turn.s.phase = { name: 'observing', lookAtMs: turn.now.monoMs + turn.s.settings.retryPeriodMs };
}

export function enterWaiting(turn: Turn, change: Partial<Waiting> = {}) {
  turn.s.phase = {
    name: 'waiting',
    readyMs: turn.now.monoMs,
    jitterMs: JITTER_MS * turn.random,
    notBeforeMs: Number.NEGATIVE_INFINITY,
    lookAtMs: nextLook(turn),
    spent: false,
    ...change,
  };
}

/** L3: a live watch needs no reads. Without one, poll as client-go does. */
export function nextLook({ s, now, random }: Turn): number | null {
  return s.watch === 'live' ? null : now.monoMs + pollMs(s.settings, random);
}

/** The watch went live or down: reads stop or begin. */
export function watchChanged(turn: Turn) {
  const { phase, watch } = turn.s;
  if (phase.name === 'standing-back') turn.s.phase = { ...phase, lookAtMs: nextLook(turn) };
  // A read that must settle a doubt stays.
  if (phase.name === 'waiting' && !phase.spent) turn.s.phase = { ...phase, lookAtMs: nextLook(turn) };
  if (phase.name === 'observing' && watch === 'refused') turn.s.phase = { ...phase, lookAtMs: turn.now.monoMs };
}

/** Something newer is known of the Lease. `changed`: its spec, not only its version. */
export function candidateSaw(turn: Turn, changed: boolean) {
  const { s } = turn;
  const { phase } = s;
  if (recognise(turn)) return;
  if (phase.name === 'observing') enterWaiting(turn);
  if (phase.name === 'standing-back') s.phase = { ...phase, lookAtMs: nextLook(turn) };
  if (phase.name !== 'waiting') return;
  // A new spec is a new occasion. An annotation is none: neither age nor jitter begins anew.
  if (changed) enterWaiting(turn, { notBeforeMs: phase.notBeforeMs });
  else s.phase = { ...phase, lookAtMs: nextLook(turn), spent: false };
}

/** A reply was lost, and the Lease shows that our write arrived: the claim counts from when that was sent (S1). */
function recognise(turn: Turn): boolean {
  const { s } = turn;
  const attempt = ownAttempt(s, turn.now);
  const { record } = s.sight;
  if (!attempt || !record || (s.phase.name !== 'waiting' && s.phase.name !== 'trying')) return false;
  // Another process with our given identity may have written the same within the same microsecond: our answer tells.
  if (s.flight && s.flight.purpose !== 'look' && !s.settings.identityMadeUp) return false;
  const valid = elapsedMs(attempt.sent, turn.now) < s.policy.claimMs(s.settings);
  if (s.wanted && !valid) return false;
  s.flight = null;
  if (s.wanted) enterLeading(turn, record, attempt.sent);
  else enterReleasing(turn, termOf(record), null);
  return true;
}

export function actObserving(turn: Turn, phase: { lookAtMs: number }) {
  if (!turn.s.wanted) giveUp(turn);
  else if (!turn.s.flight && phase.lookAtMs <= turn.now.monoMs) sendGet(turn, deadlineOf(turn, null));
}

export function actWaiting(turn: Turn, phase: Waiting) {
  const { s, now } = turn;
  if (!s.wanted) return giveUp(turn);
  if (s.flight) return;
  const until = standBackUntil(s);
  if (until !== undefined && until > now.monoMs) {
    s.phase = { name: 'standing-back', lookAtMs: phase.lookAtMs };
    tellOnce(turn, 'standing-back', { code: 'standing-back', fence: s.standBack?.fence ?? null });
    return;
  }
  if (phase.lookAtMs !== null && phase.lookAtMs <= now.monoMs) return sendGet(turn, deadlineOf(turn, null));
  const at = tryAt(turn, phase);
  if (at !== null && at <= now.monoMs) attempt(turn);
}

/** Only reads are under way in these phases: nothing of ours can arrive later. */
function giveUp(turn: Turn) {
  abandonFlight(turn);
  rest(turn);
}

/** When the next attempt is due; null: something must be seen first. */
export function tryAt(turn: Turn, phase: Waiting): number | null {
  const offer = phase.spent ? undefined : offerOf(turn.s, turn);
  if (!offer) return null;
  const jitterMs = offer.how === 'adopt' ? 0 : phase.jitterMs;
  return Math.max(Math.max(offer.atMs, phase.readyMs) + jitterMs, phase.notBeforeMs);
}

/** Fact 4: on the very version that was seen, so that a renewal we do not know of makes it fail. */
function attempt(turn: Turn) {
  const { s } = turn;
  const { record } = s.sight;
  s.phase = { name: 'trying' };
  if (record && s.policy.readsBeforeTaking) sendGet(turn, deadlineOf(turn, null));
  else take(turn, record);
}

function take(turn: Turn, from: LeaseRecord | null) {
  const { settings } = turn.s;
  const lease = from ? writes.acquisition(from, settings, turn.serverNow) : writes.creation(settings, turn.serverNow);
  sendWrite(turn, from ? 'take' : 'create', lease, deadlineOf(turn, null));
}

export function actStandingBack(turn: Turn, phase: { lookAtMs: number | null }) {
  const { s, now } = turn;
  if (!s.wanted) return giveUp(turn);
  if (s.flight) return;
  const until = standBackUntil(s);
  if (until === undefined || until <= now.monoMs) {
    s.standBack = null;
    s.told = s.told.filter((key) => key !== 'standing-back');
    return enterWaiting(turn, { lookAtMs: phase.lookAtMs });
  }
  if (phase.lookAtMs !== null && phase.lookAtMs <= now.monoMs) sendGet(turn, deadlineOf(turn, null));
}

/** The answer to a read in any of these phases. What it showed has been seen already. */
export function candidateLooked(turn: Turn, answer: Answer<LeaseRecord>) {
  const { s } = turn;
  const { phase } = s;
  if (phase.name === 'trying') return settleDoubt(turn, answer);
  const lookAtMs = turn.now.monoMs + pollMs(s.settings, turn.random);
  const due = 'lookAtMs' in phase && phase.lookAtMs !== null && phase.lookAtMs <= turn.now.monoMs;
  if (phase.name === 'observing') s.phase = { name: 'observing', lookAtMs };
  if ((phase.name === 'waiting' || phase.name === 'standing-back') && due) s.phase = { ...phase, lookAtMs };
}

function settleDoubt(turn: Turn, answer: Answer<LeaseRecord>) {
  const { s } = turn;
  if (!s.wanted) rest(turn);
  else if (s.policy.readsBeforeTaking && answer.ok) take(turn, answer.value);
  else enterWaiting(turn);
}

/** The answer to an attempt. What it showed has been seen already. */
export function candidateTried(turn: Turn, flight: Flight, answer: Answer<LeaseRecord>) {
  const { s } = turn;
  if (answer.ok) return tookIt(turn, flight, answer.value);
  const { failure } = answer;
  if (!answer.mayHaveApplied || failure.kind === 'conflict') {
    s.attempts = s.attempts.filter((one) => one.id !== flight.id);
  }
  if (recognise(turn)) return;
  if (!s.wanted) {
    if (answer.mayHaveApplied && failure.kind !== 'conflict') sendGet(turn, deadlineOf(turn, null));
    else rest(turn);
    return;
  }
  // What was tried is not the newest any more, when a newer one has been seen meanwhile.
  const overtaken = s.sight.resourceVersion !== flight.seenVersion;
  if (failure.kind === 'conflict' && failure.exists && s.sight.record === null) {
    s.sight = { ...s.sight, unseenMs: turn.now.monoMs };
  }
  if (failure.kind === 'conflict')
    return enterWaiting(turn, overtaken ? {} : { spent: true, lookAtMs: lookSoon(turn) });
  if (isAbsent(failure)) return enterWaiting(turn);
  const retryMs = 'retryAfterMs' in failure ? (failure.retryAfterMs ?? 0) : 0;
  const notBeforeMs = turn.now.monoMs + Math.max(pollMs(s.settings, turn.random), retryMs);
  if (!answer.mayHaveApplied || overtaken) enterWaiting(turn, { notBeforeMs });
  else enterWaiting(turn, { notBeforeMs, spent: true, lookAtMs: notBeforeMs });
}

/** L1: the winner's event is under way; only without a live watch must we ask. */
function lookSoon({ s, now, random }: Turn): number {
  return s.watch === 'live' ? now.monoMs + pollMs(s.settings, random) : now.monoMs;
}

function tookIt(turn: Turn, flight: Flight, written: LeaseRecord) {
  const { s } = turn;
  const term = termOf(written);
  if (!isOfTerm(s, term)) {
    // Ours, and somebody else's since: it was seen before our own answer came. The work never began.
    s.lastTerm = term;
    const { record } = s.sight;
    const fence = record && fenceOf(record);
    if (record && fence && deposes(record, s.settings.identity, term)) return enterNotifying(turn, term, fence);
    return s.wanted ? enterWaiting(turn) : rest(turn);
  }
  if (!s.wanted) return enterReleasing(turn, term, null);
  if (elapsedMs(flight.sent, turn.now) < s.policy.claimMs(s.settings)) enterLeading(turn, written, flight.sent);
  else enterWaiting(turn);
}
