/**
 * How long the spec of one Lease has stood as it is, as far as this process saw: the basis of every verdict by
 * observation. Time is the monotonic clock at receipt. A watch that resumes delivers late what happened meanwhile, and
 * a fresh list delivers only the end of it: such a change is known to have happened, but not when.
 */
import type { Micros } from './micro-time.js';
import { type LeaseRecord, specKey } from './record.js';
import { type Looks, usableDurationMs } from './verdict.js';

/** For so long after a reconnection the stream may still deliver what happened in the gap, unless a bookmark ends it. */
const CATCH_UP_MS = 1_000;
/** A stamp of whole seconds may honestly stand still for one; the second one is for late delivery. */
const STAMP_STANDS_STILL_MS = 2_000;

/** Plain data, changed in place by the functions of this file only. */
export interface Sight {
  /** `specKey` of the version last seen; null: there is no Lease, or none was seen yet. */
  key: string | null;
  /** The Lease was seen to be deleted, so one that appears next has just been created. */
  seenGone: boolean;
  resourceVersion: string | null;
  durationMs: number | null;
  firstMs: number;
  changeSeen: boolean;
  /** The latest look at the Lease itself. */
  lookMs: number;
  /** Changes are being delivered: false between `disconnected` and `reconnected`, and always for who only polls. */
  watching: boolean;
  /** When the stream is known to have delivered everything of the last gap; infinite while there is none. */
  caughtUpMs: number;
  stamp: { manager: string; time: Micros; renewTime: Micros | null; sinceMs: number } | null;
  stampFrozen: boolean;
}

/** `watching` false: for a caller that looks from time to time and has no stream. */
export function createSight(watching: boolean): Sight {
  return {
    key: null,
    seenGone: false,
    resourceVersion: null,
    durationMs: null,
    firstMs: 0,
    changeSeen: false,
    lookMs: 0,
    watching,
    caughtUpMs: 0,
    stamp: null,
    stampFrozen: false,
  };
}

export function disconnect(sight: Sight, atMs: number): void {
  sight.lookMs = knownUntilMs(sight, atMs);
  sight.watching = false;
}

export function reconnect(sight: Sight, atMs: number): void {
  sight.watching = true;
  sight.caughtUpMs = atMs + CATCH_UP_MS;
}

/** The server said that everything up to now has been delivered. */
export function caughtUp(sight: Sight, atMs: number): void {
  sight.lookMs = Math.max(sight.lookMs, atMs);
  sight.caughtUpMs = Math.min(sight.caughtUpMs, atMs);
}

/** Whether a change that arrives now happened now. */
export function isTimely(sight: Sight, atMs: number, found: boolean): boolean {
  return sight.watching && !found && atMs >= sight.caughtUpMs;
}

export interface Look {
  /** The spec differs from the one last seen. */
  changed: boolean;
  /** What this version brings happened just now. */
  timely: boolean;
}

/** Takes in one version. `found`: by a list or a get instead of the stream. */
export function look(sight: Sight, record: LeaseRecord, atMs: number, found: boolean): Look {
  const timely = isTimely(sight, atMs, found);
  sight.lookMs = Math.max(sight.lookMs, atMs);
  if (record.resourceVersion !== null && record.resourceVersion === sight.resourceVersion) {
    return { changed: false, timely };
  }
  sight.resourceVersion = record.resourceVersion;
  const key = specKey(record);
  if (key === sight.key) return { changed: false, timely };
  sight.changeSeen = timely && (sight.key !== null || sight.seenGone);
  sight.key = key;
  sight.firstMs = atMs;
  sight.durationMs = usableDurationMs(record);
  noteStamp(sight, record, atMs, timely);
  return { changed: true, timely };
}

/** The Lease is gone (`seenGone`: it was seen to go), or another one has its name: what was seen of its spec ends. */
export function forget(sight: Sight, seenGone: boolean): void {
  sight.key = null;
  sight.seenGone = seenGone;
  sight.resourceVersion = null;
  sight.durationMs = null;
  sight.changeSeen = false;
  sight.stamp = null;
  sight.stampFrozen = false;
}

/**
 * Servers of 1.20 to 1.24 (kubernetes PR 95240 until PR 110058) keep the first stamp as long as a manager writes the
 * same fields. One stamp under two renewals that lie too far apart shows it; the next stamp that moves takes it back.
 */
function noteStamp(sight: Sight, record: LeaseRecord, atMs: number, timely: boolean): void {
  const time = record.renewal?.time ?? null;
  if (record.renewal === null || time === null) {
    sight.stamp = null;
    return;
  }
  const { manager } = record.renewal;
  if (sight.stamp?.manager === manager && sight.stamp.time === time) {
    const renewed = record.renewTime !== sight.stamp.renewTime;
    if (timely && renewed && atMs - sight.stamp.sinceMs > STAMP_STANDS_STILL_MS) sight.stampFrozen = true;
    return;
  }
  sight.stamp = { manager, time, renewTime: record.renewTime, sinceMs: atMs };
  sight.stampFrozen = false;
}

/** Until when the spec is known to be unchanged: now while the watch delivers, else the latest look. */
export function knownUntilMs(sight: Sight, nowMs: number): number {
  return sight.watching && nowMs >= sight.caughtUpMs ? Math.max(nowMs, sight.lookMs) : sight.lookMs;
}

/** What `judge` needs; null when there is no Lease to judge. */
export function looksOf(sight: Sight, nowMs: number): Looks | null {
  if (sight.key === null) return null;
  return {
    firstMs: sight.firstMs,
    lastMs: knownUntilMs(sight, nowMs),
    changeSeen: sight.changeSeen,
    stampFrozen: sight.stampFrozen,
  };
}

/** When the spec will have stood for its duration; null: it has no duration, or there is no Lease. */
export function dueMs(sight: Sight): number | null {
  return sight.key === null || sight.durationMs === null ? null : sight.firstMs + sight.durationMs;
}
