/** What the machine is told about time with every input, and how long something has lasted by it. */
import type { Micros } from '../lease/micro-time.js';

/** Both clocks at one moment. Neither is ever set by anyone. */
export interface Reading {
  /** Stands still while the machine is suspended (Linux). */
  monoMs: number;
  /** Goes on while the machine is suspended; in steps of 10 ms (Linux). */
  bootMs: number;
}

export interface Moment {
  now: Reading;
  /** The server's clock, for the times that are written. No decision looks at it (S6). */
  serverNow: Micros;
  /** In [0, 1). */
  random: number;
}

/**
 * The same moment on a monotonic clock that had not stood still: earlier by as much as the machine was suspended since,
 * so that timers set by it are right again. Unchanged by less than the boot clock's steps can show.
 */
export function withoutSuspends(since: Reading, now: Reading): Reading {
  const suspendedMs = now.bootMs - since.bootMs - (now.monoMs - since.monoMs);
  return suspendedMs > BOOT_NOISE_MS ? { ...since, monoMs: since.monoMs - suspendedMs } : since;
}

const BOOT_NOISE_MS = 15;

/** The longer of the two: a leader that was suspended has used up its time (S6, S8). */
export const elapsedMs = (since: Reading, now: Reading): number =>
  Math.max(now.monoMs - since.monoMs, now.bootMs - since.bootMs);
