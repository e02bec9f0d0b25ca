/** A skew under way: shift after each renewal, watch who takes the Lease, put back. */

import type { ApiFailure, LeaseRef } from '../../lease/api.js';
import { formatMicroTime } from '../../lease/micro-time.js';
import { type OperationNote, readOperation } from '../../lease/operation.js';
import { hasAppliers, previousOf, type Shift, skewing, unmarking, unskewing } from '../../lease/operation-specs.js';
import { type LeaseRecord, specKey } from '../../lease/record.js';
import { beginJournal, journal, settleJournal } from '../chaos/journal-steps.js';
import { dropOwnEntry } from '../chaos/own-entry.js';
import type { PlanFacts } from '../chaos/plan.js';
import { earliest, type Procedure } from '../chaos/procedure.js';
import { type Ended, ended, type SkewOutcome, type SkewReport, type Takeover } from '../chaos/report.js';
import { tell } from '../chaos/steps.js';
import { write } from '../chaos/write.js';
import { type LeaseView, serverTimeAt } from '../lease-view.js';

export interface SkewRequest {
  lease: LeaseRef;
  shift: Shift;
  /** Null: one renewal only. */
  holdMs: number | null;
  expectHolder?: string | undefined;
  allowNonElection: boolean;
}

type Skewed = SkewReport['skewed'];
export type SkewEnds = Ended<SkewOutcome> & { skewed: Skewed; takeovers: Takeover[] };

/** A holder this much later than its renew period may be dead: nothing is shifted any more. */
export const LATE_MS = 1_000;

export class Skew {
  readonly #view: LeaseView;
  readonly #request: SkewRequest;
  readonly #facts: PlanFacts;
  readonly #requestMs: number;
  #note: OperationNote;
  /** Specs that we wrote. */
  readonly #ours = new Set<string>();
  readonly #skewed: Skewed = [];
  /** The holder's own last write. */
  #own: { key: string; atMs: number; record: LeaseRecord } | null = null;
  #wrote = false;
  #appliers = false;
  /** Why a shift could not be written. */
  #failure: ApiFailure | null = null;

  constructor(view: LeaseView, request: SkewRequest, facts: PlanFacts, note: OperationNote, requestMs: number) {
    this.#view = view;
    this.#request = request;
    this.#facts = facts;
    this.#note = note;
    this.#requestMs = requestMs;
  }

