/** What each input tells, before the phase acts on it. */
import { isAbsent } from '../lease/absence.js';
import type { Answer, ApiFailure, LeaseWatchEvent } from '../lease/api.js';
import type { LeaseRecord } from '../lease/record.js';
import * as candidate from './candidate.js';
import * as ending from './ending.js';
import * as leader from './leader.js';
import type { Input } from './protocol.js';
import type { Look } from './sight.js';
import { see, seeGone, type Turn, tellOnce, untell } from './turn.js';
import { isOlder } from './version.js';

/** A refused watch is tried again this often: rights may have been granted since. */
const WATCH_AGAIN_MS = 60_000;

export function take(turn: Turn, input: Input) {
  const { s } = turn;
  switch (input.type) {
    case 'compete':
      if (s.stopAsked || s.wanted) return;
      s.wanted = s.phase.name !== 'leading';
      if (s.phase.name === 'resting') candidate.enterCompeting(turn);
      return;
    case 'withdraw':
      s.wanted = false;
      return;
    case 'stop':
      s.stopAsked = true;
      s.wanted = false;
      if (s.phase.name === 'resting') ending.rest(turn);
      return;
    case 'step-down':
      if (s.phase.name === 'leading') leader.lose(turn, s.phase, 'stepped-down');
      return;
    case 'work-stopped':
      s.working = false;
      return;
    case 'answer':
      return takeAnswer(turn, input.id, input.answer);
    case 'watch':
      return takeEvent(turn, input.event);
    case 'watch-ended':
      return takeWatchEnd(turn, input.failure);
    case 'timer':
    case 'woken':
      return;
  }
}

function takeAnswer(turn: Turn, id: number, answer: Answer<LeaseRecord>) {
  const { s } = turn;
  const flight = s.flight?.id === id ? s.flight : null;
  if (flight) s.flight = null;
  const look: Look = { atMs: answer.times.receivedMs };
  if (flight?.purpose === 'look') look.askedMs = flight.sent.monoMs;
  if (answer.ok) believe(turn, look, (at) => see(at, answer.value, look));
  else if (flight && isAbsent(answer.failure)) {
    const asked = { ...look, askedMs: flight.sent.monoMs };
    believe(turn, asked, (at) => seeGone(at, null, asked));
  }
  if (!flight) return;
  if (answer.ok) untell(turn, `${flight.purpose}:`);
  else if (answer.failure.kind !== 'conflict' && !isAbsent(answer.failure) && answer.failure.kind !== 'aborted') {
    const { failure } = answer;
    tellOnce(turn, `${flight.purpose}:${failure.kind}`, { code: 'request-failed', purpose: flight.purpose, failure });
  }
  const { phase } = s;
  if (phase.name === 'leading') leader.leaderAnswered(turn, phase, flight, answer);
  else if (phase.name === 'releasing') ending.releaseAnswered(turn, phase, flight, answer);
  else if (phase.name === 'notifying') ending.noticeAnswered(turn, phase, flight, answer);
  else if (flight.purpose === 'look') candidate.candidateLooked(turn, answer);
  else if (phase.name === 'trying') candidate.candidateTried(turn, flight, answer);
}

/** Takes in what is known now, and lets the phase react to it. */
function believe(turn: Turn, _look: Look, seeing: (turn: Turn) => boolean) {
  const { s } = turn;
  const { key, known } = s.sight;
  if (!seeing(turn)) return;
  const { phase } = s;
  if (phase.name === 'leading') leader.leaderSaw(turn, phase);
  else candidate.candidateSaw(turn, key !== s.sight.key || !known);
}

function takeEvent(turn: Turn, event: LeaseWatchEvent) {
  const { s } = turn;
  if (s.watch === 'off' || s.watch === 'refused') return;
  switch (event.type) {
    case 'added':
    case 'modified': {
      if (event.record.name !== s.settings.name || event.record.namespace !== s.settings.namespace) return;
      // The same version again is no news.
      if (event.record.resourceVersion === s.sight.resourceVersion && s.sight.record && !watching(turn)) return;
      const look = { atMs: event.atMs, streamed: !event.found };
      return believe(turn, look, (at) => see(at, event.record, look));
    }
    case 'deleted': {
      if (event.record.name !== s.settings.name || event.record.namespace !== s.settings.namespace) return;
      const look = { atMs: event.atMs, streamed: !event.found };
      // Its last spec counts: a Lease that was freed before it was deleted has no leader to wait for.
      if (!event.found && isOlder(s.sight.resourceVersion, event.record.resourceVersion)) see(turn, event.record, look);
      return believe(turn, look, (at) => seeGone(at, event.record.resourceVersion, look));
    }
    case 'synced':
      return takeSync(turn, event.resourceVersion, event.atMs);
    case 'disconnected':
      s.watch = 'down';
      return candidate.watchChanged(turn);
    case 'reconnected':
      s.watch = 'live';
      return candidate.watchChanged(turn);
    case 'bookmark':
      return;
  }
}

const watching = ({ s }: Turn): boolean => s.phase.name === 'observing';

/** Everything that existed has been reported, so a Lease that was not reported does not exist. */
function takeSync(turn: Turn, version: string, atMs: number) {
  const { s } = turn;
  s.watch = 'live';
  if (!s.sight.known) {
    const look = { atMs };
    believe(turn, look, (at) => seeGone(at, version, look));
  }
  candidate.watchChanged(turn);
}

function takeWatchEnd(turn: Turn, failure: ApiFailure | null) {
  const { s, now } = turn;
  if (s.watch === 'off') return;
  s.watch = 'refused';
  s.watchAtMs = now.monoMs + WATCH_AGAIN_MS;
  tellOnce(turn, 'watch', { code: 'watch-refused', failure });
  candidate.watchChanged(turn);
}
