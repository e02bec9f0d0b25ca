/**
 * What workers did while they were allowed to, and whether they were.
 *
 * A worker appends one line per unit of work: CLOCK_MONOTONIC in nanoseconds, its identity, its fencing token (`-`
 * without one). All times of one machine compare. Between two units of one worker nothing is known, so that an interval
 * ends at its last unit and what is measured is good to the distance of two units.
 */
import type { ElectorEvent } from './elector.js';
import { drawLanes } from './worker-lanes.js';

export interface Unit {
  readonly mono: bigint;
  readonly identity: string;
  readonly token: bigint | null;
}

export interface Interval {
  readonly identity: string;
  readonly token: bigint | null;
  /** Of its first and its last unit. */
  readonly from: bigint;
  readonly to: bigint;
  readonly units: number;
}

export interface Overlap {
  readonly earlier: Interval;
  readonly later: Interval;
  readonly from: bigint;
  readonly to: bigint;
  /** 0 when a single unit lies within somebody else's interval. */
  readonly ms: number;
}

export interface Gap {
  readonly before: Interval;
  readonly after: Interval;
  readonly ms: number;
}

/**
 * Something else than work, seen with the same clock: `claimed` its identity is in the Lease; `disclaimed` it says no
 * more that it leads; `dead` its worker has ended; `released` it has given the Lease away itself; `lost` somebody else
 * took the Lease from it.
 */
export interface Mark {
  readonly mono: bigint;
  readonly identity: string;
  readonly what: 'claimed' | 'disclaimed' | 'dead' | 'released' | 'lost';
}

export interface Violation {
  readonly rule: 'overlap' | 'token' | 'order';
  readonly identities: readonly string[];
  readonly at: bigint;
  readonly text: string;
}

export interface WorkRules {
  /** Overlap of work, and work with an old token, up to this long is allowed; 0 allows none, not even a single unit. */
  readonly allowOverlapMs?: number;
  /** Tokens must be there and grow. */
  readonly tokens?: boolean;
  readonly marks?: readonly Mark[];
  /** By so much a mark may have been seen late. Work may come that much before its `claimed`. */
  readonly markLagMs?: number;
  readonly silenceMs?: number;
}

/** Eight units of 50 ms: as in the measurements that the design rests on. */
const SILENCE_MS = 400;
const MARK_LAG_MS = 100;

export const ms = (nanoseconds: bigint): number => Number(nanoseconds) / 1e6;

/** A program for `--`: one unit at once and then one per `everyMs`, until it is ended. */
export function workerCommand(file: string, everyMs = 50): string[] {
  const source = `
    const { openSync, writeSync } = require('node:fs');
    const { KLE_IDENTITY = '?', KLE_FENCING_TOKEN = '-' } = process.env;
    const out = openSync(process.argv[1], 'a');
    const work = () => writeSync(out, process.hrtime.bigint() + ' ' + KLE_IDENTITY + ' ' + KLE_FENCING_TOKEN + '\\n');
    work();
    setInterval(work, Number(process.argv[2]));`;
  return [process.execPath, '-e', source.replace(/\s+/g, ' ').trim(), file, String(everyMs)];
}

/** In order of time. A last line without its end is still being written. */
export function parseWork(text: string): Unit[] {
  const lines = text.split('\n').slice(0, -1);
  return inOrder(
    lines.map((line, index) => {
      const [, mono, identity, token] = /^(\d+) (\S+) (\d+|-)$/.exec(line) ?? [];
      if (mono === undefined || identity === undefined) throw new Error(`line ${index + 1} is no work: ${line}`);
      return { mono: BigInt(mono), identity, token: token === '-' || token === undefined ? null : BigInt(token) };
    }),
  );
}

/** The work of electors, which have no token. */
export function workOf(...logs: readonly (readonly ElectorEvent[])[]): Unit[] {
  const work = logs.flat().filter(({ event }) => event === 'work');
  return inOrder(work.map(({ mono, identity }) => ({ mono, identity, token: null })));
}

