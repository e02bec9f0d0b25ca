/** Wall time for what was observed on the monotonic clock, and how far the holder's clock is from the server's. */
import type { LeaseApi } from '../../lease/api.js';
import type { LeaseHistory } from '../../lease/history.js';
import { type Micros, microsToMs } from '../../lease/micro-time.js';
import type { Clock } from '../../platform/clock.js';

export interface TimePorts {
  leases: Pick<LeaseApi, 'serverTime'>;
  clock: Clock;
}

/** Below this, a difference is the resolution of clocks and no step. */
const STEP: Micros = 100_000n;

/**
 * Tells the wall time of monotonic moments: in the order of those, whole as long as nobody sets a clock. It goes by this
 * machine's clock, which is finer than what is known of the server's, unless the server's proves it wrong.
 */
export function wallTimes({ leases, clock }: TimePorts): (atMs: number) => Micros {
  let offset: Micros | undefined;
  return (atMs) => {
    const wall = clock.wallMicros();
    const server = leases.serverTime();
    const right = !server || (wall >= server.earliest - STEP && wall <= server.latest + STEP);
    const present = (right ? wall : (server.earliest + server.latest) / 2n) - micros(clock.monoMs());
    if (offset === undefined || present - offset > STEP || offset - present > STEP) offset = present;
    return offset + micros(atMs);
  };
}

const micros = (ms: number): Micros => BigInt(Math.round(ms * 1000));

export interface ClockOffset {
  /** Positive: the holder's clock is ahead of the server's. */
  ms: number;
  /** The truth lies within this of `ms`, not counting the way from the holder to us. */
  errorMs: number;
}

/** From the last renewal that was seen to happen; null when there is none, or the server's time is not known. */
export function holderClockOffset({ record, renewals }: LeaseHistory, ports: TimePorts): ClockOffset | null {
  const server = ports.leases.serverTime();
  if (!server || record?.renewTime == null || renewals.lastMs === null) return null;
  const middle = (server.earliest + server.latest) / 2n - micros(ports.clock.monoMs() - renewals.lastMs);
  return {
    ms: microsToMs(record.renewTime - middle),
    errorMs: Math.ceil(microsToMs(server.latest - server.earliest) / 2),
  };
}
