/** Draining, releasing, notifying: from a lost claim to nobody's (S4: claim false, work dead, release). */
import { isAbsent } from '../lease/absence.js';
import type { Answer } from '../lease/api.js';
import type { LeaseRecord } from '../lease/record.js';
import { enterCompeting } from './candidate.js';
import { deposes, fenceOf, STOPPED_ANNOTATION } from './fence.js';
import { elapsedMs } from './moment.js';
import type { LostReason, ReleaseOutcome } from './protocol.js';
import { isFree } from './sight.js';
import type { Draining, Flight, Notifying, Releasing, Term } from './state.js';
import { abandonFlight, isOfTerm, sendGet, sendWrite, setWatch, type Turn } from './turn.js';
import * as writes from './writes.js';

/** Below this the clocks only differ by their steps. */
const TOLERANCE_MS = 20;

/** S1, S8: the work is killed at R + D by either clock. */
export function checkDrain(turn: Turn, phase: Draining) {
  const { s, now, effects } = turn;
  if (phase.killed || !s.working) return;
  const leftMs = s.policy.claimMs(s.settings) + s.settings.drainMs - elapsedMs(phase.renewed, now);
  const byMs = s.policy.drainsAfterPause ? phase.byMs : Math.min(phase.byMs, now.monoMs + leftMs);
  if (byMs > now.monoMs) {
    // The machine was suspended while the work ended.
    if (byMs < phase.byMs - TOLERANCE_MS) s.phase = { ...phase, byMs };
    return;
  }
  s.phase = { ...phase, killed: true };
  effects.push({ type: 'stop-work', byMs: now.monoMs, kill: true });
}

/** S4: nothing happens to the Lease while any of the work is left. */
export function actDraining(turn: Turn, phase: Draining) {
  const { s } = turn;
  if (s.working && s.policy.releasesAfterWork) return;
  if (isTermsLease(turn, phase.term)) {
    if (s.settings.releaseOnStop) enterReleasing(turn, phase.term, phase.reason);
    else end(turn, phase.term, phase.reason, 'kept');
  } else afterOthers(turn, phase.term, phase.reason);
}

/** A re-creation of ours that arrived too late to count is left to expire. */
const isTermsLease = ({ s }: Turn, term: Term): boolean => isOfTerm(s, term) && s.sight.record?.uid === term.uid;

/** The Lease is no longer this term's. A fence that replaced this term waits for our word. */
function afterOthers(turn: Turn, term: Term, reason: LostReason | null) {
  const { s } = turn;
  const { record } = s.sight;
  const fence = record && fenceOf(record);
  if (record && fence && deposes(record, s.settings.identity, term)) enterNotifying(turn, term, fence);
  else end(turn, term, reason, 'not-ours');
}

export function enterReleasing(turn: Turn, term: Term, reason: LostReason | null) {
  const retryAtMs = turn.now.monoMs;
  const untilMs = retryAtMs + turn.s.settings.renewDeadlineMs;
  turn.s.phase = { name: 'releasing', term, reason, retryAtMs, untilMs, look: false };
}

export function actReleasing(turn: Turn, phase: Releasing) {
  const { s, now, serverNow } = turn;
  const { record } = s.sight;
  // S4: only a version that is known to be ours is freed.
  if (record === null || !isTermsLease(turn, phase.term)) {
    abandonFlight(turn);
    const freed = record !== null && isFree(record);
    return freed ? end(turn, phase.term, phase.reason, 'freed') : afterOthers(turn, phase.term, phase.reason);
  }
  if (phase.untilMs <= now.monoMs) {
    abandonFlight(turn);
    return end(turn, phase.term, phase.reason, 'unconfirmed');
  }
  if (s.flight || phase.retryAtMs > now.monoMs) return;
  const deadlineMs = Math.min(phase.untilMs, now.monoMs + s.settings.requestMs);
  if (phase.look) sendGet(turn, deadlineMs);
  else sendWrite(turn, 'release', writes.release(record, serverNow), deadlineMs);
}

/** S4: after a conflict the Lease is read again, and its holder looked at, before anything else is written. */
export function releaseAnswered(turn: Turn, phase: Releasing, flight: Flight, answer: Answer<LeaseRecord>) {
  const { s, now } = turn;
  if (answer.ok) {
    if (flight.purpose === 'release') end(turn, phase.term, phase.reason, 'freed');
    else s.phase = { ...phase, look: false, retryAtMs: now.monoMs };
    return;
  }
  const again = answer.failure.kind === 'conflict' ? now.monoMs : flight.sent.monoMs + s.settings.retryPeriodMs;
  const look = phase.look || answer.mayHaveApplied || answer.failure.kind === 'conflict';
  s.phase = { ...phase, look, retryAtMs: Math.max(now.monoMs, again) };
}

export function enterNotifying(turn: Turn, term: Term, fence: string) {
  const retryAtMs = turn.now.monoMs;
  const untilMs = retryAtMs + turn.s.settings.renewDeadlineMs;
  turn.s.phase = { name: 'notifying', term, fence, retryAtMs, untilMs, look: false };
}

/** L4: says that the work has ended, while that very fence is kept. */
export function actNotifying(turn: Turn, phase: Notifying) {
  const { s, now } = turn;
  const { record } = s.sight;
  const pending = record !== null && fenceOf(record) === phase.fence && !said(record, phase.fence);
  if (!pending || phase.untilMs <= now.monoMs) {
    abandonFlight(turn);
    return end(turn, phase.term, 'stepped-down', 'not-ours');
  }
  if (s.flight || phase.retryAtMs > now.monoMs) return;
  const deadlineMs = Math.min(phase.untilMs, now.monoMs + s.settings.requestMs);
  if (phase.look) sendGet(turn, deadlineMs);
  else sendWrite(turn, 'notice', writes.stoppedNotice(record, phase.fence), deadlineMs);
}

const said = (record: LeaseRecord, fence: string): boolean => record.annotations[STOPPED_ANNOTATION] === fence;

export function noticeAnswered(turn: Turn, phase: Notifying, flight: Flight, answer: Answer<LeaseRecord>) {
  const { s, now } = turn;
  if (answer.ok || isAbsent(answer.failure)) {
    s.phase = { ...phase, look: false, retryAtMs: now.monoMs };
    return;
  }
  const conflict = answer.failure.kind === 'conflict';
  // The fence is renewed all the time: a newer version that the watch brought meanwhile spares the read.
  const look = !(conflict && flight.seenVersion !== s.sight.resourceVersion);
  const retryAtMs = conflict ? now.monoMs : Math.max(now.monoMs, flight.sent.monoMs + s.settings.retryPeriodMs);
  s.phase = { ...phase, look, retryAtMs };
}

function end(turn: Turn, term: Term, reason: LostReason | null, release: ReleaseOutcome) {
  const { s, effects, now } = turn;
  s.lastTerm = term;
  s.attempts = [];
  const { record } = s.sight;
  const taken = record !== null && !isFree(record) && record.holder !== s.settings.identity;
  // L4: whoever stepped down leaves the Lease to others, from the moment it was theirs to take until one has it.
  if (reason === 'stepped-down' && !s.standBack && !taken) s.standBack = { fence: null, endedMs: now.monoMs };
  effects.push({ type: 'ended', release });
  rest(turn);
}

export function rest(turn: Turn) {
  const { s, effects } = turn;
  if (s.stopAsked) {
    s.phase = { name: 'stopped' };
    setWatch(turn, false);
    effects.push({ type: 'stopped' });
  } else if (s.wanted) enterCompeting(turn);
  else {
    s.phase = { name: 'resting' };
    setWatch(turn, false);
  }
}
