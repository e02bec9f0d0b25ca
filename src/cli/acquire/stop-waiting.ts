/** When a candidate gives up: on an interrupt, or when `--timeout` has passed. */
import type { Clock } from '../../platform/clock.js';

export class TimedOut extends Error {
  constructor() {
    super('not acquired in time');
  }
}

export interface Waiting {
  signal: AbortSignal;
  /** For `--timeout 0s`: somebody else leads, and one look was all that was asked for. */
  sawOther(): void;
  /** The Lease is ours; the time no longer counts. */
  over(): void;
}

/** With a timeout of 0 the candidate may look once, which takes at most `lookMs`. */
export function waiting(interrupt: AbortSignal, timeoutMs: number | undefined, lookMs: number, clock: Clock): Waiting {
  const controller = new AbortController();
  const onInterrupt = () => controller.abort(interrupt.reason);
  if (interrupt.aborted) onInterrupt();
  interrupt.addEventListener('abort', onInterrupt, { once: true });
  const giveUp = () => controller.abort(new TimedOut());
  const cancel = timeoutMs === undefined ? () => {} : clock.timer(timeoutMs === 0 ? lookMs : timeoutMs, giveUp);
  return {
    signal: controller.signal,
    sawOther: () => {
      if (timeoutMs === 0) giveUp();
    },
    over: () => {
      cancel();
      interrupt.removeEventListener('abort', onInterrupt);
    },
  };
}
