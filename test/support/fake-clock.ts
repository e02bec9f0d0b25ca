/** A clock that a test moves by hand. */
import type { Clock } from '../../src/platform/clock.js';

interface Timer {
  atMs: number;
  fn: () => void;
}

export class FakeClock implements Clock {
  #nowMs: number;
  #suspendedMs = 0;
  #wall: bigint;
  #timers: Timer[] = [];

  constructor(monoMs = 1_000, wall = 1_800_000_000_000_000n) {
    this.#nowMs = monoMs;
    this.#wall = wall;
  }

  monoMs = () => this.#nowMs;
  bootMs = () => this.#nowMs + this.#suspendedMs;
  wallMicros = () => this.#wall;

  timer = (ms: number, fn: () => void) => {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** Lets time pass; each timer that falls due, those set meanwhile included, is called at its own moment. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#due(untilMs); next; next = this.#due(untilMs)) {
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#move(next.atMs);
      next.fn();
    }
    this.#move(untilMs);
  }

  /** The machine sleeps: only the boot clock and the wall clock move. */
  suspend(ms: number): void {
    this.#suspendedMs += ms;
    this.#wall += BigInt(Math.round(ms * 1000));
  }

  /** Somebody sets the wall clock. */
  stepWall(micros: bigint): void {
    this.#wall += micros;
  }

  /** Milliseconds until the next timer; undefined when there is none. */
  nextTimerMs(): number | undefined {
    const first = this.#due(Number.POSITIVE_INFINITY);
    return first && first.atMs - this.#nowMs;
  }

  get timers(): number {
    return this.#timers.length;
  }

  #due(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (timer.atMs <= untilMs && (!first || timer.atMs < first.atMs)) first = timer;
    return first;
  }

  #move(toMs: number): void {
    this.#wall += BigInt(Math.round((toMs - this.#nowMs) * 1000));
    this.#nowMs = toMs;
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
