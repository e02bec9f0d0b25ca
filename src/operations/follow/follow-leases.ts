/** The histories behind `follow`, and the timer for the next expiry. */
import type { ApiFailure, LeaseRef, LeaseWatchEvent } from '../../lease/api.js';
import {
  createHistory,
  expire,
  expiresAtMs,
  type LeaseChange,
  type LeaseHistory,
  looksAt,
  observe,
} from '../../lease/history.js';
import { readOperation } from '../../lease/operation.js';
import type { LeaseRecord } from '../../lease/record.js';
import { judge } from '../../lease/verdict.js';
import type { FollowEvent, Followed, FollowPorts, FollowSink, LeaseEvent, ProblemEvent } from './follow.js';
import { changedFields, ProblemMemory } from './follow-changes.js';

/** Leases that are gone are remembered for the sake of those that come back, so many of them. */
const GONE_KEPT = 200;

/** An expiry is nobody's write, and of a renewal only the times are new. */
const NOT_OF_A_VERSION: ReadonlySet<LeaseChange['type']> = new Set<LeaseChange['type']>(['expired', 'renewed']);
const UNMARKED = { fields: [], operation: null };

export class FollowedLeases implements Followed {
  synced = false;
  polling = false;
  down: { sinceMs: number; failure: ApiFailure } | null = null;
  readonly leases = new Map<string, LeaseHistory>();
  readonly #problems = new Map<string, ProblemMemory>();
  readonly #gone = new Set<string>();
  readonly #ports: FollowPorts;
  readonly #sink: FollowSink;
  #dueMs = Number.POSITIVE_INFINITY;
  #cancelTimer = () => {};

  constructor(ports: FollowPorts, sink: FollowSink) {
    this.#ports = ports;
    this.#sink = sink;
  }

  /** One event of the watch, or one that polling made up. */
  take(event: LeaseWatchEvent): void {
    const told: FollowEvent[] = [];
    if ('record' in event) this.#takeLease(event, told);
    else this.#takeConnection(event, told);
    if (told.length > 0) this.#sink(told);
  }

  /** From now on only looks come. What is known already is not told again. */
  beginPolling(): void {
    this.polling = true;
    this.down = null;
    for (const [key, { record }] of this.leases) {
      const history = createHistory(false);
      if (record) observe(history, { type: 'modified', record, atMs: this.#ports.clock.monoMs(), found: true });
      this.leases.set(key, history);
    }
  }

  /** While polling: the connection alone, for a poll knows nothing of gaps. */
  setDown(failure: ApiFailure | null, atMs: number): void {
    if ((failure === null) === (this.down === null)) return;
    const { down } = this;
    this.down = failure && { sinceMs: atMs, failure };
    if (failure) this.#sink([{ type: 'disconnected', atMs, failure }]);
    else this.#sink([{ type: 'reconnected', atMs, downMs: atMs - (down?.sinceMs ?? atMs) }]);
  }

  stop(): void {
    this.#cancelTimer();
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  #takeLease(event: Extract<LeaseWatchEvent, { record: LeaseRecord }>, told: FollowEvent[]): void {
    const key = keyOf(event.record);
    const history = this.leases.get(key) ?? this.#begin(key);
    const before = history.record;
    const wasExpired = history.expired;
    for (const change of observe(history, event)) told.push(this.#tell(change, before, event.record, wasExpired));
    if (event.type === 'deleted') this.#forget(key);
    else {
      this.#gone.delete(key);
      told.push(...this.#newProblems(key, history, event.atMs));
    }
    this.#arm(history);
  }

  #takeConnection(event: Exclude<LeaseWatchEvent, { record: LeaseRecord }>, told: FollowEvent[]): void {
    const { atMs } = event;
    for (const history of this.leases.values()) this.#tellExpiries(observe(history, event), told);
    if (event.type === 'disconnected') {
      this.down ??= { sinceMs: atMs, failure: event.failure };
      told.push({ type: 'disconnected', atMs, failure: event.failure });
    } else if (event.type === 'reconnected') {
      told.push({ type: 'reconnected', atMs, downMs: atMs - (this.down?.sinceMs ?? atMs) });
      this.down = null;
    } else if (event.type === 'synced' && !this.synced) {
      this.synced = true;
      told.push({ type: 'synced', atMs });
    }
    this.#armAll();
  }

  #tell(change: LeaseChange, before: LeaseRecord | null, after: LeaseRecord, wasExpired: boolean): LeaseEvent {
    if (NOT_OF_A_VERSION.has(change.type))
      return { ...change, ...UNMARKED, resumed: wasExpired && change.type === 'renewed' };
    const fields = before === null ? [] : changedFields(before, after);
    return { ...change, fields, operation: readOperation(after.annotations), resumed: false };
  }

  #tellExpiries(changes: readonly LeaseChange[], told: FollowEvent[]): void {
    for (const change of changes) told.push({ ...change, ...UNMARKED, resumed: false });
  }

  #newProblems(key: string, history: LeaseHistory, atMs: number): ProblemEvent[] {
    const { record } = history;
    if (record === null) return [];
    const { leases, clock } = this.#ports;
    const now = { monoMs: atMs, wall: clock.wallMicros(), server: leases.serverTime() };
    const found = judge(record, looksAt(history, atMs), now).problems;
    // A verb of kle writes its mark together with the time.
    const marked = found.length > 0 && readOperation(record.annotations) !== null;
    const problems = marked ? found.filter(({ code }) => code !== 'renewal-time-shared') : found;
    let memory = this.#problems.get(key);
    if (problems.length === 0 && memory === undefined) return [];
    memory ??= new ProblemMemory();
    this.#problems.set(key, memory);
    const { namespace, name, holder, transitions, resourceVersion } = record;
    return memory
      .news(problems, atMs)
      .map((problem) => ({ type: 'problem', atMs, namespace, name, holder, transitions, resourceVersion, problem }));
  }

  #begin(key: string): LeaseHistory {
    const history = createHistory(!this.polling);
    this.leases.set(key, history);
    return history;
  }

  #forget(key: string): void {
    this.#problems.delete(key);
    this.#gone.delete(key);
    this.#gone.add(key);
    const [oldest] = this.#gone;
    if (this.#gone.size <= GONE_KEPT || oldest === undefined) return;
    this.#gone.delete(oldest);
    this.leases.delete(oldest);
  }

  /** One timer for all: a renewal only moves an expiry away, so an early timer looks again and costs little. */
  #arm(history: LeaseHistory): void {
    const dueMs = expiresAtMs(history);
    if (dueMs === null || dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    this.#cancelTimer();
    const { clock } = this.#ports;
    this.#cancelTimer = clock.timer(dueMs - clock.monoMs(), () => this.#onDue());
  }

  #armAll(): void {
    for (const history of this.leases.values()) this.#arm(history);
  }

  #onDue(): void {
    const nowMs = this.#ports.clock.monoMs();
    const told: FollowEvent[] = [];
    for (const history of this.leases.values()) this.#tellExpiries(expire(history, nowMs), told);
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#armAll();
    if (told.length > 0) this.#sink(told);
  }
}

export const keyOf = (ref: LeaseRef): string => `${ref.namespace}/${ref.name}`;
