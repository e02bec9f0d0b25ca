/**
 * One write of a Lease, to its end: sent on the newest version known, decided anew after a conflict, and settled when its
 * answer was lost. Two requests on the same version cannot both apply, so sending again is safe and settles the first one.
 */
import { isAbsent } from '../../lease/absence.js';
import type { Answer, ApiFailure } from '../../lease/api.js';
import { unmarking } from '../../lease/operation-specs.js';
import { type LeaseObject, type LeaseRecord, readLease, specKey } from '../../lease/record.js';
import type { LeaseView } from '../lease-view.js';
import type { Effect, Procedure } from './procedure.js';

export interface Writing {
  /** Made anew for each version it is tried on. */
  build(base: LeaseRecord): LeaseObject;
  /** Whether this version may be written over. Where not, nothing is written any more. */
  accepts(base: LeaseRecord): boolean;
  /** No try begins after this (monotonic), and one whose answer was lost counts as unsettled then. */
  untilMs: number;
  requestMs: number;
  /**
   * `finish`: goes on whatever the user wants, since this puts things right. `settle`: sends nothing new, but finds out
   * what became of what was sent. `leave`: stops at once; a late arrival of this write would change nothing.
   */
  onInterrupt: 'finish' | 'settle' | 'leave';
  /** Whether a request that surely did not apply is tried again. */
  retries: boolean;
  /** A write without effect on the spec, to settle a lost one when interrupted. */
  mover?: (base: LeaseRecord) => LeaseObject;
  /** Before each try; false: stop, nothing may be sent. */
  before?: () => Procedure<boolean>;
}

export type Written =
  /** `sentMs`: of the last try, so that a wait counted from it is never too short. */
  | { as: 'written'; record: LeaseRecord; sentMs: number; seenMs: number }
  /** `unsure`: a try whose answer was lost may have applied before others changed the Lease. Null: it is gone. */
  | { as: 'moved-on'; record: LeaseRecord | null; unsure: boolean }
  /** `unsettled`: it may still apply. */
  | { as: 'failed'; failure: ApiFailure; unsettled: boolean }
  /** Nothing was written, and nothing can be any more. */
  | { as: 'interrupted' }
  | { as: 'forbidden-by-before' };

const BACKOFF_MS = [50, 100, 200, 400, 800, 1000];

export function* write(view: LeaseView, writing: Writing): Procedure<Written> {
  const attempt = new Attempt(view, writing);
  return yield* attempt.run();
}

class Attempt {
  readonly #view: LeaseView;
  readonly #writing: Writing;
  /** Specs sent so far whose answer was not a refusal. */
  readonly #sent = new Set<string>();
  /** What is seen after this version may be ours. */
  readonly #since: string | null;
  #sentMs = 0;
  #tries = 0;
  /** The version under a try whose answer was lost. */
  #lostOn: string | null = null;
  #failures = 0;
  #lastFailure: ApiFailure = { kind: 'aborted', message: 'given up' };

  constructor(view: LeaseView, writing: Writing) {
    this.#view = view;
    this.#writing = writing;
    this.#since = view.newest?.resourceVersion ?? null;
  }

