/** What this process has seen of the Lease: the newest version, and since when its spec has stood. */
import type { LeaseRecord } from '../lease/record.js';
import { fenceOf, isHandOverOf } from './fence.js';
import type { Policy } from './policy.js';
import { isOlder } from './version.js';

/** A spec with a holder. */
export interface HeldSpec {
  record: LeaseRecord;
  /** Monotonic receipt of the first version with this spec. */
  sinceMs: number;
  /** What the record says; 0 when it says nothing usable. */
  durationMs: number;
  /** Began as a new Lease while we looked, so no compare-and-swap ties it to the one before. */
  born: boolean;
}

export interface Sight {
  /** Something is known: a record, or that there is none. */
  known: boolean;
  /** Null: there is no Lease, or nothing is known yet. */
  record: LeaseRecord | null;
  key: string | null;
  /** Of the newest version seen, or of the deletion. */
  resourceVersion: string | null;
  /** Monotonic receipt of the newest version. */
  learnedMs: number;
  /** The last spec with a holder, kept when the Lease is deleted and dropped when it is freed. */
  held: HeldSpec | null;
  /**
   * Monotonic; somebody may have held the Lease unseen until then: a read found it gone, or a creation of ours met one
   * that has not been seen.
   */
  unseenMs: number | null;
  /** The record is a hand-over to our identity that our own watch saw follow its fence, untouched since. */
  handOver: boolean;
}

export const NOTHING_SEEN: Sight = {
  known: false,
  record: null,
  key: null,
  resourceVersion: null,
  learnedMs: Number.NEGATIVE_INFINITY,
  held: null,
  unseenMs: null,
  handOver: false,
};

export interface Look {
  atMs: number;
  /** Set for a read of our own that was sent at this time: what it says is true even if versions seem to go back. */
  askedMs?: number;
  /** Seen in the stream of a watch, one version after the other. */
  streamed?: boolean;
}

/** The Lease says that nobody holds it. A holder that is not text (no real server has that) counts as somebody. */
export function isFree(record: LeaseRecord): boolean {
  const holder = record.raw.spec?.holderIdentity;
  return holder === undefined || holder === null || holder === '';
}

/** Undefined when the version is older than what is known already, or no write could be made from it (fact 5). */
export function seeRecord(
  sight: Sight,
  record: LeaseRecord,
  look: Look,
  us: { identity: string; policy: Policy },
): Sight | undefined {
  if (!record.uid || !record.resourceVersion || isStale(sight, record.resourceVersion, look)) return undefined;
  const key = us.policy.keyOf(record);
  const same = sight.record !== null && sight.key === key;
  return {
    known: true,
    record,
    key,
    resourceVersion: record.resourceVersion,
    learnedMs: look.atMs,
    held: heldOf(sight, record, same, look.atMs),
    unseenMs: null,
    handOver: same ? sight.handOver : look.streamed === true && isHandOver(sight, record, us.identity),
  };
}

/**
 * `version`: of the deletion, when it is known. Undefined when something newer is known. Only a stream shows that the
 * last spec seen was the last there was; otherwise its holder may have renewed until just now, and a creation meets no
 * compare-and-swap that would tell.
 */
export function seeAbsence(sight: Sight, version: string | null, look: Look): Sight | undefined {
  if (isStale(sight, version, look)) return undefined;
  const resourceVersion = version ?? sight.resourceVersion;
  const unseenMs = look.streamed !== true && sight.record !== null ? look.atMs : sight.unseenMs;
  return {
    ...sight,
    known: true,
    record: null,
    key: null,
    unseenMs,
    resourceVersion,
    learnedMs: look.atMs,
    handOver: false,
  };
}

function isStale(sight: Sight, version: string | null, { askedMs }: Look): boolean {
  if (askedMs !== undefined) {
    // The answer may be older than an event that came while it was under way.
    return askedMs < sight.learnedMs && (version === null || isOlder(version, sight.resourceVersion));
  }
  return isOlder(version, sight.resourceVersion);
}

function heldOf(sight: Sight, record: LeaseRecord, same: boolean, atMs: number): HeldSpec | null {
  if (isFree(record)) return null;
  const durationMs = Math.max(0, record.leaseDurationSeconds ?? 0) * 1000;
  const { held } = sight;
  const sameLease = sight.record?.uid === record.uid;
  const born = sameLease ? held?.born === true && held.record.holder === record.holder : sight.known;
  return { record, sinceMs: same && held ? held.sinceMs : atMs, durationMs, born };
}

function isHandOver(sight: Sight, record: LeaseRecord, identity: string): boolean {
  const fence = sight.record && fenceOf(sight.record);
  return fence !== null && isHandOverOf(record, fence, identity);
}
