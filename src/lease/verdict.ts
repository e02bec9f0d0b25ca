/**
 * Is the holder still leading? Three ways to tell, best first, and what each one is worth:
 *
 * - `observed`: this process watched, on its own monotonic clock. A change of the spec that it saw is a sign of life at
 *   that moment; a spec that it saw unchanged for the whole leaseDuration has expired. No clock but ours matters.
 * - `server-clock`: the server stamps the managedFields entry that owns spec.renewTime in whole seconds at each change
 *   by that manager. One look is enough, and a holder with a wrong clock cannot falsify it.
 * - `writer-clock`: spec.renewTime, as the holder's own clock wrote it, corrected by nothing.
 *
 * An expired Lease says that nobody renewed it. It does not say that its holder has stopped working (DESIGN, fact 2).
 */

import type { ServerTime } from './api.js';
import { type Micros, microsToMs } from './micro-time.js';
import { readOperation } from './operation.js';
import type { LeaseRecord, Problem } from './record.js';

/** `fenced`: kle itself holds the Lease so that nobody leads (STEP-DOWN). `malformed`: a holder, but no way to judge it. */
export type LeaseState = 'held' | 'fenced' | 'released' | 'expired' | 'absent' | 'malformed';
export type Basis = 'observed' | 'server-clock' | 'writer-clock';

/** What this process saw of the spec that the record carries. Monotonic milliseconds, as of receipt. */
export interface Looks {
  /** When this spec was first seen. */
  firstMs: number;
  /** When it was last known to be unchanged: the latest look, or now while a watch is live. */
  lastMs: number;
  /** An earlier, different spec was seen before without a gap, so the change happened at `firstMs` (give or take delivery). */
  changeSeen: boolean;
  /** The server's stamp did not move although renewTime did: servers before 1.25 do that, and the stamp is worthless. */
  stampFrozen: boolean;
}

export interface Now {
  monoMs: number;
  /** This machine's wall clock; used only where the server's time is not known. */
  wall: Micros;
  server?: ServerTime | undefined;
}

export interface Verdict {
  state: LeaseState;
  /** How the state was told; null where no clock was needed (absent, released, malformed). */
  basis: Basis | null;
  /**
   * Milliseconds since the last sign of life by `basis`. With `server-clock`: at least this long ago, since the stamp has
   * whole seconds and the server's time is known as an interval. Negative: renewTime lies in the future.
   */
  renewedAgoMs: number | null;
  /** leaseDuration less `renewedAgoMs`; negative: expired that long ago. */
  expiresInMs: number | null;
  /**
   * The two are bounds, not measurements: the holder was silent for all the time that this process watched, and how long
   * it had been silent before is not known.
   */
  atLeast: boolean;
  /** Problems of the record and those that only a clock shows. */
  problems: Problem[];
}

const STAMP_STEP: Micros = 1_000_000n;
/** Below this, latency and rounding explain a difference between two clocks. */
const FUTURE_TOLERANCE_MS = 1_000;

/** Judges one record (null: the Lease does not exist) by the best basis there is. */
export function judge(record: LeaseRecord | null, looks: Looks | null, now: Now): Verdict {
  if (record === null) return { ...UNTIMED, state: 'absent', problems: [] };
  const ages = agesOf(record, looks, now);
  const holderUnreadable = record.problems.some((p) => p.code === 'field-wrong-type' && p.field === 'holderIdentity');
  const durationMs = usableDurationMs(record);
  const age = bestAge(ages, durationMs);
  const problems = [...record.problems, ...clockProblems(record, ages, age?.basis === 'observed')];
  if (record.holder === null && holderUnreadable) {
    return { ...UNTIMED, state: 'malformed', renewedAgoMs: age?.ms ?? null, problems };
  }
  if (record.holder === null || record.holder === '') {
    return { ...UNTIMED, state: 'released', renewedAgoMs: lastWriteMs(ages), problems };
  }
  if (durationMs === null || age === null) {
    return { ...UNTIMED, state: 'malformed', renewedAgoMs: age?.ms ?? null, problems };
  }
  const expiresInMs = durationMs - age.ms;
  const alive = isFence(record) ? 'fenced' : 'held';
  const state = expiresInMs > 0 ? alive : 'expired';
  return { state, basis: age.basis, renewedAgoMs: age.ms, expiresInMs, atLeast: age.atLeast, problems };
}

