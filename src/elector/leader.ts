/** Leading: renew, notice what others do to the Lease, and lose the claim in time. */
import { isAbsent } from '../lease/absence.js';
import type { Answer, ApiFailure } from '../lease/api.js';
import type { LeaseRecord } from '../lease/record.js';
import { fenceOf } from './fence.js';
import { elapsedMs, type Reading } from './moment.js';
import { wasPaused } from './policy.js';
import type { LostReason } from './protocol.js';
import type { Flight, Leading, Term } from './state.js';
import { abandonFlight, deadlineOf, isOfTerm, ownAttempt, sendGet, sendWrite, type Turn } from './turn.js';
import * as writes from './writes.js';

/** The first conflict is answered at once, further ones in a row after this much, doubled each time, up to P. */
const CONFLICT_BACKOFF_MS = 25;

export function termOf(written: LeaseRecord): Term {
  return {
    token: written.resourceVersion ?? '',
    uid: written.uid ?? '',
    transitions: written.transitions ?? 0,
    acquireTime: written.acquireTime ?? 0n,
  };
}

/** S1: the claim counts from when the write was sent. S5: its version is the token. */
export function enterLeading(turn: Turn, written: LeaseRecord, sent: Reading) {
  const { s, effects } = turn;
  const term = termOf(written);
  const renewAtMs = sent.monoMs + s.settings.retryPeriodMs;
  s.phase = { name: 'leading', term, renewed: sent, renewAtMs, lookAtMs: null, conflicts: 0 };
  s.attempts = [];
  s.standBack = null;
  s.lastTerm = term;
  s.working = true;
  const { token, uid, transitions } = term;
  effects.push({ type: 'elected', term: { token, uid, transitions } });
  tellClaim(turn, sent);
}

/** S1, S8: before anything is believed or sent, the clocks are asked. */
export function checkDeadline(turn: Turn, phase: Leading) {
  const lateMs = elapsedMs(phase.renewed, turn.now) - turn.s.policy.claimMs(turn.s.settings);
  if (lateMs >= 0) lose(turn, phase, wasPaused(lateMs) ? 'paused' : 'renew-deadline-exceeded', lateMs);
}

/** S4: the claim is false from here on; the work gets what grace is left; nothing is sent before it has ended. */
export function lose(turn: Turn, phase: Leading, reason: LostReason, lateMs = 0) {
  const { s, effects, now } = turn;
  const { settings, policy } = s;
  // R + D from the last renewal, however late or early the loss was noticed.
  const leftMs = policy.claimMs(settings) + settings.drainMs - elapsedMs(phase.renewed, now);
  const paused = wasPaused(lateMs) ? 0 : Math.min(settings.drainMs, Math.max(0, leftMs));
  const graceMs = policy.drainsAfterPause ? settings.drainMs : paused;
  const byMs = now.monoMs + graceMs;
  const killed = graceMs === 0;
  abandonFlight(turn);
  s.phase = { name: 'draining', term: phase.term, renewed: phase.renewed, reason, byMs, killed };
  s.wanted = false;
  effects.push({ type: 'lost', reason }, { type: 'stop-work', byMs, kill: killed });
}

/** Something newer is known of the Lease. */
export function leaderSaw(turn: Turn, phase: Leading) {
  const { s, now } = turn;
  const { record } = s.sight;
  // S2: the leader itself re-creates a deleted Lease at once.
  if (record === null) {
    if (s.flight?.purpose !== 'recreate') abandonFlight(turn);
    s.phase = { ...phase, renewAtMs: now.monoMs, lookAtMs: null };
    return;
  }
  if (isOfTerm(s, phase.term)) return recognise(turn, phase);
  if (fenceOf(record) !== null) {
    // L4: leaves the Lease to others although the fence may not say whom it replaced.
    s.standBack = { fence: fenceOf(record), endedMs: null };
    return lose(turn, phase, 'stepped-down');
  }
  lose(turn, phase, s.sight.record?.uid === phase.term.uid ? 'holder-changed' : 'lease-deleted');
}

