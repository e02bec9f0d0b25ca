/**
 * When a group that may live only while a Lease is held gets TERM and KILL. Pure: readings of the clocks come in, signals to
 * send come out. The supervisor and its watchdog both run it, each with what it knows, so that either alone is enough.
 */
import { earlier, hasCome, KILL_MARGIN_MS, type Moment, plus, until } from './deadline.js';

export type Phase =
  /** The claim holds. */
  | 'running'
  /** TERM was sent; KILL follows at `killAt`. */
  | 'draining'
  /** KILL was sent; repeated until nobody is left. */
  | 'killing'
  | 'dead';

export interface WorkState {
  readonly phase: Phase;
  /** When the group must be dead, by the last renewal known. */
  readonly deadline: Moment;
  readonly drainMs: number;
  /** When TERM is sent although nobody said that the claim is false. */
  readonly termAt: Moment;
  /** When KILL is sent. Only ever moves while the claim holds, or to an earlier moment. */
  readonly killAt: Moment;
  /** How long after `termAt` this process waits for another to send TERM first, ms. */
  readonly lagMs: number;
}

export type WorkInput =
  /** Time has passed. */
  | { readonly type: 'look'; readonly now: Moment }
  /** The Lease was renewed. */
  | { readonly type: 'extended'; readonly deadline: Moment; readonly now: Moment }
  /** Work is to end: the claim is false, the supervisor is gone, the command itself has ended and left others behind. */
  | { readonly type: 'stop'; readonly now: Moment }
  /** Another process has sent TERM and says when it will send KILL. */
  | { readonly type: 'stopped-elsewhere'; readonly killAt: Moment; readonly now: Moment }
  /** Nothing of the group is left. */
  | { readonly type: 'group-dead' };

export type WorkEffect = 'term' | 'kill';

export interface WorkStep {
  readonly state: WorkState;
  readonly effects: readonly WorkEffect[];
}

export function workState(deadline: Moment, drainMs: number, lagMs = 0): WorkState {
  return { phase: 'running', drainMs, lagMs, ...timesOf(deadline, drainMs, lagMs) };
}

export function nextWork(state: WorkState, input: WorkInput): WorkStep {
  if (state.phase === 'dead') return { state, effects: [] };
  switch (input.type) {
    case 'group-dead':
      return { state: { ...state, phase: 'dead' }, effects: [] };
    case 'look':
      return look(state, input.now);
    case 'extended':
      return extend(state, input.deadline, input.now);
    case 'stop':
      return state.phase === 'running' ? stop(state, input.now) : look(state, input.now);
    case 'stopped-elsewhere': {
      if (state.phase === 'killing') return { state, effects: [] };
      const killAt = earlier(state.killAt, input.killAt);
      return look({ ...state, phase: 'draining', killAt }, input.now);
    }
  }
}

/** Milliseconds until a look can change something; undefined when only the group's death can. */
export function nextLookMs(state: WorkState, now: Moment): number | undefined {
  if (state.phase === 'running') return until(state.termAt, now);
  return state.phase === 'draining' ? until(state.killAt, now) : undefined;
}

function timesOf(deadline: Moment, drainMs: number, lagMs: number): Pick<WorkState, 'deadline' | 'termAt' | 'killAt'> {
  const killAt = plus(deadline, -KILL_MARGIN_MS);
  return { deadline, termAt: plus(killAt, Math.min(0, lagMs - drainMs)), killAt };
}

function look(state: WorkState, now: Moment): WorkStep {
  if (state.phase === 'running' && hasCome(state.termAt, now)) return stop(state, now);
  if (state.phase === 'draining' && hasCome(state.killAt, now)) return kill(state);
  return { state, effects: [] };
}

/**
 * A renewal that becomes known once work was told to end does not bring it back: TERM cannot be taken back. Nor does one
 * that becomes known past the moment of KILL: whoever stood still so long is not believed before it has killed.
 */
function extend(state: WorkState, deadline: Moment, now: Moment): WorkStep {
  if (state.phase !== 'running' || hasCome(state.killAt, now)) return look(state, now);
  return look({ ...state, ...timesOf(deadline, state.drainMs, state.lagMs) }, now);
}

/** After a pause past the moment of KILL there is no drain: others may lead already. */
function stop(state: WorkState, now: Moment): WorkStep {
  if (hasCome(state.killAt, now)) return kill(state);
  return {
    state: { ...state, phase: 'draining', killAt: earlier(state.killAt, plus(now, state.drainMs)) },
    effects: ['term'],
  };
}

function kill(state: WorkState): WorkStep {
  return { state: { ...state, phase: 'killing' }, effects: ['kill'] };
}