/** The Lease's own duration in milliseconds; null when it has none that an elector could use. */
export function usableDurationMs(record: LeaseRecord): number | null {
  const seconds = record.leaseDurationSeconds;
  return seconds !== null && seconds > 0 ? seconds * 1000 : null;
}

const UNTIMED = { basis: null, renewedAgoMs: null, expiresInMs: null, atLeast: false } as const;

interface Age {
  basis: Basis;
  ms: number;
  atLeast: boolean;
}

interface Ages {
  observed: { ms: number; changeSeen: boolean; unchangedMs: number } | null;
  serverClock: number | null;
  writerClock: number | null;
}

function agesOf(record: LeaseRecord, looks: Looks | null, now: Now): Ages {
  const stamp = record.renewal;
  const stampUsable = stamp !== null && stamp.time !== null && !stamp.shared && looks?.stampFrozen !== true;
  const reference = now.server ? (now.server.earliest + now.server.latest) / 2n : now.wall;
  return {
    observed: looks && {
      ms: Math.floor(now.monoMs - looks.firstMs),
      changeSeen: looks.changeSeen,
      unchangedMs: looks.lastMs - looks.firstMs,
    },
    // The renewal was before the end of the stamped second, and it is now `earliest` or later.
    serverClock:
      stampUsable && stamp.time !== null && now.server
        ? Math.max(0, microsToMs(now.server.earliest - (stamp.time + STAMP_STEP)))
        : null,
    writerClock: record.renewTime === null ? null : microsToMs(reference - record.renewTime),
  };
}

/** Of a released Lease nobody waits for a renewal: its age is that of the last write, not of our looking at it. */
function lastWriteMs({ observed, serverClock, writerClock }: Ages): number | null {
  return observed?.changeSeen ? observed.ms : (serverClock ?? writerClock);
}

function bestAge(ages: Ages, durationMs: number | null): Age | null {
  const { observed, serverClock, writerClock } = ages;
  if (observed && durationMs !== null) {
    const atLeast = !observed.changeSeen;
    // The server's stamp may tell of more silence than was watched.
    const ms = atLeast ? Math.max(observed.ms, serverClock ?? 0) : observed.ms;
    if (observed.unchangedMs >= durationMs) return { basis: 'observed', ms, atLeast };
    if (observed.changeSeen && observed.ms < durationMs) return { basis: 'observed', ms, atLeast };
  }
  if (serverClock !== null) return { basis: 'server-clock', ms: serverClock, atLeast: false };
  if (writerClock !== null) return { basis: 'writer-clock', ms: writerClock, atLeast: false };
  return null;
}

/** `settled`: it was watched, so it no longer matters that the two clocks disagree. */
function clockProblems(record: LeaseRecord, ages: Ages, settled: boolean): Problem[] {
  const problems: Problem[] = [];
  if (ages.writerClock !== null && ages.writerClock < -FUTURE_TOLERANCE_MS) {
    problems.push({ code: 'time-in-future', field: 'renewTime', byMs: -ages.writerClock });
  }
  const durationMs = usableDurationMs(record);
  if (!settled && record.holder && durationMs !== null && ages.serverClock !== null && ages.writerClock !== null) {
    const disagree = ages.serverClock < durationMs !== ages.writerClock < durationMs;
    // Near the moment of expiry two honest clocks may fall on either side of it.
    if (disagree && Math.abs(ages.serverClock - ages.writerClock) > 3 * FUTURE_TOLERANCE_MS) {
      problems.push({
        code: 'renewal-times-disagree',
        serverClockAgoMs: ages.serverClock,
        writerClockAgoMs: ages.writerClock,
      });
    }
  }
  return problems;
}

/** A fence is a `kle/<id>` holder whose annotation carries that id, verb release, phase fence. Nothing less (STEP-DOWN). */
export function isFence(record: LeaseRecord): boolean {
  const operation = readOperation(record.annotations);
  return (
    operation !== null &&
    operation.verb === 'release' &&
    operation.phase === 'fence' &&
    record.holder === `kle/${operation.id}`
  );
}
