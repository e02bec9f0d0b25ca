/**
 * The server's wall clock, from the Date headers of its answers. A header names the whole second in which the server
 * wrote it, at some moment between send and receive; every answer narrows the interval down. Pure: times come in.
 *
 * What it rests on: one clock answers. Several servers behind a balancer differ by their own clock errors; when their
 * intervals no longer meet, the newest answer alone counts. The same heals a clock that was stepped.
 */
import type { ServerTime } from '../../lease/api.js';

/** Two undisciplined quartz clocks differ by less than this; NTP slews by up to 500 ppm only while far off. */
const DRIFT = 200e-6;
const SECOND_MS = 1000;

/** One answer. Milliseconds, monotonic except `dateMs`. */
export interface DateSample {
  /** The server cannot have written the header before this. */
  sentMs: number;
  /** The header was there at this moment. */
  receivedMs: number;
  /** The header's value, since 1970. */
  dateMs: number;
  /** Boot clock less monotonic clock at receipt: grows by as much as the machine was suspended. */
  suspendedMs: number;
}

/** Server time less monotonic time, in milliseconds, lies in [low, high] at the monotonic moment `atMs`. */
interface Offset {
  low: number;
  high: number;
  atMs: number;
  suspendedMs: number;
}

export class ServerClock {
  #offset: Offset | undefined;

  observe(sample: DateSample): void {
    const seen: Offset = {
      low: sample.dateMs - sample.receivedMs,
      high: sample.dateMs + SECOND_MS - sample.sentMs,
      atMs: sample.receivedMs,
      suspendedMs: sample.suspendedMs,
    };
    const known = this.#offset && later(this.#offset, sample.receivedMs, sample.suspendedMs);
    if (known && known.low <= seen.high && seen.low <= known.high) {
      seen.low = Math.max(seen.low, known.low);
      seen.high = Math.min(seen.high, known.high);
    }
    this.#offset = seen;
  }

  /** The server's time at the monotonic moment `monoMs`; undefined before the first answer. */
  at(monoMs: number, suspendedMs: number): ServerTime | undefined {
    if (!this.#offset) return undefined;
    const { low, high } = later(this.#offset, monoMs, suspendedMs);
    return {
      earliest: BigInt(Math.floor((monoMs + low) * 1000)),
      latest: BigInt(Math.ceil((monoMs + high) * 1000)),
    };
  }
}

/**
 * The same knowledge at another moment: wider by the drift, and ahead by up to the time that the machine was suspended,
 * for which the monotonic clock stood still (Linux). The boot clock has coarse steps, so it only ever widens.
 */
function later(offset: Offset, atMs: number, suspendedMs: number): Offset {
  const drift = Math.abs(atMs - offset.atMs) * DRIFT;
  const suspended = Math.max(0, suspendedMs - offset.suspendedMs);
  return { low: offset.low - drift, high: offset.high + drift + suspended, atMs, suspendedMs };
}

const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const HTTP_DATE = new RegExp(`^[A-Z][a-z]{2}, (\\d\\d) (${MONTHS}) (\\d{4}) (\\d\\d):(\\d\\d):(\\d\\d) GMT$`);

/** Milliseconds since 1970 of an HTTP date (RFC 9110, IMF-fixdate); undefined when the text is not one. */
export function parseHttpDate(text: string): number | undefined {
  const match = HTTP_DATE.exec(text);
  if (!match) return undefined;
  const [, day, month = '', year, hour, minute, second] = match;
  return Date.UTC(
    Number(year),
    MONTHS.split('|').indexOf(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
}