function inOrder<T extends { readonly mono: bigint }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => compare(a.mono, b.mono));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** In order of their beginning. One ends where its identity is silent for longer, or has another token. */
export function intervalsOf(units: readonly Unit[], silenceMs = SILENCE_MS): Interval[] {
  const open = new Map<string, Interval>();
  const all: Interval[] = [];
  for (const { mono, identity, token } of inOrder(units)) {
    const last = open.get(identity);
    if (last !== undefined && last.token === token && ms(mono - last.to) <= silenceMs) {
      Object.assign(last, { to: mono, units: last.units + 1 });
      continue;
    }
    const next: Interval = { identity, token, from: mono, to: mono, units: 1 };
    open.set(identity, next);
    all.push(next);
  }
  return all;
}

/** Of different identities. */
export function overlapsOf(intervals: readonly Interval[]): Overlap[] {
  const overlaps: Overlap[] = [];
  for (const [index, earlier] of intervals.entries()) {
    for (const later of intervals.slice(index + 1)) {
      if (later.from > earlier.to) break;
      if (later.identity === earlier.identity) continue;
      const to = compare(later.to, earlier.to) < 0 ? later.to : earlier.to;
      overlaps.push({ earlier, later, from: later.from, to, ms: ms(to - later.from) });
    }
  }
  return overlaps;
}

/** Times between the first and the last unit when nobody worked. */
export function gapsOf(intervals: readonly Interval[]): Gap[] {
  const gaps: Gap[] = [];
  let [before] = intervals;
  for (const after of intervals.slice(1)) {
    if (before === undefined) break;
    if (after.from > before.to) gaps.push({ before, after, ms: ms(after.from - before.to) });
    if (after.to > before.to) before = after;
  }
  return gaps;
}

export function checkWork(units: readonly Unit[], rules: WorkRules = {}): Violation[] {
  const intervals = intervalsOf(units, rules.silenceMs);
  return inTime([
    ...tooLongOverlaps(intervals, rules.allowOverlapMs ?? 0),
    ...(rules.tokens === true ? badTokens(intervals, rules.allowOverlapMs ?? 0) : []),
    ...badOrder(units, inOrder(rules.marks ?? []), rules.markLagMs ?? MARK_LAG_MS),
  ]);
}

/** Throws with all violations and a drawing of who worked when. `seed` and the like belong into `about`. */
export function assertWork(units: readonly Unit[], rules: WorkRules = {}, about = ''): void {
  const violations = checkWork(units, rules);
  if (violations.length === 0) return;
  const start = inOrder([...units, ...(rules.marks ?? [])])[0]?.mono ?? 0n;
  const lines = violations
    .slice(0, 20)
    .map(({ rule, at, text }) => `  ${ms(at - start).toFixed(1)} ms  ${rule}: ${text}`);
  const more = violations.length > 20 ? [`  and ${violations.length - 20} more`] : [];
  const lanes = drawLanes(intervalsOf(units, rules.silenceMs), rules.marks ?? []);
  throw new Error(
    [`${violations.length} violations${about && ` (${about})`}:`, ...lines, ...more, '', lanes].join('\n'),
  );
}

function inTime(violations: readonly Violation[]): Violation[] {
  return [...violations].sort((a, b) => compare(a.at, b.at));
}

function tooLongOverlaps(intervals: readonly Interval[], allowMs: number): Violation[] {
  const bad = overlapsOf(intervals).filter((overlap) => allowMs === 0 || overlap.ms > allowMs);
  return bad.map(({ earlier, later, from, ms: length }) => ({
    rule: 'overlap' as const,
    identities: [earlier.identity, later.identity],
    at: from,
    text: `${earlier.identity} and ${later.identity} both worked for ${length.toFixed(1)} ms (allowed: ${allowMs})`,
  }));
}

/**
 * Each interval begins with a token above all before it, or its identity goes on with the highest. Work of an old term
 * that has never paused is an overlap, and counted as such.
 */
