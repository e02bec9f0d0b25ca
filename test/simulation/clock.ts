/** The clocks of one machine, of which only the simulation knows how wrong they are. */
import type { Reading } from '../../src/elector/moment.js';

export class MachineClock {
  /** Local milliseconds per true one. */
  readonly rate: number;
  /** How far the wall clock is off; stepped by the schedule. Milliseconds. */
  wallErrorMs: number;
  readonly #offsetMs: number;
  #suspendedMs = 0;
  #suspendedAtMs: number | null = null;

  constructor(rate: number, offsetMs: number, wallErrorMs: number) {
    this.wallErrorMs = wallErrorMs;
    this.rate = rate;
    this.#offsetMs = offsetMs;
  }

  read(trueMs: number): Reading {
    const awakeMs = (this.#suspendedAtMs ?? trueMs) - this.#suspendedMs;
    // os.uptime() has steps of 10 ms.
    const bootMs = Math.floor((trueMs * this.rate + this.#offsetMs) / 10) * 10;
    return { monoMs: awakeMs * this.rate + this.#offsetMs, bootMs };
  }

  /** When the monotonic clock will show `monoMs`, if it is not suspended any more. */
  trueOf(monoMs: number): number {
    return (monoMs - this.#offsetMs) / this.rate + this.#suspendedMs;
  }

  suspend(trueMs: number): void {
    this.#suspendedAtMs ??= trueMs;
  }

  resume(trueMs: number): void {
    if (this.#suspendedAtMs === null) return;
    this.#suspendedMs += trueMs - this.#suspendedAtMs;
    this.#suspendedAtMs = null;
  }

  wallMicros(trueMs: number): bigint {
    return 1_790_000_000_000_000n + BigInt(Math.floor((trueMs + this.wallErrorMs) * 1000));
  }
}
