/** The clocks of this process. Everything that needs time takes a `Clock`, so that tests move it by hand. */
import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';

export interface Clock {
  /** Milliseconds on a clock that no one sets. Stands still while the machine is suspended (Linux CLOCK_MONOTONIC). */
  monoMs(): number;
  /** Milliseconds since boot, suspension included, in steps of 10 ms (Linux). */
  bootMs(): number;
  /** Microseconds since 1970 by this machine's wall clock, which may be wrong and may jump. Millisecond resolution. */
  wallMicros(): bigint;
  /**
   * Calls `fn` once after `ms` of monotonic time; the returned function cancels it. `background`: does not keep the
   * process alive.
   */
  timer(ms: number, fn: () => void, options?: { background?: boolean }): () => void;
}

/** Node's setTimeout fires at once beyond this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  monoMs: () => performance.now(),
  bootMs: () => uptime() * 1000,
  wallMicros: () => BigInt(Date.now()) * 1000n,
  timer: (ms, fn, { background = false } = {}) => {
    const handle = setTimeout(fn, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    if (background) handle.unref();
    return () => clearTimeout(handle);
  },
};

/** Resolves after `ms`, or rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const cancel = clock.timer(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
