/** What one operation knows of its Lease: a fold over its inputs. It reads no clock. */
import { isAbsent } from '../lease/absence.js';
import type { ApiFailure, LeaseRef, ServerTime } from '../lease/api.js';
import { createHistory, expire, expiresAtMs, type LeaseChange, observe } from '../lease/history.js';
import { MICROS_PER_MS, type Micros, microsToMs } from '../lease/micro-time.js';
import { compareVersions } from '../lease/operation-specs.js';
import { type LeaseRecord, specKey } from '../lease/record.js';
import type { Effect, Input, Told } from './chaos/procedure.js';

/** A change that the watch told, with the version that brought it. */
export interface Noted {
  change: LeaseChange;
  record: LeaseRecord | null;
  key: string | null;
}

interface Version {
  key: string;
  record: LeaseRecord;
  atMs: number;
}

/** Versions kept to recognise our own writes by. */
const VERSIONS_KEPT = 128;
/** Far more than come between two looks at them. */
const CHANGES_KEPT = 512;
const OFFSET_SAMPLES = 8;

export class LeaseView {
  readonly ref: LeaseRef;
  readonly history = createHistory();
  nowMs: number;
  server: ServerTime | undefined;
  /** The newest version known, by watch or by an answer; null: there is no Lease; undefined: nothing is known yet. */
  newest: LeaseRecord | null | undefined;
  /** Everything up to now has been listed once. */
  synced = false;
  /** The watch delivers. */
  live = false;
  /** Why the watch is down or over. */
  watchFailure: ApiFailure | null = null;
  watchEnded = false;
  interrupts = 0;
  /** Effects that the procedure wants done before it waits on. */
  readonly outbox: Effect[] = [];
  #versions: Version[] = [];
  /** What the watch told, oldest first, and how much of it was dropped. */
  #changes: Noted[] = [];
  #dropped = 0;
  /** Holder's clock less our monotonic clock, in microseconds, for each renewal seen to happen. */
  readonly #offsets = new Map<string, bigint[]>();
  /** Answers to questions, until somebody takes them: they may come while a write is waited for. */
  readonly #told = new Map<number, Told>();
  #nextId = 1;

  constructor(ref: LeaseRef, nowMs: number) {
    this.ref = ref;
    this.nowMs = nowMs;
  }

  newId(): number {
    return this.#nextId++;
  }

  emit(effect: Effect): void {
    this.outbox.push(effect);
  }

  take(input: Input, nowMs: number, server: ServerTime | undefined): void {
    this.nowMs = nowMs;
    this.server = server ?? this.server;
    this.#note(expire(this.history, nowMs), null);
    if (input.type === 'event') this.#takeEvent(input.event);
    else if (input.type === 'told') this.#told.set(input.id, input.told);
    else if (input.type === 'interrupt') this.interrupts += 1;
    else if (input.type === 'watch-ended') {
      this.watchEnded = true;
      this.live = false;
      this.watchFailure = input.failure ?? this.watchFailure;
    } else if (input.type === 'answer') {
      const { answer } = input;
      if (answer.ok) this.#see(answer.value, answer.times.receivedMs);
      else if (isAbsent(answer.failure)) this.newest = null;
    }
  }

  /** The answer to a question, once. */
  answerTo(id: number): Told | undefined {
    const told = this.#told.get(id);
    this.#told.delete(id);
    return told;
  }

  /** The server's time now, the middle of what is known; null before the first answer. */
  serverNow(): Micros | null {
    return this.server ? (this.server.earliest + this.server.latest) / 2n : null;
  }

  /** How wide the interval is in which the server's time certainly lies. */
  clockUncertainMs(): number | null {
    return this.server ? microsToMs(this.server.latest - this.server.earliest) : null;
  }

  /**
   * The holder's clock less the server's, in milliseconds. Receipt is always after the writing, so of all samples the
   * largest is nearest to the truth. Zero where this holder was not seen to renew.
   */
  offsetMs(holder: string): number {
    const server = this.serverNow();
    const samples = this.#offsets.get(holder) ?? [];
    if (server === null || samples.length === 0) return 0;
    const best = samples.reduce((most, one) => (one > most ? one : most));
    return Math.round(Number(best - (server - toMicros(this.nowMs))) / 1000);
  }

  /** When the record will have expired by observation; for the timer of whoever waits. */
  expiresAtMs(): number | null {
    return expiresAtMs(this.history);
  }

  /** A place in what the watch told, for `changesSince`. */
  mark(): number {
    return this.#dropped + this.#changes.length;
  }

  /** What it told after that place. */
  changesSince(mark: number): readonly Noted[] {
    return this.#changes.slice(Math.max(0, mark - this.#dropped));
  }

  /** When a version with this spec and later than `since` was first received; null: none was. */
  firstSeen(key: string, since: string | null): number | null {
    const later = ({ record }: Version) => since === null || compareVersions(record.resourceVersion, since) > 0;
    return this.#versions.find((one) => one.key === key && later(one))?.atMs ?? null;
  }

  #takeEvent(event: Extract<Input, { type: 'event' }>['event']): void {
    const changes = observe(this.history, event);
    switch (event.type) {
      case 'synced':
        this.synced = true;
        this.live = true;
        this.watchFailure = null;
        if (this.history.record === null && this.newest === undefined) this.newest = null;
        break;
      case 'reconnected':
        this.live = true;
        this.watchFailure = null;
        break;
      case 'disconnected':
        this.live = false;
        this.watchFailure = event.failure;
        break;
      case 'bookmark':
        break;
      case 'deleted':
        if (!this.newest || compareVersions(event.record.resourceVersion, this.newest.resourceVersion) >= 0) {
          this.newest = null;
        }
        this.#note(changes, null);
        return;
      default:
        this.#see(event.record, event.atMs);
        this.#sampleOffset(changes, event.record, event.atMs);
        this.#note(changes, event.record);
        return;
    }
    this.#note(changes, null);
  }

  #see(record: LeaseRecord, atMs: number): void {
    if (this.newest && compareVersions(record.resourceVersion, this.newest.resourceVersion) < 0) return;
    this.newest = record;
    if (this.#versions.at(-1)?.record.resourceVersion === record.resourceVersion) return;
    this.#versions.push({ key: specKey(record), record, atMs });
    if (this.#versions.length > VERSIONS_KEPT) this.#versions.shift();
  }

  #sampleOffset(changes: readonly LeaseChange[], record: LeaseRecord, atMs: number): void {
    const renewed = changes.some((one) => (one.type === 'renewed' || one.type === 'acquired') && one.timely);
    if (!renewed || record.renewTime === null || record.holder === null) return;
    const samples = this.#offsets.get(record.holder) ?? [];
    samples.push(record.renewTime - toMicros(atMs));
    if (samples.length > OFFSET_SAMPLES) samples.shift();
    this.#offsets.set(record.holder, samples);
  }

  #note(changes: readonly LeaseChange[], record: LeaseRecord | null): void {
    if (changes.length === 0) return;
    const key = record && specKey(record);
    for (const change of changes) this.#changes.push({ change, record, key });
    // A Lease may be held for days.
    const over = this.#changes.length - CHANGES_KEPT;
    if (over <= 0) return;
    this.#changes.splice(0, over);
    this.#dropped += over;
  }
}

const toMicros = (ms: number): bigint => BigInt(Math.round(ms * 1000));

/** A monotonic moment as server time. */
export function serverTimeAt(view: LeaseView, atMs: number): Micros | null {
  const now = view.serverNow();
  return now === null ? null : now - BigInt(Math.round(view.nowMs - atMs)) * MICROS_PER_MS;
}
