/** When the machine must be asked again, for each reason. Derived from the state, so that none is forgotten. */
import { tryAt } from './candidate.js';
import type { TimerPurpose } from './protocol.js';
import { standBackUntil } from './stand-back.js';
import type { ElectorState } from './state.js';
import type { Turn } from './turn.js';

type Timers = Partial<Record<TimerPurpose, number>>;

/** Tells the difference to before. `fired` is set no longer. */
export function setTimers(turn: Turn, before: ElectorState, fired: TimerPurpose | null): void {
  const set = { ...before.timers };
  if (fired) delete set[fired];
  const wanted = timersOf(turn);
  for (const purpose of Object.keys(set) as TimerPurpose[]) {
    if (wanted[purpose] === undefined) turn.effects.push({ type: 'timer', purpose, atMs: null });
  }
  for (const [purpose, atMs] of Object.entries(wanted) as [TimerPurpose, number][]) {
    if (set[purpose] !== atMs) turn.effects.push({ type: 'timer', purpose, atMs });
  }
  turn.s.timers = wanted;
}

function timersOf(turn: Turn): Timers {
  const { s } = turn;
  const timers = phaseTimers(turn);
  if (s.watchAtMs !== null && s.watch === 'refused') timers.watch = s.watchAtMs;
  return timers;
}

function phaseTimers(turn: Turn): Timers {
  const { s } = turn;
  const { phase } = s;
  switch (phase.name) {
    case 'observing':
      return s.flight ? {} : { look: phase.lookAtMs };
    case 'waiting': {
      if (s.flight) return {};
      const at = tryAt(turn, phase);
      return { ...finite('try', at), ...finite('look', phase.lookAtMs) };
    }
    case 'standing-back':
      return s.flight ? {} : { ...finite('stand-back', standBackUntil(s) ?? null), ...finite('look', phase.lookAtMs) };
    case 'leading': {
      const deadline = phase.renewed.monoMs + s.policy.claimMs(s.settings);
      const next = phase.lookAtMs === null ? { renew: phase.renewAtMs } : { look: phase.lookAtMs };
      return { ...finite('deadline', deadline), ...(s.flight ? {} : next) };
    }
    case 'draining':
      return s.working && !phase.killed ? { kill: phase.byMs } : {};
    case 'releasing':
    case 'notifying':
      return { 'give-up': phase.untilMs, ...(s.flight ? {} : { retry: phase.retryAtMs }) };
    default:
      return {};
  }
}

const finite = (purpose: TimerPurpose, atMs: number | null): Timers =>
  atMs !== null && Number.isFinite(atMs) ? { [purpose]: atMs } : {};