  *run(): Procedure<Written> {
    const { untilMs, onInterrupt } = this.#writing;
    for (;;) {
      const base = this.#view.newest;
      const landed = this.#landed();
      if (landed) return landed;
      if (base === undefined) {
        const failure = yield* this.#look();
        if (failure) return failure;
        continue;
      }
      if (base === null || !this.#writing.accepts(base)) {
        return { as: 'moved-on', record: base, unsure: this.#lostOn !== null };
      }
      // Others moved the Lease on: what was lost gets a conflict now, whenever it arrives.
      if (this.#lostOn !== null && this.#lostOn !== base.resourceVersion) this.#lostOn = null;
      const interrupted = this.#view.interrupts > 0;
      if (interrupted && onInterrupt === 'leave') return { as: 'interrupted' };
      if (interrupted && onInterrupt === 'settle') {
        if (this.#lostOn === null) return { as: 'interrupted' };
        const moved = yield* this.#move(base);
        if (moved) return moved;
        continue;
      }
      if (this.#tries > 0 && this.#view.nowMs >= untilMs) return this.#gaveUp();
      if (this.#writing.before && !(yield* this.#writing.before())) return { as: 'forbidden-by-before' };
      // Something may have come while the journal was written.
      if (this.#view.newest !== base) continue;
      const done = yield* this.#try(base);
      if (done) return done;
    }
  }

  *#try(base: LeaseRecord): Procedure<Written | null> {
    const view = this.#view;
    const lease = this.#writing.build(base);
    const key = specKey(readLease(lease));
    // What changes an annotation alone cannot be recognised by its spec.
    if (key !== specKey(base)) this.#sent.add(key);
    this.#tries += 1;
    this.#sentMs = view.nowMs;
    const answer = yield* this.#send({ do: 'put', id: view.newId(), lease, timeoutMs: this.#timeoutMs() });
    if (answer === null) {
      // Given up because of what was seen meanwhile; it may still arrive, and meets a conflict unless it was first.
      this.#lostOn = base.resourceVersion;
      return null;
    }
    if (answer.ok) {
      return { as: 'written', record: answer.value, sentMs: this.#sentMs, seenMs: answer.times.receivedMs };
    }
    return yield* this.#refused(answer, base, key);
  }

  *#refused(answer: Failed, base: LeaseRecord, key: string): Procedure<Written | null> {
    const { failure } = answer;
    if (answer.mayHaveApplied && failure.kind !== 'conflict') this.#lostOn = base.resourceVersion;
    else if (this.#lostOn === null) this.#sent.delete(key);
    this.#lastFailure = failure;
    if (failure.kind === 'conflict' || failure.kind === 'not-found') {
      // The watch may have brought the newer version already.
      if (this.#view.newest !== base) return null;
      return yield* this.#look();
    }
    const unsettled = this.#lostOn !== null;
    if (!unsettled && (!this.#writing.retries || isFinal(failure))) return { as: 'failed', failure, unsettled: false };
    yield* this.#backOff();
    return yield* this.#look();
  }

  /** Reads the Lease until there is an answer; sets `newest`. */
  *#look(): Procedure<Written | null> {
    const view = this.#view;
    for (;;) {
      const answer = yield* this.#send({ do: 'get', id: view.newId(), timeoutMs: this.#timeoutMs() });
      if (answer === null || answer.ok) return null;
      if (isAbsent(answer.failure)) return null;
      this.#lastFailure = answer.failure;
      if (view.nowMs >= this.#writing.untilMs || isFinal(answer.failure)) return this.#gaveUp();
      if (this.#writing.onInterrupt === 'leave' && view.interrupts > 0) return { as: 'interrupted' };
      yield* this.#backOff();
      if (this.#landed() || view.newest === null) return null;
    }
  }

  /** Moves the version without touching the spec, so that a request still under way cannot apply any more. */
  *#move(base: LeaseRecord): Procedure<Written | null> {
    const { mover } = this.#writing;
    if (!mover || this.#view.nowMs >= this.#writing.untilMs) return this.#gaveUp();
    const id = this.#view.newId();
    const answer = yield* this.#send({ do: 'put', id, lease: mover(base), timeoutMs: this.#timeoutMs() });
    if (!answer?.ok) return yield* this.#look();
    // The mark means nothing without our holder; whether it goes is of no weight.
    const lease = unmarking(answer.value);
    yield* this.#send({ do: 'put', id: this.#view.newId(), lease, timeoutMs: this.#timeoutMs() });
    return { as: 'interrupted' };
  }

  #gaveUp(): Written {
    return { as: 'failed', failure: this.#lastFailure, unsettled: this.#lostOn !== null };
  }

  *#backOff(): Procedure<void> {
    const view = this.#view;
    const ms = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 1000;
    this.#failures += 1;
    const atMs = view.nowMs + ms;
    const interrupts = view.interrupts;
    while (view.nowMs < atMs && view.interrupts === interrupts && !this.#landed()) yield atMs;
  }

  /** Null: given up, since what was seen meanwhile makes the answer needless. */
  *#send(effect: Extract<Effect, { do: 'put' | 'get' }>): Procedure<Answer<LeaseRecord> | null> {
    const view = this.#view;
    view.emit(effect);
    for (;;) {
      const input = yield null;
      if (input.type === 'answer' && input.id === effect.id) return input.answer;
      if (this.#needless()) {
        view.emit({ do: 'abort', id: effect.id });
        return null;
      }
    }
  }

  /** Our write has been seen, the Lease is somebody else's, or the user wants to stop a write that does not matter. */
  #needless(): boolean {
    const { newest, interrupts } = this.#view;
    if (interrupts > 0 && this.#writing.onInterrupt === 'leave') return true;
    return this.#landed() !== null || newest === null || (newest !== undefined && !this.#writing.accepts(newest));
  }

  /** A version with a spec that we sent: nobody else writes the same times to the microsecond. */
  #landed(): Written | null {
    for (const key of this.#sent) {
      const seenMs = this.#view.firstSeen(key, this.#since);
      const record = this.#view.newest;
      if (seenMs !== null && record) return { as: 'written', record, sentMs: this.#sentMs, seenMs };
    }
    return null;
  }

  /** Half of the time for the request, so that the other half is left to find out what became of it. */
  #timeoutMs(): number {
    const { requestMs, untilMs } = this.#writing;
    return Math.max(1, Math.min(requestMs / 2, untilMs - this.#view.nowMs));
  }
}

type Failed = Extract<Answer<LeaseRecord>, { ok: false }>;

/** Trying again cannot help. */
function isFinal(failure: ApiFailure): boolean {
  return ['unauthorised', 'forbidden', 'invalid', 'tls', 'credentials', 'not-kubernetes'].includes(failure.kind);
}
