/** What the screen shows at one moment, as plain data: the table's rows, or one Lease in full. */
import type { ApiFailure, LeaseRef } from '../lease/api.js';
import { type ElectorFamily, fingerprint } from '../lease/fingerprint.js';
import { type LeaseHistory, looksAt, renewIntervals } from '../lease/history.js';
import { type Micros, microsToMs } from '../lease/micro-time.js';
import type { LeaseRecord } from '../lease/record.js';
import type { RenewIntervals } from '../lease/renewals.js';
import { judge, type Now, usableDurationMs, type Verdict } from '../lease/verdict.js';
import type { HolderPod } from '../operations/follow-around.js';
import { type ClockOffset, holderClockOffset } from '../operations/follow-time.js';
import type { Urgency } from '../view/screen-theme.js';
import type { ToldEvent } from '../view/watch-json.js';
import type { Feed } from './feed.js';
import { type Timeline, timelineOf } from './timeline.js';

export type ConnectionState =
  | { state: 'connecting' }
  | { state: 'live' }
  | { state: 'polling' }
  | { state: 'down'; forMs: number; failure: ApiFailure };

export interface Row {
  key: string;
  ref: LeaseRef;
  verdict: Verdict;
  urgency: Urgency;
  holder: string | null;
  durationMs: number | null;
  transitions: number | null;
  /** It changed a moment ago. */
  fresh: boolean;
}

export interface LeaseDetail {
  key: string;
  /** The server has answered at all. */
  known: boolean;
  /** Null: there is no such Lease now. */
  record: LeaseRecord | null;
  verdict: Verdict;
  urgency: Urgency;
  durationMs: number | null;
  /** The open term as this process counted; null: nobody leads. */
  term: { number: number; forMs: number; fromKnown: boolean } | null;
  /** Terms that began while we watched. */
  termsSeen: number;
  leaderlessMs: number | null;
  intervals: RenewIntervals;
  /** The newest renew gaps, oldest first. */
  gapsMs: number[];
  /** What is left by renewTime and the server's clock; null: not known. */
  writerExpiresInMs: number | null;
  offset: ClockOffset | null;
  family: ElectorFamily | null;
  pod: HolderPod | null;
  timeline: Timeline;
  events: ToldEvent[];
}

export interface ScreenModel {
  time: Micros;
  connection: ConnectionState;
  /** The most urgent first; empty while one Lease is shown. */
  rows: Row[];
  one: LeaseDetail | null;
}

/** A change stands out for so long. */
const FRESH_MS = 3_000;
/** A Lease that expired longer ago is no longer news. */
const LONG_EXPIRED_MS = 600_000;

/** `open`: the key of the Lease to show in full. */
export function modelOf(feed: Feed, open: string | null): ScreenModel {
  const now = feed.now();
  const time = feed.timeOf(now.monoMs);
  const connection = connectionOf(feed, now);
  if (open !== null) return { time, connection, rows: [], one: detailOf(feed, open, now) };
  const rows: Row[] = [];
  for (const [key, history] of feed.followed?.leases ?? []) {
    if (history.record) rows.push(rowOf(key, history, history.record, feed, now));
  }
  return { time, connection, rows: rows.sort(byUrgency), one: null };
}

function connectionOf({ followed }: Feed, now: Now): ConnectionState {
  if (followed?.down) {
    return { state: 'down', forMs: now.monoMs - followed.down.sinceMs, failure: followed.down.failure };
  }
  if (!followed?.synced) return { state: 'connecting' };
  return { state: followed.polling ? 'polling' : 'live' };
}

function rowOf(key: string, history: LeaseHistory, record: LeaseRecord, feed: Feed, now: Now): Row {
  const verdict = judge(record, looksAt(history, now.monoMs), now);
  const durationMs = usableDurationMs(record);
  const changedMs = feed.changedMs.get(key);
  return {
    key,
    ref: { namespace: record.namespace, name: record.name },
    verdict,
    urgency: urgencyOf(verdict, durationMs),
    holder: record.holder,
    durationMs,
    transitions: record.transitions,
    fresh: changedMs !== undefined && now.monoMs - changedMs < FRESH_MS,
  };
}

/** Late: not renewed for half of its duration. Most electors renew several times in that. */
export function urgencyOf({ state, renewedAgoMs }: Verdict, durationMs: number | null): Urgency {
  if (state === 'expired') return 'expired';
  const late = durationMs !== null && renewedAgoMs !== null && renewedAgoMs >= durationMs / 2;
  return (state === 'held' || state === 'fenced') && late ? 'late' : 'calm';
}

function rank({ verdict, urgency }: Row): number {
  if (urgency === 'expired') return (verdict.expiresInMs ?? 0) > -LONG_EXPIRED_MS ? 0 : 5;
  if (urgency === 'late') return 1;
  const ranks: Partial<Record<Verdict['state'], number>> = { fenced: 2, malformed: 3, released: 4 };
  return ranks[verdict.state] ?? 6;
}

/** Within one rank by name, so that rows stand still while they are read. */
function byUrgency(a: Row, b: Row): number {
  return rank(a) - rank(b) || (a.key < b.key ? -1 : 1);
}

function detailOf(feed: Feed, key: string, now: Now): LeaseDetail {
  const history = feed.followed?.leases.get(key);
  const record = history?.record ?? null;
  const verdict = judge(record, history ? looksAt(history, now.monoMs) : null, now);
  const durationMs = record && usableDurationMs(record);
  const { open = null, termCount = 0, terms = [], leaderless = null } = history?.ledger ?? {};
  const since = leaderless?.sinceMs ?? null;
  const events = feed.eventsOf(key);
  return {
    key,
    known: feed.followed?.synced ?? false,
    record,
    verdict,
    urgency: urgencyOf(verdict, durationMs),
    durationMs,
    term: open && { number: open.number, forMs: now.monoMs - open.fromMs, fromKnown: open.fromKnown },
    termsSeen: termCount - (terms[0]?.number === 1 && !terms[0].fromKnown ? 1 : 0),
    leaderlessMs: open === null && since !== null ? now.monoMs - since : null,
    intervals: history ? renewIntervals(history) : { count: 0, medianMs: null, p99Ms: null, largestMs: null },
    gapsMs: history ? gapsInOrder(history) : [],
    writerExpiresInMs: record && writerExpiry(record, durationMs, now),
    offset: history ? holderClockOffset(history, feed.ports) : null,
    family: record && fingerprint(record).family,
    pod: feed.pod !== null && feed.pod.holder === record?.holder ? feed.pod : null,
    timeline: timelineOf(history?.ledger, events, now.monoMs),
    events,
  };
}

/** The ring of the newest gaps, unrolled. */
function gapsInOrder({ renewals: { gapsMs, count } }: LeaseHistory): number[] {
  const begin = gapsMs.length === 0 ? 0 : count % gapsMs.length;
  return count > gapsMs.length ? [...gapsMs.slice(begin), ...gapsMs.slice(0, begin)] : [...gapsMs];
}

function writerExpiry(record: LeaseRecord, durationMs: number | null, { server, wall }: Now): number | null {
  if (record.renewTime === null || durationMs === null) return null;
  const present = server ? (server.earliest + server.latest) / 2n : wall;
  return durationMs - microsToMs(present - record.renewTime);
}
