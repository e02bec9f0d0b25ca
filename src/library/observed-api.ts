/** A LeaseApi whose times are this process's own clock, and which remembers when it last brought anything. */
import type { Answer, ApiFailure, CallOptions, LeaseApi, LeaseRef, LeaseScope, LeaseWatchEvent } from '../lease/api.js';
import type { LeaseObject } from '../lease/record.js';
import type { Clock } from '../platform/clock.js';

/**
 * Whoever wrote `api`, its times are taken anew: an elector must not compare two clocks. What is received is stamped
 * after it was there, never before, so ages come out shorter rather than longer (S2).
 */
export class ObservedApi implements LeaseApi {
  /** Of the last failed call since something was learned. */
  failure: ApiFailure | null = null;
  readonly #api: LeaseApi;
  readonly #clock: Clock;
  #learnedMs: number;
  #live = false;

  constructor(api: LeaseApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
    this.#learnedMs = clock.monoMs();
  }

  /** Monotonic: when something was last learned of the Lease; now, while a watch is live. */
  get learnedMs(): number {
    return this.#live ? this.#clock.monoMs() : this.#learnedMs;
  }

  /** A new wait begins. */
  restart(): void {
    this.#learned();
  }

  get(ref: LeaseRef, options?: CallOptions) {
    return this.#timed(() => this.#api.get(ref, options));
  }

  list(scope: LeaseScope, options?: CallOptions & { limit?: number }) {
    return this.#timed(() => this.#api.list(scope, options));
  }

  create(lease: LeaseObject, options?: CallOptions) {
    return this.#timed(() => this.#api.create(lease, options));
  }

  replace(lease: LeaseObject, options?: CallOptions) {
    return this.#timed(() => this.#api.replace(lease, options));
  }

  delete(ref: LeaseRef, preconditions: { uid: string; resourceVersion?: string }, options?: CallOptions) {
    return this.#timed(() => this.#api.delete(ref, preconditions, options));
  }

  async *watch(scope: LeaseScope, options?: { signal?: AbortSignal }): AsyncIterable<LeaseWatchEvent> {
    try {
      for await (const event of this.#api.watch(scope, options)) {
        if (event.type === 'disconnected') {
          this.#learnedMs = this.learnedMs;
          this.#live = false;
          this.failure = event.failure;
        } else {
          this.#learned();
          if (event.type === 'synced' || event.type === 'reconnected') this.#live = true;
        }
        yield { ...event, atMs: this.#clock.monoMs() };
      }
    } finally {
      this.#learnedMs = this.learnedMs;
      this.#live = false;
    }
  }

  serverTime() {
    return this.#api.serverTime();
  }

  async #timed<T>(call: () => Promise<Answer<T>>): Promise<Answer<T>> {
    const sentMs = this.#clock.monoMs();
    const answer = await call();
    const times = { sentMs, receivedMs: this.#clock.monoMs() };
    // That it is not there, or not as it was, is news too.
    const news = answer.ok || answer.failure.kind === 'conflict' || answer.failure.kind === 'not-found';
    if (news) this.#learned();
    else this.failure = answer.failure;
    return { ...answer, times };
  }

  #learned(): void {
    this.#learnedMs = this.#clock.monoMs();
    this.failure = null;
  }
}
