/** A term of the elector as the claim by which supervised work lives. */
import type { ElectorSettings } from '../../elector/settings.js';
import type { Term } from '../../elector/term.js';
import { type Claim, KILL_MARGIN_MS } from '../../supervise/deadline.js';

/** S1: the work is dead by R + D + 0.25 s after the last successful renewal was sent, on both clocks. */
export function claimOf(term: Term, settings: ElectorSettings): Claim {
  const stopMs = settings.renewDeadlineMs + settings.drainMs + KILL_MARGIN_MS;
  return {
    deadlineMs: () => term.renewed.monoMs + stopMs,
    deadlineBootMs: () => term.renewed.bootMs + stopMs,
    signal: term.signal,
    drainMs: settings.drainMs,
  };
}
