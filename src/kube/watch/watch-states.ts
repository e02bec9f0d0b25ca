/**
 * A watch as named states. Pure: (state, input) -> (state, effects); `watch.ts` carries the effects out.
 *
 *   listing ──listed──> opening ──opened──> streaming
 *      ^                   ^                    │ the server ends it (its timeoutSeconds): opening again, silently
 *      │ 410               └─────── waiting <───┤ broken, silent, garbage: `disconnected`, back-off
 *      └────────────────────────────────────────┘ 410 or a version that went back: listing, told as found changes
 *
 * A stream resumes at the last version that was seen, so nothing is lost or repeated; where the server has forgotten
 * that version, the difference between a fresh list and what is known takes its place.
 *
 * `disconnected` is reported when the watch stops being live: on every failure, and when the server keeps ending
 * streams that brought nothing. An orderly end with an immediate, successful reopening is no such moment.
 */
import type { ApiFailure, LeaseList, LeaseWatchEvent } from '../../lease/api.js';
import type { LeaseRecord } from '../../lease/record.js';

/**
 * `tries`: attempts in a row that brought nothing. `cut`: `disconnected` has been reported and not yet taken back.
 * `version`: where the stream resumes.
 */
export type WatchState =
  | { name: 'listing'; tries: number; cut: boolean }
  | { name: 'opening'; version: string; tries: number; cut: boolean }
  | { name: 'streaming'; version: string; tries: number; cut: false; sinceMs: number }
  /** Null: the server no longer has the version, or there was none yet; a list comes next. */
  | { name: 'waiting'; version: string | null; tries: number; cut: true }
  | { name: 'stopped' };

export interface Change {
  type: 'added' | 'modified' | 'deleted';
  record: LeaseRecord;
}

export type WatchInput =
  | { type: 'listed'; list: LeaseList; atMs: number }
  | { type: 'opened'; atMs: number }
  | { type: 'changed'; change: Change; version: string; atMs: number }
  | { type: 'bookmark'; version: string; atMs: number }
  /** The list failed, the stream could not be opened, was broken, or carried an ERROR event. */
  | { type: 'failed'; failure: ApiFailure; atMs: number }
  /** The stream carried what is no watch event. */
  | { type: 'garbage'; failure: ApiFailure; atMs: number }
  /** The server ended the stream in good order. */
  | { type: 'ended'; atMs: number }
  /** Nothing was heard for longer than the server would ever keep quiet. */
  | { type: 'silent'; failure: ApiFailure; atMs: number }
  | { type: 'waited' }
  | { type: 'stop' };

export type WatchEffect =
  | { do: 'list' }
  | { do: 'open'; version: string }
  | { do: 'close' }
  /** Back-off number `tries`, at least `leastMs`. */
  | { do: 'wait'; tries: number; leastMs: number }
  /** Report what differs between this list and what is known, then `synced`. */
  | { do: 'report-list'; list: LeaseList; atMs: number }
  | { do: 'report-change'; change: Change; atMs: number }
  | { do: 'report'; event: LeaseWatchEvent }
  | { do: 'end' };

export type Step = readonly [WatchState, readonly WatchEffect[]];

/** A stream that lasted this long was worth opening even if nothing happened on it. */
const FRUITFUL_MS = 5_000;

export const begin: Step = [{ name: 'listing', tries: 0, cut: false }, [{ do: 'list' }]];

/** Inputs that a state does not expect are late news of something already given up: they change nothing. */
export function step(state: WatchState, input: WatchInput): Step {
  if (state.name === 'stopped') return [state, []];
  if (input.type === 'stop') return [{ name: 'stopped' }, [{ do: 'close' }, { do: 'end' }]];
  switch (state.name) {
    case 'listing':
      return whileListing(state, input);
    case 'opening':
      return whileOpening(state, input);
    case 'streaming':
      return whileStreaming(state, input);
    case 'waiting':
      if (input.type !== 'waited') return [state, []];
      return state.version === null ? relist(state) : open(state.version, state.tries, true);
  }
}

function whileListing(state: WatchState & { name: 'listing' }, input: WatchInput): Step {
  if (input.type === 'failed') return lost(null, state, input.failure, input.atMs);
  if (input.type !== 'listed') return [state, []];
  const [next, effects] = open(input.list.resourceVersion, state.tries, false);
  const told: WatchEffect = { do: 'report-list', list: input.list, atMs: input.atMs };
  return [next, [...reconnected(state, input.atMs), told, ...effects]];
}

function whileOpening(state: WatchState & { name: 'opening' }, input: WatchInput): Step {
  const { version, tries } = state;
  switch (input.type) {
    case 'opened':
      return [{ name: 'streaming', version, tries, cut: false, sinceMs: input.atMs }, reconnected(state, input.atMs)];
    case 'failed':
    case 'silent':
      return lost(version, state, input.failure, input.atMs);
    default:
      return [state, []];
  }
}

