/** What the screen shows at one moment, as plain data: the table's rows, or one Lease in full. */
import type { ApiFailure, LeaseRef } from '../lease/api.js';
import { type ElectorFamily, fingerprint } from '../lease/fingerprint.js';
import { type LeaseHistory, looksAt, renewIntervals } from '../lease/history.js';
import { type Micros, microsToMs } from '../lease/micro-time.js';
import type { LeaseRecord } from '../lease/record.js';
import type { RenewIntervals } from '../lease/renewals.js';
import { judge, type LeaseState, type Now, usableDurationMs, type Verdict } from '../lease/verdict.js';
import type { HolderPod } from '../operations/follow/follow-around.js';
import { type ClockOffset, holderClockOffset } from '../operations/follow/follow-time.js';
import type { Urgency } from '../view/screen-theme.js';
import type { ToldEvent } from '../view/watch-json.js';
import type { Feed } from './feed.js';
import { type Timeline, timelineOf } from './timeline.js';

export type ConnectionState =
  | { state: 'connecting' }
  | { state: 'live' }
  | { state: 'polling' }
  | { state: 'down'; forMs: number; failure: ApiFailure };

/**
 * One object a Lease for as long as the screen runs: thousands of new ones with each frame would live just long enough to
 * reach the old generation, and the heap would be many times what is needed.
 */
export interface Row {
  readonly key: string;
  readonly ref: LeaseRef;
  state: LeaseState;
  renewedAgoMs: number | null;
  expiresInMs: number | null;
  atLeast: boolean;
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
  /** Not connected: all but the timeline is as it was so long ago. */
  staleMs: number | null;
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
  const present = feed.now();
  const time = feed.timeOf(present.monoMs);
  const connection = connectionOf(feed, present);
  const now = connection.state === 'down' ? before(present, connection.forMs) : present;
  if (open !== null) return { time, connection, rows: [], one: detailOf(feed, open, now, present.monoMs) };
  return { time, connection, rows: rowsOf(feed, now), one: null };
}

function rowsOf(feed: Feed, now: Now): Row[] {
  const rows: Row[] = [];
  for (const [key, history] of feed.followed?.leases ?? []) {
    if (!history.record) continue;
    const row = feed.rows.get(key) ?? emptyRow(key, history.record);
    feed.rows.set(key, row);
    update(row, history, history.record, feed, now);
    rows.push(row);
  }
  return rows.sort(byUrgency);
}

/** While we are cut off nothing is judged on: a Lease is shown as it was when it was last seen. */
function before({ monoMs, wall, server }: Now, ms: number): Now {
  const micros = BigInt(Math.round(ms * 1000));
  return {
    monoMs: monoMs - ms,
    wall: wall - micros,
    server: server && { earliest: server.earliest - micros, latest: server.latest - micros },
  };
}

function connectionOf({ followed }: Feed, now: Now): ConnectionState {
  if (followed?.down) {
    return { state: 'down', forMs: now.monoMs - followed.down.sinceMs, failure: followed.down.failure };
  }
  if (!followed?.synced) return { state: 'connecting' };
  return { state: followed.polling ? 'polling' : 'live' };
}

const emptyRow = (key: string, { namespace, name }: LeaseRecord): Row => ({
  key,
  ref: { namespace, name },
  state: 'absent',
  renewedAgoMs: null,
  expiresInMs: null,
  atLeast: false,
  urgency: 'calm',
  holder: null,
  durationMs: null,
  transitions: null,
  fresh: false,
});

function update(row: Row, history: LeaseHistory, record: LeaseRecord, feed: Feed, now: Now): void {
  const verdict = judge(record, looksAt(history, now.monoMs), now);
  const changedMs = feed.changedMs.get(row.key);
  row.state = verdict.state;
  row.renewedAgoMs = verdict.renewedAgoMs;
  row.expiresInMs = verdict.expiresInMs;
  row.atLeast = verdict.atLeast;
  row.durationMs = usableDurationMs(record);
  row.urgency = urgencyOf(verdict, row.durationMs);
  row.holder = record.holder;
  row.transitions = record.transitions;
  row.fresh = changedMs !== undefined && now.monoMs - changedMs < FRESH_MS;
}

/** Late: not renewed for half of its duration. Most electors renew several times in that. */
export function urgencyOf({ state, renewedAgoMs }: Verdict, durationMs: number | null): Urgency {
  if (state === 'expired') return 'expired';
  const late = durationMs !== null && renewedAgoMs !== null && renewedAgoMs >= durationMs / 2;
  return (state === 'held' || state === 'fenced') && late ? 'late' : 'calm';
}

function rank({ state, expiresInMs, urgency }: Row): number {
  if (urgency === 'expired') return (expiresInMs ?? 0) > -LONG_EXPIRED_MS ? 0 : 5;
  if (urgency === 'late') return 1;
  const ranks: Partial<Record<LeaseState, number>> = { fenced: 2, malformed: 3, released: 4 };
  return ranks[state] ?? 6;
}

/** Within one rank by name, so that rows stand still while they are read. */
function byUrgency(a: Row, b: Row): number {
  return rank(a) - rank(b) || (a.key < b.key ? -1 : 1);
}

/** `now`: the moment that is judged; `presentMs`: the moment at the right edge of the timeline. */
function detailOf(feed: Feed, key: string, now: Now, presentMs: number): LeaseDetail {
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
    staleMs: feed.followed?.down ? presentMs - now.monoMs : null,
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
    timeline: timelineOf(history?.ledger, events, presentMs),
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
