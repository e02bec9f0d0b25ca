/** A clock that moves only when told to, for the parts of connecting that look at times. */
import type { Clock } from '../../src/platform/clock.js';

export interface HandClock extends Clock {
  advance(ms: number): void;
}

export function handClock(wallMs: number): HandClock {
  let passed = 0;
  return {
    monoMs: () => passed,
    bootMs: () => passed,
    wallMicros: () => BigInt(wallMs + passed) * 1000n,
    timer: () => () => {},
    advance: (ms) => {
      passed += ms;
    },
  };
}
