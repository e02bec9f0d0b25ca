/** The election on a LeaseApi in memory and a clock moved by hand. L/R/P 3/2/0.4 s. */
import { describe, expect, it } from 'vitest';
import type { Answer, ApiFailure, LeaseApi, LeaseWatchEvent } from '../lease/api.js';
import { type LeaseObject, type LeaseRecord, readLease } from '../lease/record.js';
import type { Clock } from '../platform/clock.js';
import { Election } from './election.js';
import { settingsOf } from './settings.js';
import { NotLeader } from './term.js';

class HandClock implements Clock {
  nowMs = 1000;
  suspendedMs = 0;
  readonly #timers = new Set<{ atMs: number; fn: () => void }>();

  monoMs = () => this.nowMs;
  bootMs = () => this.nowMs + this.suspendedMs;
  wallMicros = () => 1_790_000_000_000_000n + BigInt(Math.round(this.nowMs * 1000));

  timer(ms: number, fn: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, fn };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Fires what is due on the way, and lets everything that follows from it happen. */
  async pass(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settled();
    for (;;) {
      const due = [...this.#timers].filter((one) => one.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.fn();
      await settled();
    }
    this.nowMs = endMs;
  }
}

/** Promise callbacks run before this resolves. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** One Lease with compare-and-swap. Answers at once, or not at all while `dead`. */
class Memory implements LeaseApi {
  stored: LeaseRecord | null = null;
  dead = false;
  writes: LeaseObject[] = [];
  readonly #clock: Clock;
  readonly #watchers = new Set<(event: LeaseWatchEvent) => void>();
  #version = 10;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get = () => this.#answer(() => this.stored ?? { kind: 'not-found', resource: 'leases', name: 'l', message: '' });
  create = (lease: LeaseObject) =>
    this.#answer(() => (this.stored ? { kind: 'conflict', exists: true, message: '' } : this.put(lease)));
  replace = (lease: LeaseObject) =>
    this.#answer(() => {
      const same = lease.metadata.resourceVersion === this.stored?.resourceVersion;
      return same ? this.put(lease) : { kind: 'conflict', exists: false, message: '' };
    });
  list = () => Promise.reject(new Error('not used'));
  delete = () => Promise.reject(new Error('not used'));
  serverTime = () => undefined;

  put(lease: LeaseObject): LeaseRecord {
    this.writes.push(lease);
    const type = this.stored ? 'modified' : 'added';
    const metadata = { ...lease.metadata, uid: 'u', resourceVersion: String(++this.#version) };
    const record = readLease({ ...lease, metadata });
    this.stored = record;
    for (const tell of this.#watchers) tell({ type, record, atMs: this.#clock.monoMs(), found: false });
    return record;
  }

  holds(holder: string): void {
    const metadata = { name: 'l', namespace: 'ns' };
    this.put({ metadata, spec: { holderIdentity: holder, leaseDurationSeconds: 3, leaseTransitions: 1 } });
  }

  async *watch(_scope: unknown, options: { signal?: AbortSignal } = {}): AsyncGenerator<LeaseWatchEvent> {
    const events: LeaseWatchEvent[] = [];
    let wake = () => {};
    const tell = (event: LeaseWatchEvent) => {
      events.push(event);
      wake();
    };
    this.#watchers.add(tell);
    options.signal?.addEventListener('abort', () => wake());
    const atMs = this.#clock.monoMs();
    if (this.stored) tell({ type: 'added', record: this.stored, atMs, found: true });
    tell({ type: 'synced', resourceVersion: String(this.#version), atMs });
    while (!options.signal?.aborted) {
      for (let next = events.shift(); next; next = events.shift()) yield next;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    this.#watchers.delete(tell);
  }

  #answer(serve: () => LeaseRecord | ApiFailure): Promise<Answer<LeaseRecord>> {
    if (this.dead) return new Promise(() => {});
    const times = { sentMs: this.#clock.monoMs(), receivedMs: this.#clock.monoMs() };
    const found = serve();
    if ('raw' in found) return Promise.resolve({ ok: true, value: found, times });
    return Promise.resolve({ ok: false, failure: found, mayHaveApplied: false, times });
  }
}

function setUp(identity = 'me', identityMadeUp = true) {
  const clock = new HandClock();
  const api = new Memory(clock);
  const settings = settingsOf(
    { namespace: 'ns', name: 'l', identity, identityMadeUp },
    { leaseDurationMs: 3000, renewDeadlineMs: 2000, retryPeriodMs: 400 },
  );
  return { clock, api, election: new Election(settings, { api, clock, random: () => 0.5 }) };
}

describe('an election', () => {
  it('acquires, renews and frees', async () => {
    const { clock, api, election } = setUp();
    expect(() => election.state.check()).toThrow(NotLeader);
    const acquiring = election.acquire();
    await clock.pass(20);
    const term = await acquiring;
    expect(term).toMatchObject({ token: '11', uid: 'u', transitions: 0 });
    await clock.pass(5000);
    expect(api.writes.length).toBeGreaterThan(10);
    expect(election.state.isLeader()).toBe(true);
    expect(election.state.holder).toBe('me');
    await expect(term.stepDown(Promise.resolve())).resolves.toBe('freed');
    expect(api.stored?.holder).toBe('');
    expect(term.signal.reason).toMatchObject({ reason: 'stepped-down' });
  });

  it('loses in order: the claim, the signal, the word; and does not free what it cannot', async () => {
    const { clock, api, election } = setUp();
    const acquiring = election.acquire();
    await clock.pass(20);
    const term = await acquiring;
    const order: string[] = [];
    term.signal.addEventListener('abort', () => order.push(`abort, leads: ${election.state.isLeader()}`));
    term.lost.then((reason) => order.push(`lost: ${reason}`)).catch(() => {});
    term.onStopWork((stop) => order.push(`stop within ${Math.round(stop.withinMs)}, kill: ${stop.kill}`));
    api.dead = true;
    await clock.pass(1900);
    expect(election.state.isLeader()).toBe(true);
    await clock.pass(400);
    expect(order).toEqual(['abort, leads: false', 'stop within 500, kill: false', 'lost: renew-deadline-exceeded']);
    await clock.pass(500);
    expect(order.at(-1)).toBe('stop within 0, kill: true');
    await expect(election.acquire()).rejects.toThrow('workStopped');
    term.workStopped();
    await clock.pass(2500);
    await expect(term.ended).resolves.toBe('unconfirmed');
    expect(api.stored?.holder).toBe('me');
  });

  it('answers from the clocks when no timer ran, and notices a suspend by itself', async () => {
    const { clock, election } = setUp();
    const acquiring = election.acquire();
    await clock.pass(20);
    const term = await acquiring;
    clock.suspendedMs = 60_000;
    expect(term.isLeader()).toBe(false);
    await clock.pass(50);
    await expect(term.lost).resolves.toBe('paused');
  });

  it('takes over after L from a holder that went silent, and at once from one that released', async () => {
    const { clock, api, election } = setUp();
    api.holds('other');
    const acquiring = election.acquire();
    await clock.pass(3000);
    expect(election.state.holder).toBe('other');
    await clock.pass(20);
    const term = await acquiring;
    expect(term.transitions).toBe(2);
    term.workStopped();
    await clock.pass(1);
    api.holds('next');
    const again = election.acquire();
    await clock.pass(50);
    api.holds('');
    await clock.pass(20);
    expect((await again).isLeader()).toBe(true);
  });

  it('rejects with the reason of the signal, and leaves nothing behind', async () => {
    const { clock, api, election } = setUp();
    api.holds('other');
    const abort = new AbortController();
    const acquiring = election.acquire({ signal: abort.signal });
    await clock.pass(50);
    abort.abort(new Error('enough'));
    await expect(acquiring).rejects.toThrow('enough');
    await election.close();
    expect(api.stored?.holder).toBe('other');
    await expect(election.acquire()).rejects.toThrow('closed');
  });

  it('frees the Lease at the end of an `await using` block', async () => {
    const { clock, api, election } = setUp();
    const acquiring = election.acquire();
    await clock.pass(20);
    const term = await acquiring;
    await term[Symbol.asyncDispose]();
    expect(api.stored?.holder).toBe('');
  });

  it('closes only when the work has ended', async () => {
    const { clock, api, election } = setUp();
    const acquiring = election.acquire();
    await clock.pass(20);
    const term = await acquiring;
    let closed = false;
    const closing = election.close().then(() => {
      closed = true;
    });
    await clock.pass(1000);
    expect([closed, api.stored?.holder]).toEqual([false, 'me']);
    term.workStopped();
    await closing;
    expect(api.stored?.holder).toBe('');
  });
});

describe('tryAcquireOrRenew', () => {
  it('acquires what is free, renews it under the same token, and knows how long it holds', async () => {
    const { clock, election } = setUp('given', false);
    expect(await election.tryAcquireOrRenew()).toMatchObject({ outcome: 'acquired', term: { token: '11' } });
    await clock.pass(1000);
    expect(await election.tryAcquireOrRenew()).toMatchObject({ outcome: 'renewed', term: { token: '11' } });
    await clock.pass(1500);
    expect([election.state.isLeader(), election.state.remainingMs]).toEqual([true, 500]);
  });

  it('S2: takes a held Lease only after it has seen it stand for L', async () => {
    const { clock, api, election } = setUp();
    api.holds('other');
    expect(await election.tryAcquireOrRenew()).toEqual({ outcome: 'held', holder: 'other', takeableInMs: 3000 });
    await clock.pass(2000);
    expect(await election.tryAcquireOrRenew()).toMatchObject({ outcome: 'held', takeableInMs: 1000 });
    await clock.pass(1000);
    expect(await election.tryAcquireOrRenew()).toMatchObject({ outcome: 'acquired' });
  });

  it('renews a given identity of another process only when told that it is ours', async () => {
    const { api, election } = setUp('given', false);
    api.holds('given');
    expect(await election.tryAcquireOrRenew()).toMatchObject({ outcome: 'held' });
    expect(await election.tryAcquireOrRenew({ ownIsOurs: true })).toMatchObject({ outcome: 'renewed' });
    expect(api.stored?.transitions).toBe(1);
  });
});
