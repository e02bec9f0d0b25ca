/** The monotonic clock that all processes of a machine share, so that one may hand another a deadline. */
import { type Clock, systemClock } from './clock.js';

/**
 * As `systemClock`, but `monoMs` counts from the origin of CLOCK_MONOTONIC: `performance.now()` counts from the start of
 * each process, `process.hrtime` does not. Numbers of this clock compare between processes of one machine (and one time
 * namespace), and with no number of `systemClock`.
 */
export const sharedClock: Clock = {
  ...systemClock,
  // A double holds nanoseconds exactly for 104 days of uptime and loses microseconds only after centuries.
  monoMs: () => Number(process.hrtime.bigint()) / 1e6,
};
