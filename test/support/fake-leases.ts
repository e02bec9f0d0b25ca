/** A server of Leases whose every word a test says itself. */
import type {
  Answer,
  ApiFailure,
  LeaseApi,
  LeaseList,
  LeaseRef,
  LeaseWatchEvent,
  ServerTime,
} from '../../src/lease/api.js';
import type { LeaseRecord } from '../../src/lease/record.js';
import { type Sample, sampleLease } from '../../src/lease/testing.js';
import { type FakeClock, settled } from './fake-clock.js';

export class FakeLeases implements Pick<LeaseApi, 'watch' | 'list' | 'get' | 'serverTime'> {
  readonly clock: FakeClock;
  /** For looks; a failure instead is the answer to each. */
  store = new Map<string, LeaseRecord>();
  failure: ApiFailure | null = null;
  looks = 0;
  server: ServerTime | undefined;
  #waiting: ((event: LeaseWatchEvent | null) => void) | undefined;
  #queue: (LeaseWatchEvent | null)[] = [];
  #versions = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  async *watch(_scope: unknown, { signal }: { signal?: AbortSignal } = {}): AsyncIterable<LeaseWatchEvent> {
    signal?.addEventListener('abort', () => this.#push(null));
    while (!signal?.aborted) {
      const event = this.#queue.length > 0 ? this.#queue.shift() : await this.#next();
      if (event === null || event === undefined) return;
      yield event;
    }
  }

  list(): Promise<Answer<LeaseList>> {
    return this.#answer(() => ({ items: [...this.store.values()], resourceVersion: '1' }));
  }

  get(ref: LeaseRef): Promise<Answer<LeaseRecord>> {
    const record = this.store.get(`${ref.namespace}/${ref.name}`);
    if (record) return this.#answer(() => record);
    const failure: ApiFailure = { kind: 'not-found', resource: 'leases', name: ref.name, message: 'not found' };
    return this.#answer<LeaseRecord>(() => failure);
  }

  serverTime = (): ServerTime | undefined => this.server;

  /** A version of the Lease `default/demo`, or what `sample` says, received now. */
  async lease(sample: Sample, type: 'added' | 'modified' | 'deleted' = 'modified', found = false): Promise<void> {
    const atMs = this.clock.monoMs();
    const record = sampleLease({ renewMs: atMs, stampMs: atMs, rv: String(++this.#versions), ...sample });
    await this.say({ type, record, atMs, found });
  }

  async say(event: LeaseWatchEvent): Promise<void> {
    this.#push(event);
    await settled();
  }

  async synced(): Promise<void> {
    await this.say({ type: 'synced', resourceVersion: '1', atMs: this.clock.monoMs() });
  }

  async down(failure: ApiFailure): Promise<void> {
    await this.say({ type: 'disconnected', failure, atMs: this.clock.monoMs() });
  }

  async up(): Promise<void> {
    await this.say({ type: 'reconnected', atMs: this.clock.monoMs() });
  }

  /** The watch ends by itself. */
  async end(): Promise<void> {
    this.#push(null);
    await settled();
  }

  async passes(ms: number): Promise<void> {
    this.clock.advance(ms);
    await settled();
  }

  #push(event: LeaseWatchEvent | null): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(event);
    else this.#queue.push(event);
  }

  #next(): Promise<LeaseWatchEvent | null> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  async #answer<T>(value: () => T | ApiFailure): Promise<Answer<T>> {
    this.looks += 1;
    const times = { sentMs: this.clock.monoMs(), receivedMs: this.clock.monoMs() };
    const result = this.failure ?? value();
    const failed = typeof result === 'object' && result !== null && 'kind' in result && 'message' in result;
    return failed
      ? { ok: false, failure: result as ApiFailure, mayHaveApplied: false, times }
      : { ok: true, value: result as T, times };
  }
}

export const FORBIDDEN = (verb: string): ApiFailure => ({
  kind: 'forbidden',
  verb,
  resource: 'leases',
  namespace: 'default',
  name: null,
  message: `may not ${verb}`,
});
export const CUT: ApiFailure = { kind: 'unreachable', server: 's', code: 'ECONNRESET', message: 'reset' };