function whileStreaming(state: WatchState & { name: 'streaming' }, input: WatchInput): Step {
  switch (input.type) {
    case 'changed':
      return [
        { ...state, version: input.version, tries: 0 },
        [{ do: 'report-change', change: input.change, atMs: input.atMs }],
      ];
    case 'bookmark':
      // Only an etcd restored from a backup goes back. It would stay silent until it reached our version again.
      if (isBefore(input.version, state.version)) return again(null, state, WENT_BACK, input.atMs);
      return [
        { ...state, version: input.version, tries: 0 },
        [report({ type: 'bookmark', resourceVersion: input.version, atMs: input.atMs })],
      ];
    case 'ended': {
      const fruitful = input.atMs - state.sinceMs >= FRUITFUL_MS;
      return again(state.version, fruitful ? { ...state, tries: 0 } : state, KEEPS_ENDING, input.atMs);
    }
    case 'failed':
    case 'garbage':
    case 'silent':
      return lost(state.version, state, input.failure, input.atMs, input.type === 'garbage');
    default:
      return [state, []];
  }
}

type Live = Exclude<WatchState, { name: 'stopped' }>;

/** Something failed: to be given up, to be listed anew, or to be tried again later. */
function lost(version: string | null, state: Live, failure: ApiFailure, atMs: number, passing = false): Step {
  if (!passing && (isFinal(failure) || isFirstCredential(state, failure))) {
    const told = report({ type: 'disconnected', failure, atMs });
    return [{ name: 'stopped' }, [{ do: 'close' }, told, { do: 'end' }]];
  }
  if (failure.kind === 'expired') return again(null, state, failure, atMs);
  return backOff(version, state, failure, atMs);
}

/** No failure yet: the first time at once and silently, then as a failure, so that no server can make us spin. */
function again(version: string | null, state: Live, failure: ApiFailure, atMs: number): Step {
  if (state.tries > 0) return backOff(version, state, failure, atMs);
  const [next, effects] = version === null ? relist(state) : open(version, 0, state.cut);
  return [{ ...next, tries: 1 } as WatchState, [{ do: 'close' }, ...effects]];
}

function backOff(version: string | null, state: Live, failure: ApiFailure, atMs: number): Step {
  const leastMs = 'retryAfterMs' in failure ? (failure.retryAfterMs ?? 0) : 0;
  const told = state.cut ? [] : [report({ type: 'disconnected', failure, atMs })];
  return [
    { name: 'waiting', version, tries: state.tries + 1, cut: true },
    [{ do: 'close' }, ...told, { do: 'wait', tries: state.tries, leastMs }],
  ];
}

const relist = ({ tries, cut }: Live): Step => [{ name: 'listing', tries, cut }, [{ do: 'list' }]];

const open = (version: string, tries: number, cut: boolean): Step => [
  { name: 'opening', version, tries, cut },
  [{ do: 'open', version }],
];

const reconnected = (state: Live, atMs: number): WatchEffect[] =>
  state.cut ? [report({ type: 'reconnected', atMs })] : [];

const report = (event: LeaseWatchEvent): WatchEffect => ({ do: 'report', event });

const KEEPS_ENDING: ApiFailure = {
  kind: 'server',
  status: 200,
  retryAfterMs: null,
  message: 'the server ends the watch as soon as it is open',
};
const WENT_BACK: ApiFailure = { kind: 'expired', message: 'the resource version of the server went back' };

/** Trying again cannot help: only somebody's change of rights, trust or address can. */
function isFinal(failure: ApiFailure): boolean {
  switch (failure.kind) {
    case 'unauthorised':
    case 'forbidden':
    case 'tls':
    case 'not-kubernetes':
    case 'invalid':
    case 'not-found':
    case 'aborted':
      return true;
    default:
      return false;
  }
}

/** At the very first attempt it is how we were set up; later a plugin or a token file may only be away for a while. */
const isFirstCredential = (state: Live, failure: ApiFailure): boolean =>
  failure.kind === 'credentials' && state.name === 'listing' && state.tries === 0;

const DECIMAL = /^\d+$/;
const isBefore = (a: string, b: string): boolean => DECIMAL.test(a) && DECIMAL.test(b) && BigInt(a) < BigInt(b);

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
const LONGEST_TOLD_WAIT_MS = 60_000;

/**
 * Milliseconds to wait before attempt `tries` (from 0): doubling from 250 ms to 5 s, the upper half of it at random, so
 * that many watchers do not come back together. Short at the top, because a standby that waits for its watch is late to
 * take over. `leastMs`: the server's Retry-After, honoured up to a minute.
 */
export function backOffMs(tries: number, leastMs: number, random: number): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
  return Math.max(most / 2 + (random * most) / 2, Math.min(leastMs, LONGEST_TOLD_WAIT_MS));
}
