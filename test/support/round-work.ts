/** Who worked when in a round: overlaps, gaps, and waiting until somebody works or has stopped. */
import { drawLanes } from './worker-lanes.js';
import { intervalsOf, ms, type Overlap, overlapsOf, type Unit } from './worker-log.js';

export abstract class RoundWork {
  /** In order of time. */
  abstract units(): Unit[];
  /** Whom the Lease names at present. */
  abstract holder(): string;

  overlaps(): Overlap[] {
    return overlapsOf(intervalsOf(this.units()));
  }

  /** Who worked in the last so many milliseconds. */
  workers(lastMs: number): string[] {
    const since = process.hrtime.bigint() - BigInt(lastMs) * 1_000_000n;
    return [
      ...new Set(
        this.units()
          .filter(({ mono }) => mono >= since)
          .map(({ identity }) => identity),
      ),
    ];
  }

  overlapMs(): number {
    return Math.max(0, ...this.overlaps().map((overlap) => overlap.ms));
  }

  /** Beside whoever led before that time, as long as that one worked on. */
  overlapsWithLeaderOf(time: bigint): Overlap[] {
    return this.overlaps().filter(({ earlier, later }) => earlier.from < time || later.from < time);
  }

  /** From the last unit of work of one to the first of another after it. */
  workGapMs(from: string, to: string, since: bigint): number {
    const last = this.lastUnit(from, since);
    const first = this.units().find(({ identity, mono }) => identity === to && mono > last);
    if (!first) throw new Error(`${to} has not worked after ${from}\n${this.draw()}`);
    return ms(first.mono - last);
  }

  /** Of the interval in which it worked at `at`. */
  lastUnit(identity: string, at: bigint): bigint {
    const own = intervalsOf(this.units()).filter((one) => one.identity === identity && one.from <= at);
    const last = own.at(-1);
    if (!last) throw new Error(`${identity} has not worked\n${this.draw()}`);
    return last.to;
  }

  async works(identity: string, since: bigint): Promise<void> {
    const works = () => this.units().some((unit) => unit.identity === identity && unit.mono >= since);
    const giveUp = process.hrtime.bigint() + 10_000_000_000n;
    while (!works()) {
      if (process.hrtime.bigint() > giveUp) throw new Error(`${identity} does not work\n${this.draw()}`);
      // Work is lines of another process: there is no event to wait for that holds for all libraries.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Once nobody but the holder has worked for a second: whoever was deposed has noticed. */
  async settles(withinMs: number): Promise<void> {
    const giveUp = process.hrtime.bigint() + BigInt(Math.round(withinMs)) * 1_000_000n;
    for (;;) {
      const workers = this.workers(1_000);
      if (workers.length === 1 && workers[0] === this.holder()) return;
      if (process.hrtime.bigint() > giveUp) throw new Error(`${workers.join(' and ')} still work\n${this.draw()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  draw(): string {
    return drawLanes(intervalsOf(this.units()), []);
  }
}
