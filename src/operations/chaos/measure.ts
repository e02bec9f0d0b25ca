/** Watching a holder until its renew period and its clock are known (STEP-DOWN, release 1). */
import type { ApiFailure } from '../../lease/api.js';
import { renewIntervals } from '../../lease/history.js';
import type { LeaseRecord } from '../../lease/record.js';
import { renewPeriodOf } from '../../lease/timing.js';
import { usableDurationMs } from '../../lease/verdict.js';
import type { LeaseView } from '../lease-view.js';
import { clockRefusalOf } from './guards.js';
import { earliest, type Procedure } from './procedure.js';
import { tell } from './steps.js';

export type Measured =
  | { as: 'absent' }
  /** Nobody holds it. */
  | { as: 'free'; record: LeaseRecord }
  /** Seen unchanged for its whole duration and a second. */
  | { as: 'expired'; record: LeaseRecord; unchangedMs: number }
  | { as: 'held'; record: LeaseRecord; leaseDurationMs: number; renewPeriodMs: number; gaps: number; offsetMs: number }
  /** It has no duration to wait for, and none was given. */
  | { as: 'no-duration'; record: LeaseRecord }
  /** The holder changed again and again while it was measured. */
  | { as: 'unsteady'; record: LeaseRecord }
  | { as: 'failed'; failure: ApiFailure }
  | { as: 'interrupted' };

/** Three values of renewTime, as STEP-DOWN asks. */
const GAPS_WANTED = 2;
const AFTER_EXPIRY_MS = 1_000;
const HOLDERS_MOST = 3;

/** Waits for the first list. */
export function* firstLook(view: LeaseView, requestMs: number): Procedure<Measured | null> {
  const untilMs = view.nowMs + requestMs;
  while (!view.synced) {
    if (view.interrupts > 0) return { as: 'interrupted' };
    if (view.watchEnded || view.nowMs >= untilMs) {
      const failure: ApiFailure = view.watchFailure ?? {
        kind: 'timeout',
        afterMs: requestMs,
        message: `no answer within ${requestMs / 1000} s`,
      };
      return { as: 'failed', failure };
    }
    yield untilMs;
  }
  return null;
}

/**
 * At most L + 1 s, longer only where a single renewal came and no second one to measure a gap by: then until the second,
 * or until the record has expired. `leaseDurationMs`: where the record has none.
 */
export function* measure(
  view: LeaseView,
  options: { requestMs: number; leaseDurationMs: number | null; needed: boolean },
): Procedure<Measured> {
  const early = yield* firstLook(view, options.requestMs);
  if (early) return early;
  const startMs = view.nowMs;
  let holder: string | null = null;
  let refineAtMs: number | null = view.nowMs;
  for (let holders = 0; ; ) {
    if (view.interrupts > 0) return { as: 'interrupted' };
    if (view.watchEnded) return { as: 'failed', failure: view.watchFailure ?? GONE };
    const record = view.newest;
    if (!record) return { as: 'absent' };
    if (record.holder === null || record.holder === '') return { as: 'free', record };
    if (record.holder !== holder) {
      holder = record.holder;
      if (++holders > HOLDERS_MOST) return { as: 'unsteady', record };
    }
    const leaseDurationMs = usableDurationMs(record) ?? options.leaseDurationMs;
    if (leaseDurationMs === null) return { as: 'no-duration', record };
    const found = options.needed
      ? findings(view, record, leaseDurationMs, startMs)
      : noMeasure(record, leaseDurationMs);
    if (typeof found !== 'number') return found;
    refineAtMs = refine(view, refineAtMs, options.requestMs);
    yield earliest(found, view.expiresAtMs(), refineAtMs);
  }
}

const CERTAIN_ENOUGH_MS = 100;

/**
 * Every answer says in which second the server wrote it. One that is asked for when the middle of what is known falls on
 * the turn of a second halves it. Null: known well enough, for the times that kle writes and tells.
 */
function refine(view: LeaseView, atMs: number | null, timeoutMs: number): number | null {
  const middle = view.serverNow();
  const uncertainMs = view.clockUncertainMs();
  if (atMs === null || middle === null || (uncertainMs !== null && uncertainMs <= CERTAIN_ENOUGH_MS)) return null;
  if (view.nowMs < atMs) return atMs;
  view.emit({ do: 'get', id: view.newId(), timeoutMs });
  // Beyond the next turn, so that this answer is there when the one after it is decided on.
  const toTurnMs = 1_000 - Number((middle / 1_000n) % 1_000n);
  return view.nowMs + (toTurnMs < 200 ? toTurnMs + 1_000 : toTurnMs);
}

/** Asks on while the server's clock is known too badly to go on, for at most `forMs`; each answer can only narrow it. */
export function* learnClock(view: LeaseView, forMs: number): Procedure<void> {
  const untilMs = view.nowMs + forMs;
  while (view.server && clockRefusalOf(view) && view.nowMs < untilMs && view.interrupts === 0 && !view.watchEnded) {
    const id = view.newId();
    view.emit({ do: 'get', id, timeoutMs: untilMs - view.nowMs });
    for (let answered = false; !answered && view.nowMs < untilMs && view.interrupts === 0; ) {
      const input = yield untilMs;
      answered = input.type === 'answer' && input.id === id;
    }
  }
}

const GONE: ApiFailure = { kind: 'aborted', message: 'the watch ended' };

const noMeasure = (record: LeaseRecord, leaseDurationMs: number): Measured => ({
  as: 'held',
  record,
  leaseDurationMs,
  renewPeriodMs: leaseDurationMs,
  gaps: 0,
  offsetMs: 0,
});

/** What is known now, or when to look again. */
function findings(view: LeaseView, record: LeaseRecord, leaseDurationMs: number, startMs: number): Measured | number {
  const { sight } = view.history;
  const limitMs = leaseDurationMs + AFTER_EXPIRY_MS;
  const unchangedMs = view.live ? view.nowMs - sight.firstMs : 0;
  if (unchangedMs >= limitMs) return { as: 'expired', record, unchangedMs };
  const intervals = renewIntervals(view.history);
  const timeIsUp = view.nowMs - startMs >= limitMs;
  if (intervals.count >= GAPS_WANTED || (timeIsUp && intervals.count > 0)) {
    const renewPeriodMs = renewPeriodOf(intervals.largestMs ?? leaseDurationMs);
    const offsetMs = view.offsetMs(record.holder ?? '');
    tell(view, { step: 'measured', renewPeriodMs, gaps: intervals.count, offsetMs });
    return { as: 'held', record, leaseDurationMs, renewPeriodMs, gaps: intervals.count, offsetMs };
  }
  const expiryMs = sight.firstMs + limitMs;
  return timeIsUp ? expiryMs : Math.min(expiryMs, startMs + limitMs);
}