function badTokens(intervals: readonly Interval[], allowMs: number): Violation[] {
  const violations: Violation[] = [];
  let highest: { readonly token: bigint; readonly identity: string } | null = null;
  for (const { identity, token, from, to } of intervals) {
    const bad = (text: string) => violations.push({ rule: 'token', identities: [identity], at: from, text });
    if (token === null) {
      bad(`${identity} worked without a token`);
    } else if (highest !== null && token < highest.token) {
      // A worker that wakes from a pause may do that much before it is ended.
      if (allowMs > 0 && ms(to - from) <= allowMs) continue;
      bad(`${identity} worked with token ${token} after ${highest.identity} had worked with ${highest.token}`);
    } else if (highest !== null && token === highest.token && identity !== highest.identity) {
      bad(`${identity} and ${highest.identity} both worked with token ${token}`);
    } else highest = { token, identity };
  }
  return violations;
}

const NOT_BEFORE: Partial<Record<Mark['what'], readonly Mark['what'][]>> = {
  dead: ['disclaimed'],
  released: ['disclaimed', 'dead'],
};

/**
 * Per identity and term: claimed, work, disclaimed, dead, released. Marks that were not recorded are not asked for, but
 * where an identity has any `claimed`, it must not work without. `lost` is no promise of the loser's and ends nothing.
 */
function badOrder(units: readonly Unit[], marks: readonly Mark[], lagMs: number): Violation[] {
  const violations: Violation[] = [];
  for (const identity of new Set(marks.map((mark) => mark.identity))) {
    const own = marks.filter((mark) => mark.identity === identity);
    const bad = (at: bigint, text: string) => {
      violations.push({ rule: 'order', identities: [identity], at, text: `${identity} ${text}` });
    };
    for (const term of termsOf(own)) {
      for (const [index, mark] of term.entries()) {
        for (const earlier of NOT_BEFORE[mark.what] ?? []) {
          const late = term.slice(index + 1).find(({ what }) => what === earlier);
          if (late) bad(mark.mono, `${mark.what} ${ms(late.mono - mark.mono).toFixed(1)} ms before ${earlier}`);
        }
      }
    }
    for (const { at, text } of forbiddenWork(units, identity, own, lagMs)) bad(at, text);
  }
  return violations;
}

/** Split before each `claimed`. */
function termsOf(marks: readonly Mark[]): Mark[][] {
  const terms: Mark[][] = [[]];
  for (const mark of marks) {
    if (mark.what === 'claimed') terms.push([]);
    terms.at(-1)?.push(mark);
  }
  return terms;
}

/** One line for all work that one mark forbids. */
function forbiddenWork(units: readonly Unit[], identity: string, marks: readonly Mark[], lagMs: number) {
  const work = inOrder(units).filter((unit) => unit.identity === identity);
  const found: { at: bigint; text: string }[] = [];
  const lag = BigInt(Math.round(lagMs * 1e6));
  const claims = marks.filter(({ what }) => what === 'claimed').map(({ mono }) => mono - lag);
  const [first] = claims;
  const early = first === undefined ? [] : work.filter(({ mono }) => mono < first);
  if (early[0]) found.push({ at: early[0].mono, text: `worked (${early.length} units) before it was claimed` });
  for (const { what, mono } of marks) {
    if (what !== 'dead' && what !== 'released') continue;
    const again = claims.find((claim) => claim + lag > mono);
    const after = work.filter((unit) => unit.mono > mono && (again === undefined || unit.mono < again));
    const last = after.at(-1);
    if (!after[0] || !last) continue;
    const text = `worked (${after.length} units) until ${ms(last.mono - mono).toFixed(1)} ms after it was ${what}`;
    found.push({ at: after[0].mono, text });
  }
  return found;
}

/** What a watch of the Lease tells: who held it from when. `byHolder`: whether a `""` was written by the holder itself. */
export function marksOfHolders(
  looks: readonly { readonly mono: bigint; readonly holder: string }[],
  byHolder: (look: { readonly mono: bigint; readonly holder: string }) => boolean = () => true,
): Mark[] {
  const marks: Mark[] = [];
  let last = '';
  for (const look of inOrder(looks)) {
    const { mono, holder } = look;
    if (holder === last) continue;
    if (last !== '') marks.push({ mono, identity: last, what: holder === '' && byHolder(look) ? 'released' : 'lost' });
    if (holder !== '') marks.push({ mono, identity: holder, what: 'claimed' });
    last = holder;
  }
  return marks;
}
