/**
 * The ledger of one Lease: terms, gaps without a leader, possible overlaps. In Lease time: what the Lease said and when
 * it was received, which is not when work began or ended.
 */
import type { Micros } from './micro-time.js';
import type { LeaseRecord } from './record.js';

/** The newest terms, gaps, overlaps and unknown spans that are kept of one Lease, each. */
export const ENTRIES_KEPT = 100;

export type TermEnd = 'released' | 'fenced' | 'expired' | 'deleted' | 'taken' | 'assigned' | 'unknown';

export interface Term {
  /** Counted by this process from 1. A fence is no term. */
  number: number;
  holder: string;
  uid: string | null;
  transitions: number | null;
  acquireTime: Micros | null;
  /** Monotonic milliseconds of the holder's first own write; when first seen, where `fromKnown` is false. */
  fromMs: number;
  fromKnown: boolean;
  /** Null while it lasts. For `unknown`: when the end was noticed. */
  toMs: number | null;
  endedBy: TermEnd | null;
}

/** Nobody led from `fromMs` until the first own write of `after` at `toMs`. */
export interface Gap {
  fromMs: number;
  toMs: number;
  cause: TermEnd;
  before: string;
  after: string;
}

export type OverlapWhy =
  | 'taken-while-valid'
  | 'assigned-while-valid'
  | 'cleared-by-other'
  /** The holder was removed, by itself or by somebody else: in the first case there is no overlap. */
  | 'holder-removed'
  | 'deleted-while-valid'
  /** Somebody took the Lease before the fence had stood long enough. */
  | 'fence-cut-short';

/**
 * `deposed` may have worked beside `holder` for up to `boundMs` from `atMs`: its last sign of life + L + 2 × its renew
 * period, as the stop wait of STEP-DOWN, under the same assumptions (its R < L, its work ends with its elector, it was
 * not paused). Null: no period was measured.
 */
export interface Overlap {
  atMs: number;
  deposed: string;
  holder: string;
  boundMs: number | null;
  why: OverlapWhy;
}

export interface Deposed {
  holder: string;
  untilMs: number | null;
  why: OverlapWhy;
}

/** Plain data, changed in place by the functions of this file only. */
export interface Ledger {
  terms: Term[];
  /** All terms so far, those no longer kept included. */
  termCount: number;
  open: Term | null;
  gaps: Gap[];
  overlaps: Overlap[];
  /** Spans without a connection; `toMs` null: it lasts. */
  unknown: { fromMs: number; toMs: number | null }[];
  leaderless: { sinceMs: number | null; cause: TermEnd; before: string } | null;
  deposed: Deposed | null;
}

export const emptyLedger = (): Ledger => ({
  terms: [],
  termCount: 0,
  open: null,
  gaps: [],
  overlaps: [],
  unknown: [],
  leaderless: null,
  deposed: null,
});

/** Ends the open term, if any. `sinceMs`: from when nobody led; null: not known. */
export function endTerm(ledger: Ledger, by: TermEnd, atMs: number, sinceMs: number | null, deposed?: Deposed): void {
  const term = ledger.open;
  if (term === null) return;
  term.toMs = atMs;
  term.endedBy = by;
  ledger.open = null;
  if (by !== 'taken') ledger.leaderless = { sinceMs, cause: by, before: term.holder };
  if (deposed && endsLater(deposed, ledger.deposed)) ledger.deposed = deposed;
}

/** Changes were missed: since when nobody leads is no longer known. */
export function loseTrack(ledger: Ledger): void {
  if (ledger.leaderless) ledger.leaderless.sinceMs = null;
}

export interface Begun {
  term: Term;
  leaderlessMs: number | null;
  overlap: Overlap | null;
}

/** The holder's first own write; `timely` false: it wrote at some time before `atMs`. */
export function beginTerm(ledger: Ledger, record: LeaseRecord, atMs: number, timely: boolean): Begun {
  const holder = record.holder ?? '';
  const isFirst = ledger.termCount === 0;
  const term: Term = {
    number: ++ledger.termCount,
    holder,
    uid: record.uid,
    transitions: record.transitions,
    acquireTime: record.acquireTime,
    fromMs: atMs,
    fromKnown: timely,
    toMs: null,
    endedBy: null,
  };
  keep(ledger.terms, term);
  ledger.open = term;
  const wasLeaderless = ledger.leaderless !== null;
  const gapMs = closeGap(ledger, holder, atMs, timely);
  const leaderlessMs = !wasLeaderless && timely && !isFirst ? 0 : gapMs;
  return { term, leaderlessMs, overlap: timely ? overlapAt(ledger, holder, atMs) : null };
}

/** The holder of the last term renewed after its Lease had expired, and nobody had taken it: the same term goes on. */
export function resumeTerm(
  ledger: Ledger,
  record: LeaseRecord,
  atMs: number,
  timely: boolean,
): { term: Term; leaderlessMs: number | null } | null {
  const last = ledger.terms.at(-1);
  if (ledger.open !== null || last?.endedBy !== 'expired') return null;
  const same =
    last.holder === record.holder &&
    last.uid === record.uid &&
    last.transitions === record.transitions &&
    last.acquireTime === record.acquireTime;
  if (!same) return null;
  last.toMs = null;
  last.endedBy = null;
  ledger.open = last;
  return { term: last, leaderlessMs: closeGap(ledger, last.holder, atMs, timely) };
}

export function beginUnknown(ledger: Ledger, atMs: number): void {
  if (ledger.unknown.at(-1)?.toMs !== null) keep(ledger.unknown, { fromMs: atMs, toMs: null });
}

export function endUnknown(ledger: Ledger, atMs: number): void {
  const last = ledger.unknown.at(-1);
  if (last && last.toMs === null) last.toMs = atMs;
}

/** The length of the gap that ends now; null when there is none or its length is not known. */
function closeGap(ledger: Ledger, after: string, atMs: number, timely: boolean): number | null {
  const { leaderless } = ledger;
  ledger.leaderless = null;
  if (!leaderless || leaderless.sinceMs === null || !timely) return null;
  keep(ledger.gaps, {
    fromMs: leaderless.sinceMs,
    toMs: atMs,
    cause: leaderless.cause,
    before: leaderless.before,
    after,
  });
  return atMs - leaderless.sinceMs;
}

function overlapAt(ledger: Ledger, holder: string, atMs: number): Overlap | null {
  const { deposed } = ledger;
  if (!deposed || deposed.holder === holder) return null;
  const boundMs = deposed.untilMs === null ? null : deposed.untilMs - atMs;
  if (boundMs !== null && boundMs <= 0) return null;
  const overlap = { atMs, deposed: deposed.holder, holder, boundMs, why: deposed.why };
  keep(ledger.overlaps, overlap);
  return overlap;
}

function endsLater(a: Deposed, b: Deposed | null): boolean {
  return b === null || a.untilMs === null || (b.untilMs !== null && a.untilMs >= b.untilMs);
}

function keep<T>(list: T[], entry: T): void {
  list.push(entry);
  if (list.length > ENTRIES_KEPT) list.shift();
}