/** A renewal whose answer is lost or late counts once the Lease shows it. */
function recognise(turn: Turn, phase: Leading) {
  const { s } = turn;
  const attempt = ownAttempt(s, turn.now);
  const found = s.sight.record;
  s.phase = { ...phase, lookAtMs: null, renewAtMs: phase.lookAtMs === null ? phase.renewAtMs : turn.now.monoMs };
  if (!attempt || !found || attempt.sent.monoMs < phase.renewed.monoMs) return;
  if (s.flight?.id === attempt.id) s.flight = null;
  renewedBy(turn, s.phase, found, attempt.sent);
}

function renewedBy(turn: Turn, phase: Leading, written: LeaseRecord, sent: Reading) {
  const { s } = turn;
  const term = { ...phase.term, uid: written.uid ?? phase.term.uid };
  const renewAtMs = sent.monoMs + s.settings.retryPeriodMs;
  s.phase = { ...phase, term, renewed: sent, renewAtMs, lookAtMs: null, conflicts: 0 };
  s.lastTerm = term;
  s.attempts = s.attempts.filter((one) => one.sent.monoMs > sent.monoMs);
  tellClaim(turn, sent);
}

function tellClaim({ s, now, effects }: Turn, sent: Reading) {
  effects.push({ type: 'claim', untilMs: now.monoMs + s.policy.claimMs(s.settings) - elapsedMs(sent, now) });
}

export function actLeading(turn: Turn, phase: Leading) {
  const { s, now, serverNow } = turn;
  if (s.stopAsked) return lose(turn, phase, 'stepped-down');
  if (s.flight) return;
  const deadlineMs = deadlineOf(turn, phase.renewed);
  if (phase.lookAtMs !== null) {
    if (phase.lookAtMs <= now.monoMs) sendGet(turn, deadlineMs);
    return;
  }
  if (phase.renewAtMs > now.monoMs) return;
  const { record, held } = s.sight;
  if (record) sendWrite(turn, 'renew', writes.renewal(record, s.settings, phase.term, serverNow), deadlineMs);
  else {
    const lease = writes.recreation(held?.record ?? null, s.settings, phase.term, serverNow);
    sendWrite(turn, 'recreate', lease, deadlineMs);
  }
}

/** The answer to a renewal, a re-creation or a read. What it showed has been seen already, and the claim still holds. */
export function leaderAnswered(turn: Turn, phase: Leading, flight: Flight, answer: Answer<LeaseRecord>) {
  const { s, now } = turn;
  if (flight.purpose === 'look') {
    if (answer.ok || isAbsent(answer.failure)) s.phase = { ...phase, lookAtMs: null };
    else s.phase = { ...phase, lookAtMs: retryAt(turn, phase, flight, answer.failure) };
    return;
  }
  if (answer.ok) return renewedBy(turn, phase, answer.value, flight.sent);
  const { failure } = answer;
  if (failure.kind === 'conflict') {
    s.attempts = s.attempts.filter((one) => one.id !== flight.id);
    const conflicts = phase.conflicts + 1;
    const waitMs = conflicts === 1 ? 0 : CONFLICT_BACKOFF_MS * 2 ** Math.min(conflicts - 2, 10);
    const atMs = now.monoMs + Math.min(waitMs, s.settings.retryPeriodMs);
    // A newer version of ours that the watch brought meanwhile spares the read.
    const overtaken = flight.seenVersion !== s.sight.resourceVersion;
    s.phase = { ...phase, conflicts, renewAtMs: atMs, lookAtMs: overtaken ? null : atMs };
  } else if (!isAbsent(failure)) {
    s.phase = { ...phase, renewAtMs: retryAt(turn, phase, flight, failure) };
  }
}

/** L2: P after the last try, later if the server asks for it, but so that one more request fits before R. */
function retryAt(turn: Turn, phase: Leading, flight: Flight, failure: ApiFailure): number {
  const { settings, policy } = turn.s;
  const soonMs = Math.max(turn.now.monoMs, flight.sent.monoMs + settings.retryPeriodMs);
  const askedMs = 'retryAfterMs' in failure ? turn.now.monoMs + (failure.retryAfterMs ?? 0) : 0;
  const lastMs = phase.renewed.monoMs + policy.claimMs(settings) - settings.requestMs;
  return Math.min(Math.max(soonMs, askedMs), Math.max(soonMs, lastMs));
}
