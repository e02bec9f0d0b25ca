/** What ends a call early: its deadline or its caller. */
import type { ApiFailure } from '../../lease/api.js';
import type { Clock } from '../../platform/clock.js';

/** Carries the failure through code that can only pass errors on. */
export class LimitError extends Error {
  readonly failure: ApiFailure;
  constructor(failure: ApiFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/**
 * Calls `fn` when the signal is aborted. Many calls and watches may share one signal, and each takes its listener back;
 * Node 20 would print a warning about a leak from the eleventh on.
 */
export function onAbort(signal: AbortSignal, fn: () => void): void {
  process.getBuiltinModule('node:events').setMaxListeners(0, signal);
  signal.addEventListener('abort', fn, { once: true });
}

export class Limits {
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd = new Set<(error: LimitError) => void>();
  #cancelTimer: (() => void) | undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #ended: LimitError | undefined;

  constructor(clock: Clock, signal: AbortSignal | undefined) {
    this.#clock = clock;
    this.#signal = signal;
    if (signal?.aborted) this.#abort();
    else if (signal) onAbort(signal, this.#abort);
  }

  /** Sets the deadline; only the first call counts. */
  expireAfter(ms: number): void {
    if (this.#cancelTimer || this.#ended) return;
    this.#deadlineMs = this.#clock.monoMs() + ms;
    this.#cancelTimer = this.#clock.timer(ms, () =>
      this.#end({ kind: 'timeout', afterMs: ms, message: `no answer within ${ms / 1000} s` }),
    );
  }

  get ended(): ApiFailure | null {
    return this.#ended?.failure ?? null;
  }

  /** Milliseconds that are left; infinite without a deadline. */
  leftMs(): number {
    return this.#ended ? 0 : this.#deadlineMs - this.#clock.monoMs();
  }

  /** Calls `fn` when a limit is reached, at once if it has been. The returned function takes that back. */
  onEnd(fn: (error: LimitError) => void): () => void {
    if (this.#ended) fn(this.#ended);
    else this.#onEnd.add(fn);
    return () => this.#onEnd.delete(fn);
  }

  /** The promise, or a rejection with LimitError when a limit comes first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const release = this.onEnd(reject);
      promise.then(resolve, reject).finally(release);
    });
  }

  /** To be called when the call is over: lets go of the timer and the signal. */
  release(): void {
    this.#cancelTimer?.();
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#onEnd.clear();
  }

  readonly #abort = () => this.#end({ kind: 'aborted', message: 'the call was given up' });

  #end(failure: ApiFailure): void {
    if (this.#ended) return;
    this.#ended = new LimitError(failure);
    for (const fn of [...this.#onEnd]) fn(this.#ended);
    this.release();
  }
}
