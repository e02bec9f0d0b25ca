/** The machine's requests, timers and watch on a real LeaseApi and Clock. Decides nothing. */
import type { Answer, ApiFailure, LeaseApi, LeaseWatchEvent } from '../lease/api.js';
import type { LeaseRecord } from '../lease/record.js';
import type { Clock } from '../platform/clock.js';
import type { Effect, Request, TimerPurpose } from './protocol.js';

/** One request at a time per id; an answer after the deadline reaches nobody (S3). */
export class Calls {
  readonly #api: LeaseApi;
  readonly #clock: Clock;
  readonly #open = new Map<number, { abort: AbortController; cancel: () => void }>();

  constructor(api: LeaseApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  send(effect: Extract<Effect, { type: 'send' }>, answered: (answer: Answer<LeaseRecord>) => void): void {
    const { id, request, deadlineMs } = effect;
    const sentMs = this.#clock.monoMs();
    const timeoutMs = Math.max(1, deadlineMs - sentMs);
    const abort = new AbortController();
    const finish = (answer: Answer<LeaseRecord>) => {
      if (this.#open.get(id)?.abort !== abort) return;
      this.#forget(id);
      answered(answer);
    };
    const fail = (failure: ApiFailure) =>
      finish({ ok: false, failure, mayHaveApplied: true, times: { sentMs, receivedMs: this.#clock.monoMs() } });
    // An API that does not keep its own deadline is cut off all the same.
    const cancel = this.#clock.timer(timeoutMs, () => {
      fail({ kind: 'timeout', afterMs: timeoutMs, message: `no answer within ${Math.round(timeoutMs)} ms` });
      abort.abort();
    });
    this.#open.set(id, { abort, cancel });
    callApi(this.#api, request, { signal: abort.signal, timeoutMs }).then(finish, (error: unknown) =>
      fail({ kind: 'unreachable', server: '', code: '', message: String(error) }),
    );
  }

  abort(id: number): void {
    const call = this.#open.get(id);
    this.#forget(id);
    call?.abort.abort();
  }

  #forget(id: number): void {
    this.#open.get(id)?.cancel();
    this.#open.delete(id);
  }
}

async function callApi(
  api: LeaseApi,
  request: Request,
  options: { signal: AbortSignal; timeoutMs: number },
): Promise<Answer<LeaseRecord>> {
  if (request.verb === 'get') return api.get(request.ref, options);
  return request.verb === 'create' ? api.create(request.lease, options) : api.replace(request.lease, options);
}

/** One timer per purpose, never early. */
export class Timers {
  readonly #clock: Clock;
  readonly #set = new Map<TimerPurpose, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(purpose: TimerPurpose, atMs: number | null, fire: () => void): void {
    this.#set.get(purpose)?.();
    this.#set.delete(purpose);
    if (atMs !== null) this.#arm(purpose, atMs, fire);
  }

  #arm(purpose: TimerPurpose, atMs: number, fire: () => void): void {
    const cancel = this.#clock.timer(Math.max(0, atMs - this.#clock.monoMs()), () => {
      // Node's timers drop the fraction of a millisecond, and cannot be longer than 25 days.
      if (this.#clock.monoMs() < atMs) return this.#arm(purpose, atMs, fire);
      this.#set.delete(purpose);
      fire();
    });
    this.#set.set(purpose, cancel);
  }
}

/** The watch of one Lease, until it is closed or ends by itself. */
export class Watch {
  readonly #abort = new AbortController();

  constructor(
    api: LeaseApi,
    scope: { namespace: string; name: string },
    hear: { event(event: LeaseWatchEvent): void; end(failure: ApiFailure | null): void },
  ) {
    void this.#iterate(api, scope, hear);
  }

  close(): void {
    this.#abort.abort();
  }

  async #iterate(
    api: LeaseApi,
    scope: { namespace: string; name: string },
    hear: { event(event: LeaseWatchEvent): void; end(failure: ApiFailure | null): void },
  ): Promise<void> {
    const { signal } = this.#abort;
    let failure: ApiFailure | null = null;
    try {
      for await (const event of api.watch(scope, { signal })) {
        if (signal.aborted) return;
        if (event.type === 'disconnected') failure = event.failure;
        hear.event(event);
      }
    } catch (error) {
      failure = { kind: 'unreachable', server: '', code: '', message: String(error) };
    }
    if (!signal.aborted) hear.end(failure);
  }
}

/** Notices within 50 ms that the machine was suspended: the monotonic clock's timers do not (S8). */
export class SuspendSensor {
  readonly #clock: Clock;
  readonly #woken: () => void;
  #cancel: (() => void) | null = null;
  #aheadMs = 0;

  constructor(clock: Clock, woken: () => void) {
    this.#clock = clock;
    this.#woken = woken;
  }

  run(on: boolean): void {
    if (on === (this.#cancel !== null)) return;
    this.#cancel?.();
    this.#cancel = null;
    if (!on) return;
    this.#aheadMs = this.#clock.bootMs() - this.#clock.monoMs();
    this.#arm();
  }

  #arm(): void {
    this.#cancel = this.#clock.timer(SENSE_MS, () => {
      const aheadMs = this.#clock.bootMs() - this.#clock.monoMs();
      const suspended = aheadMs - this.#aheadMs > BOOT_NOISE_MS;
      this.#aheadMs = Math.max(aheadMs, this.#aheadMs);
      this.#arm();
      if (suspended) this.#woken();
    });
  }
}

const SENSE_MS = 35;
/** The boot clock has steps of 10 ms. */
const BOOT_NOISE_MS = 15;
