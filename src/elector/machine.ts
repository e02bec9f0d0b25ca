/**
 * kle's elector: (state, input) -> (state, effects). It reads no clock and does no I/O; every input carries both clocks.
 * The promises named in comments are those of DESIGN section 5 (S1 to S7, L1 to L4).
 */
import * as candidate from './candidate.js';
import * as ending from './ending.js';
import { take } from './intake.js';
import * as leader from './leader.js';
import { elapsedMs, type Moment, type Reading, withoutSuspends } from './moment.js';
import { type Policy, PROMISED } from './policy.js';
import type { Effect, Input } from './protocol.js';
import type { ElectorSettings } from './settings.js';
import { NOTHING_SEEN } from './sight.js';
import type { ElectorState } from './state.js';
import { setTimers } from './timers.js';
import { setWatch, type Turn } from './turn.js';

export function initialState(settings: ElectorSettings, policy: Policy = PROMISED): ElectorState {
  return {
    settings,
    policy,
    phase: { name: 'resting' },
    sight: NOTHING_SEEN,
    wanted: false,
    stopAsked: false,
    working: false,
    watch: 'off',
    watchAtMs: null,
    flight: null,
    nextId: 1,
    attempts: [],
    standBack: null,
    lastTerm: null,
    timers: {},
    told: [],
  };
}

export function step(before: ElectorState, input: Input, moment: Moment): { state: ElectorState; effects: Effect[] } {
  const turn: Turn = { ...moment, s: { ...before }, effects: [] };
  askClocks(turn);
  take(turn, input);
  act(turn);
  setTimers(turn, before, input.type === 'timer' ? input.purpose : null);
  return { state: turn.s, effects: turn.effects };
}

/** S1, S6: computed at each question from both clocks; a timer that did not run changes nothing about the answer. */
export function leadsFor({ phase, policy, settings }: ElectorState, now: Reading): number {
  if (phase.name !== 'leading') return 0;
  return Math.max(0, policy.claimMs(settings) - elapsedMs(phase.renewed, now));
}

function askClocks(turn: Turn) {
  const { s, now } = turn;
  if (s.phase.name !== 'leading' && s.phase.name !== 'draining') return;
  const renewed = withoutSuspends(s.phase.renewed, now);
  // S8: the time for which the monotonic clock stood still is gone for the work too.
  if (renewed !== s.phase.renewed) s.phase = { ...s.phase, renewed };
  if (s.phase.name === 'leading') leader.checkDeadline(turn, s.phase);
  if (s.phase.name === 'draining') ending.checkDrain(turn, s.phase);
}

/** What is due now by the phase. Anything that comes due later has a timer. */
function act(turn: Turn) {
  const { s, now } = turn;
  if (s.watchAtMs !== null && s.watchAtMs <= now.monoMs) setWatch(turn, true);
  for (let name = ''; name !== s.phase.name; ) {
    const { phase } = s;
    name = phase.name;
    if (phase.name === 'observing') candidate.actObserving(turn, phase);
    else if (phase.name === 'waiting') candidate.actWaiting(turn, phase);
    else if (phase.name === 'standing-back') candidate.actStandingBack(turn, phase);
    else if (phase.name === 'leading') leader.actLeading(turn, phase);
    else if (phase.name === 'draining') ending.actDraining(turn, phase);
    else if (phase.name === 'releasing') ending.actReleasing(turn, phase);
    else if (phase.name === 'notifying') ending.actNotifying(turn, phase);
  }
}