  *run(): Procedure<SkewEnds> {
    const view = this.#view;
    const { id } = this.#note;
    const { holder } = this.#facts;
    this.#appliers = view.newest ? hasAppliers(view.newest) : false;
    const about = { holder, stopWaitMs: 0, appliers: this.#appliers, shift: this.#request.shift };
    const begun = yield* beginJournal(view, this.#note, this.#facts, about);
    if (!begun.ok) return this.#end('refused', { refusal: { code: 'journal-unwritable', problem: begun.problem } });
    const mark = view.mark();
    if (view.newest) this.#own = { key: specKey(view.newest), atMs: view.history.sight.firstMs, record: view.newest };
    const why = yield* this.#follow(mark);
    const takeover = this.#takeoverSince(mark);
    const stuck = yield* this.#putBack(why === 'late');
    if (stuck) return stuck;
    yield* settleJournal(view, id);
    return this.#judge(why, takeover);
  }

  /** Shifts after each renewal (or after one) until something ends it. */
  *#follow(mark: number): Procedure<Why> {
    const view = this.#view;
    const { holdMs } = this.#request;
    const endMs = holdMs === null ? null : view.nowMs + holdMs;
    // One shift is tried for as long as a request may take, however often the holder's renewal comes first.
    const triesEndMs = view.nowMs + this.#requestMs + this.#facts.renewPeriodMs + LATE_MS;
    for (;;) {
      const { newest } = view;
      if (this.#takeoverSince(mark) !== null) return 'takeover';
      if (!newest) return 'deleted';
      if (newest.holder !== this.#facts.holder) return newest.holder ? 'takeover' : 'released';
      if (view.interrupts > 0) {
        tell(view, { step: 'interrupted' });
        return 'interrupted';
      }
      if (endMs !== null && view.nowMs >= endMs) return 'over';
      if (endMs === null && this.#skewed.length === 0 && view.nowMs >= triesEndMs) return 'over';
      const key = specKey(newest);
      if (key !== this.#own?.key && !this.#ours.has(key)) {
        const renewedMs = view.nowMs;
        this.#own = { key, atMs: renewedMs, record: newest };
        if (holdMs === null && this.#skewed.length > 0) {
          tell(view, { step: 'shift-undone-by-holder' });
          return 'over';
        }
        const stopped = yield* this.#shift(newest, key);
        if (stopped) return stopped;
        continue;
      }
      const lateMs = (this.#own?.atMs ?? view.nowMs) + this.#facts.renewPeriodMs + LATE_MS;
      if (view.nowMs >= lateMs) return this.#late(lateMs);
      yield earliest(endMs, lateMs, view.expiresAtMs());
    }
  }

  #late(lateMs: number): Why {
    tell(this.#view, { step: 'holder-late', byMs: Math.round(this.#view.nowMs - lateMs + LATE_MS) });
    return 'late';
  }

  *#shift(renewed: LeaseRecord, key: string): Procedure<Why | null> {
    const view = this.#view;
    const { shift } = this.#request;
    const { id } = this.#note;
    const noted = yield* journal(view, { do: 'journal-sending', id: view.newId(), operation: id });
    if (!noted.ok) return 'journal';
    const sentAt = view.server?.latest ?? this.#note.sentAt;
    // Whoever puts this back must know the holder's own last write, which is this one.
    const note: OperationNote = { ...this.#note, sentAt, previous: { spec: previousOf(renewed) } };
    const result = yield* write(view, {
      build: (base) => skewing(base, shift, note),
      // Directly after this renewal or not at all.
      accepts: (base) => specKey(base) === key,
      untilMs: view.nowMs + Math.min(this.#requestMs, LATE_MS + this.#facts.renewPeriodMs),
      requestMs: this.#requestMs,
      onInterrupt: 'settle',
      retries: false,
      mover: unmarking,
    });
    if (result.as === 'written') {
      this.#wrote = true;
      this.#note = note;
      this.#ours.add(specKey(result.record));
      this.#tellShift(renewed, result.record, result.seenMs);
      return null;
    }
    if (result.as !== 'failed') return null;
    if (result.unsettled) this.#wrote = true;
    this.#failure = result.failure;
    return 'failed';
  }

  #tellShift(renewed: LeaseRecord, shifted: LeaseRecord, atMs: number): void {
    const inTime = 'renewTimeMs' in this.#request.shift;
    const said = (record: LeaseRecord) =>
      inTime
        ? record.renewTime === null
          ? ''
          : formatMicroTime(record.renewTime)
        : `${record.leaseDurationSeconds ?? ''}`;
    const at = serverTimeAt(this.#view, atMs);
    const [from, to] = [said(renewed), said(shifted)];
    this.#skewed.push({ at: at === null ? null : formatMicroTime(at), from, to });
    tell(this.#view, { step: 'shifted', from, to }, atMs);
  }

  /** Somebody else's own write while the holder was renewing: it took a live Lease. */
  #takeoverSince(mark: number): { takeover: Takeover; live: boolean } | null {
    const { holder, renewPeriodMs } = this.#facts;
    for (const { change, record } of this.#view.changesSince(mark)) {
      if (change.type !== 'acquired' || !record?.holder || record.holder === holder) continue;
      const before = this.#own;
      const live = before !== null && change.timely && change.atMs - before.atMs <= renewPeriodMs + LATE_MS;
      const transitions = { from: before?.record.transitions ?? null, to: record.transitions };
      const at = serverTimeAt(this.#view, change.atMs);
      return { takeover: { from: holder, to: record.holder, at, transitions }, live };
    }
    return null;
  }

  /**
   * What the holder wrote last, if the spec is still the one that we wrote. Once the holder is late, a shift into the past
   * stays: writing would only restart the clocks of those who observe. Null: done, or nothing to do.
   */
  *#putBack(late: boolean): Procedure<SkewEnds | null> {
    if (!this.#wrote) return null;
    const view = this.#view;
    const { shift } = this.#request;
    const note = this.#note;
    const forward = 'renewTimeMs' in shift ? shift.renewTimeMs > 0 : true;
    const restores = (base: LeaseRecord) =>
      this.#ours.has(specKey(base)) && base.holder === this.#facts.holder && (!late || forward);
    let restored = false;
    const result = yield* write(view, {
      build: (base) => {
        restored = restores(base);
        return restored ? unskewing(base, shift, note.previous.spec) : unmarking(base);
      },
      accepts: (base) => readOperation(base.annotations)?.id === note.id || restores(base),
      untilMs: view.nowMs + this.#requestMs,
      requestMs: this.#requestMs,
      onInterrupt: 'finish',
      retries: true,
    });
    if (result.as === 'failed') return this.#end('unverified', { failure: result.failure, leftChanged: true });
    if (result.as === 'written') yield* dropOwnEntry(view, this.#appliers);
    if (result.as === 'written' && restored) {
      const { renewTime, leaseDurationSeconds } = note.previous.spec;
      tell(view, {
        step: 'unshifted',
        to: 'renewTimeMs' in shift ? (renewTime ?? '') : `${leaseDurationSeconds ?? ''}`,
      });
    }
    return null;
  }

  #judge(why: Why, taken: { takeover: Takeover; live: boolean } | null): SkewEnds {
    const interrupted = why === 'interrupted';
    if (why === 'failed' && this.#skewed.length === 0) {
      // Without the right to write, say, nothing was done.
      return this.#end(this.#wrote ? 'unverified' : 'refused', { failure: this.#failure });
    }
    // Who took it before anything was shifted was not fooled by that.
    if (taken !== null && (this.#skewed.length > 0 || this.#wrote)) {
      const { takeover, live } = taken;
      tell(this.#view, { step: 'acquired', holder: takeover.to, leaderlessMs: null });
      // Who takes the Lease of a holder that fell silent was fooled by nothing that we can tell.
      return {
        ...this.#end(live && this.#skewed.length > 0 ? 'fooled' : 'unverified', { to: takeover.to, interrupted }),
        takeovers: [takeover],
      };
    }
    if (this.#skewed.length === 0) {
      if (interrupted) return this.#end('refused', { interrupted });
      if (why === 'journal') return this.#end('refused', { refusal: { code: 'journal-unwritable', problem: '' } });
      return this.#end('refused', {
        refusal: { code: 'changed-meanwhile', holder: this.#view.newest?.holder ?? null },
      });
    }
    const blind = why === 'deleted' || why === 'released' || why === 'late' || why === 'failed' || !this.#view.live;
    if (blind) return this.#end('unverified', { interrupted, failure: this.#failure ?? this.#view.watchFailure });
    return this.#end('not-fooled', { interrupted });
  }

  #end(outcome: SkewOutcome, more: Partial<Ended<SkewOutcome>> = {}): SkewEnds {
    const undoId = this.#wrote ? this.#note.id : null;
    const overlap = outcome === 'fooled' ? this.#facts.leaseDurationMs + 2 * this.#facts.renewPeriodMs : 0;
    const base = ended<SkewOutcome>(outcome, { undoId, possibleOverlapMs: overlap, ...more });
    return { ...base, outcome, skewed: this.#skewed, takeovers: [] };
  }
}

type Why = 'takeover' | 'deleted' | 'released' | 'interrupted' | 'over' | 'late' | 'failed' | 'journal';
