/** A server with one Lease, electors as client-go's, faults and a clock moved by hand: for the operations' tests. */
import type { Answer, ApiFailure, LeaseApi, LeaseRef, LeaseWatchEvent } from '../../src/lease/api.js';
import { formatMicroTime, MICROS_PER_MS } from '../../src/lease/micro-time.js';
import { type LeaseObject, type LeaseRecord, readLease } from '../../src/lease/record.js';
import type {
  JournalEntry,
  JournalOperation,
  JournalPort,
  JournalReader,
  OperationPorts,
} from '../../src/operations/ports.js';
import { FakeClock, settled } from './fake-clock.js';

export const REF: LeaseRef = { namespace: 'ns', name: 'l' };
const CONFLICT: ApiFailure = { kind: 'conflict', exists: false, message: 'the object has been modified' };
const GONE: ApiFailure = { kind: 'not-found', resource: 'leases', name: 'l', message: 'not found' };
const RESET: ApiFailure = { kind: 'unreachable', server: 's', code: 'ECONNRESET', message: 'closed' };
const REFUSED: ApiFailure = { kind: 'unreachable', server: 's', code: 'ECONNREFUSED', message: 'refused' };
const SERVER_ERROR: ApiFailure = { kind: 'server', status: 503, retryAfterMs: null, message: 'unavailable' };

/**
 * `lost-request`: never arrives, no answer. `lost-reply`: applied, no answer. `reset`: applied, the connection breaks.
 * `late`: arrives only after the caller gave up. `refused`: surely not applied. `error`: 503, not applied, nobody knows.
 * `conflict`: somebody annotates the Lease just before it arrives.
 */
export type Fault = 'lost-request' | 'lost-reply' | 'reset' | 'late' | 'refused' | 'error' | 'conflict';
export const FAULTS: readonly Fault[] = ['lost-request', 'lost-reply', 'reset', 'late', 'refused', 'error', 'conflict'];

export interface Write {
  by: string;
  atMs: number;
  before: LeaseRecord | null;
  after: LeaseRecord | null;
}

/** The Lease as the API server has it. */
export class Server {
  current: LeaseRecord | null = null;
  readonly writes: Write[] = [];
  readonly listeners = new Set<(event: LeaseWatchEvent) => void>();
  readonly clock: FakeClock;
  /** Server's clock less the fake wall clock. */
  aheadMicros = 0n;
  #rv = 100;
  #uid = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  get rv(): string {
    return String(this.#rv);
  }

  now(): bigint {
    return this.clock.wallMicros() + this.aheadMicros;
  }

  create(spec: Record<string, unknown>, by: string): void {
    this.#uid += 1;
    const metadata = { ...REF, uid: `uid-${this.#uid}` };
    this.#store({ metadata, spec }, by, 'added');
  }

  put(lease: LeaseObject, by: string): Answer<LeaseRecord> {
    const times = { sentMs: this.clock.monoMs(), receivedMs: this.clock.monoMs() };
    const { uid, resourceVersion } = lease.metadata;
    const now = this.current;
    if (now === null) return { ok: false, failure: CONFLICT, mayHaveApplied: false, times };
    if (uid !== now.uid || resourceVersion !== now.resourceVersion) {
      return { ok: false, failure: CONFLICT, mayHaveApplied: false, times };
    }
    return { ok: true, value: this.#store(lease, by, 'modified'), times };
  }

  /** Whatever the version: a writer without compare-and-swap, or kubectl annotate. */
  change(by: string, change: (lease: LeaseObject) => void): void {
    if (!this.current) return;
    const lease = structuredClone(this.current.raw);
    change(lease);
    this.#store(lease, by, 'modified');
  }

  remove(by: string): void {
    if (!this.current) return;
    this.#rv += 1;
    const last = readLease({
      ...this.current.raw,
      metadata: { ...this.current.raw.metadata, resourceVersion: this.rv },
    });
    this.writes.push({ by, atMs: this.clock.monoMs(), before: this.current, after: null });
    this.current = null;
    this.#emit('deleted', last);
  }

  #store(lease: LeaseObject, by: string, type: 'added' | 'modified'): LeaseRecord {
    this.#rv += 1;
    const stamp = `${formatMicroTime(this.now()).slice(0, 19)}Z`;
    // Called as its program is, and not as itself, which kube-leader-election does.
    const manager = by.replace(/-\d+$/, '');
    const entry = { manager, operation: 'Update', time: stamp, fieldsV1: { 'f:spec': { 'f:renewTime': {} } } };
    const moved = JSON.stringify(lease.spec) !== JSON.stringify(this.current?.raw.spec);
    const managedFields = moved ? [entry] : this.current?.raw.metadata.managedFields;
    const metadata = { ...lease.metadata, resourceVersion: this.rv, managedFields };
    const record = readLease({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      ...structuredClone(lease),
      metadata,
    });
    this.writes.push({ by, atMs: this.clock.monoMs(), before: this.current, after: record });
    this.current = record;
    this.#emit(type, record);
    return record;
  }

  #emit(type: 'added' | 'modified' | 'deleted', record: LeaseRecord): void {
    for (const listener of [...this.listeners]) listener({ type, record, atMs: 0, found: false });
  }
}

/** client-go's elector, as far as the Lease shows it: L 15, R 10, P 2. */
export class Elector {
  leading = false;
  /** Times at which it began and ended to work. */
  readonly spans: { fromMs: number; toMs: number | null }[] = [];
  dead = false;
  readonly id: string;
  readonly #server: Server;
  readonly #pollMs: number;
  #seen: { key: string; atMs: number } | null = null;
  #failingSinceMs: number | null = null;
  /** Its own clock less the true one. */
  readonly aheadMicros: bigint;

  constructor(server: Server, id: string, options: { startMs: number; pollMs: number; aheadMicros?: bigint }) {
    this.#server = server;
    this.id = id;
    this.#pollMs = options.pollMs;
    this.aheadMicros = options.aheadMicros ?? 0n;
    server.clock.timer(options.startMs, () => this.#tick());
  }

  kill(): void {
    this.dead = true;
    this.#stop();
  }

  #tick(): void {
    if (this.dead) return;
    this.#act();
    // The leader renews every P; a standby polls at its own pace.
    this.#server.clock.timer(this.leading ? 2_000 : this.#pollMs, () => this.#tick());
  }

  #act(): void {
    const { current, clock } = this.#server;
    const nowMs = clock.monoMs();
    if (current === null) return;
    const key = JSON.stringify(current.raw.spec);
    if (this.#seen?.key !== key) this.#seen = { key, atMs: nowMs };
    const { holder } = current;
    const expired = nowMs - this.#seen.atMs > (current.leaseDurationSeconds ?? 0) * 1000;
    if (holder === this.id) this.#write(current, false);
    else if (!holder || expired) this.#write(current, true);
    else this.#missed(nowMs);
  }

  #write(current: LeaseRecord, acquire: boolean): void {
    const now = formatMicroTime(this.#server.now() + this.aheadMicros);
    const spec = {
      ...current.raw.spec,
      holderIdentity: this.id,
      leaseDurationSeconds: 15,
      renewTime: now,
      ...(acquire ? { acquireTime: now, leaseTransitions: (current.transitions ?? 0) + 1 } : {}),
    };
    const answer = this.#server.put({ ...current.raw, spec }, this.id);
    if (!answer.ok) {
      this.#missed(this.#server.clock.monoMs());
      return;
    }
    this.#failingSinceMs = null;
    this.#seen = { key: JSON.stringify(answer.value.raw.spec), atMs: this.#server.clock.monoMs() };
    if (this.leading) return;
    this.leading = true;
    this.spans.push({ fromMs: this.#server.clock.monoMs(), toMs: null });
  }

  /** It goes on until its renew deadline has passed; then the process ends. */
  #missed(nowMs: number): void {
    if (!this.leading) return;
    if (this.#failingSinceMs === null) {
      this.#failingSinceMs = nowMs;
      this.#server.clock.timer(10_000, () => {
        if (this.#failingSinceMs === null || this.dead) return;
        this.kill();
      });
    }
  }

  #stop(): void {
    const last = this.spans.at(-1);
    if (last && last.toMs === null) last.toMs = this.#server.clock.monoMs();
    this.leading = false;
  }
}

/** Milliseconds in which more than one of them worked. */
export function overlapMs(electors: readonly Elector[], nowMs: number): number {
  const spans = electors.flatMap(({ spans }) => spans.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs ?? nowMs })));
  let most = 0;
  spans.forEach((a, i) => {
    for (const b of spans.slice(i + 1)) {
      most = Math.max(most, Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs));
    }
  });
  return Math.max(0, most);
}

export interface LinkOptions {
  /** What happens to the n-th request (from 1), by verb. */
  fault?: (verb: 'put' | 'get', n: number) => Fault | null;
  watchForbidden?: boolean;
  /** How well the server's clock is known after so many gets. */
  uncertainMs?: (gets: number) => number;
}

/** One process's way to the server: a request takes a millisecond each way. */
export class Link implements LeaseApi {
  readonly #server: Server;
  readonly #options: LinkOptions;
  readonly #counts = { put: 0, get: 0 };
  /** Cut off: nothing leaves and nothing comes, as for a process that was killed. */
  dead = false;
  /** All requests fail while this is set. */
  down = false;
  readonly name: string;

  constructor(server: Server, options: LinkOptions = {}, name = 'kle') {
    this.#server = server;
    this.#options = options;
    this.name = name;
  }

  get(_ref: LeaseRef, options: { signal?: AbortSignal; timeoutMs?: number } = {}): Promise<Answer<LeaseRecord>> {
    return this.#call('get', options, () => {
      const times = { sentMs: 0, receivedMs: 0 };
      const { current } = this.#server;
      return current ? { ok: true, value: current, times } : { ok: false, failure: GONE, mayHaveApplied: false, times };
    });
  }

  replace(
    lease: LeaseObject,
    options: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<Answer<LeaseRecord>> {
    if (!lease.metadata.uid || !lease.metadata.resourceVersion) throw new TypeError('a blind write');
    return this.#call('put', options, () => this.#server.put(structuredClone(lease), this.name));
  }

  list(): ReturnType<LeaseApi['list']> {
    const times = { sentMs: 0, receivedMs: 0 };
    const items = this.#server.current ? [this.#server.current] : [];
    return Promise.resolve({ ok: true, value: { items, resourceVersion: this.#server.rv }, times });
  }

  create(): never {
    throw new Error('no operation creates a Lease');
  }

  delete(): never {
    throw new Error('no operation deletes a Lease');
  }

  serverTime() {
    const now = this.#server.now();
    const aside = (BigInt(this.#options.uncertainMs?.(this.#counts.get) ?? 600) * MICROS_PER_MS) / 2n;
    return { earliest: now - aside, latest: now + aside };
  }

  async *watch(_scope: unknown, options: { signal?: AbortSignal } = {}): AsyncGenerator<LeaseWatchEvent> {
    const { clock } = this.#server;
    if (this.#options.watchForbidden) {
      const failure: ApiFailure = {
        kind: 'forbidden',
        verb: 'watch',
        resource: 'leases',
        ...REF,
        message: 'forbidden',
      };
      yield { type: 'disconnected', failure, atMs: clock.monoMs() };
      return;
    }
    const queue: LeaseWatchEvent[] = [];
    let wake = () => {};
    const push = (event: LeaseWatchEvent) => {
      if (this.dead) return;
      queue.push({ ...event, atMs: clock.monoMs() });
      wake();
    };
    const later = (event: LeaseWatchEvent) => void clock.timer(1, () => push(event));
    const { current } = this.#server;
    if (current) push({ type: 'added', record: current, atMs: 0, found: true });
    push({ type: 'synced', resourceVersion: this.#server.rv, atMs: 0 });
    this.#server.listeners.add(later);
    const aborted = () => wake();
    options.signal?.addEventListener('abort', aborted);
    try {
      while (!options.signal?.aborted) {
        const next = queue.shift();
        if (next) yield next;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#server.listeners.delete(later);
    }
  }

  #call(
    verb: 'put' | 'get',
    { signal, timeoutMs = 10_000 }: { signal?: AbortSignal; timeoutMs?: number },
    serve: () => Answer<LeaseRecord>,
  ): Promise<Answer<LeaseRecord>> {
    const { clock } = this.#server;
    this.#counts[verb] += 1;
    const fault = this.down ? 'refused' : (this.#options.fault?.(verb, this.#counts[verb]) ?? null);
    const sentMs = clock.monoMs();
    const isWrite = verb === 'put';
    return new Promise((resolve) => {
      let over = false;
      const answer = (result: Answer<LeaseRecord>) => {
        if (over || this.dead) return;
        over = true;
        resolve({ ...result, times: { sentMs, receivedMs: clock.monoMs() } });
      };
      const fail = (failure: ApiFailure, mayHaveApplied: boolean) =>
        answer({ ok: false, failure, mayHaveApplied, times: { sentMs, receivedMs: 0 } });
      signal?.addEventListener('abort', () => fail({ kind: 'aborted', message: 'given up' }, isWrite), { once: true });
      clock.timer(timeoutMs, () => fail({ kind: 'timeout', afterMs: timeoutMs, message: 'no answer' }, isWrite));
      if (fault === 'lost-request') return;
      if (fault === 'refused') return void clock.timer(1, () => fail(REFUSED, false));
      if (fault === 'error') return void clock.timer(2, () => fail(SERVER_ERROR, isWrite));
      clock.timer(fault === 'late' ? timeoutMs + 400 : 1, () => {
        if (fault === 'conflict') this.#server.change('annotator', (lease) => annotate(lease, String(clock.monoMs())));
        const result = serve();
        if (fault === 'lost-reply' || fault === 'late') return;
        clock.timer(1, () => (fault === 'reset' ? fail(RESET, isWrite) : answer(result)));
      });
    });
  }
}

export function annotate(lease: LeaseObject, value: string): void {
  lease.metadata.annotations = { ...(lease.metadata.annotations as object), 'example.com/n': value };
}

/** A journal in memory, which outlives the process that writes it. */
export class MemoryJournal implements JournalPort, JournalReader {
  readonly files = new Map<string, { operation: JournalOperation; sendingMs: number | null }>();
  readonly #clock: FakeClock;
  problem: string | null = null;
  alive = true;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  async begin(operation: JournalOperation) {
    if (this.problem !== null) return { ok: false as const, problem: this.problem };
    this.files.set(operation.id, { operation, sendingMs: null });
    return { ok: true as const };
  }

  async sending(id: string) {
    const file = this.files.get(id);
    if (file) file.sendingMs = this.#clock.monoMs();
    return { ok: true as const };
  }

  async settle(id: string) {
    this.files.delete(id);
  }

  async entries(): Promise<JournalEntry[]> {
    return [...this.files.values()].map(({ operation, sendingMs }) => ({
      operation,
      server: 'https://s',
      context: null,
      alive: this.alive,
      sentAgoMs: sendingMs === null ? null : this.#clock.monoMs() - sendingMs,
    }));
  }
}

export interface World {
  clock: FakeClock;
  server: Server;
  link: Link;
  journal: MemoryJournal;
  electors: Elector[];
  interrupt: AbortController;
  ports: OperationPorts;
}

export interface WorldOptions extends LinkOptions {
  /** Standbys beside the leader. */
  standbys?: number;
  aheadMicros?: bigint;
}

/** A Lease that `web-0` leads, with standbys, and the ports of one kle. */
export function makeWorld(options: WorldOptions = {}): World {
  const clock = new FakeClock();
  const server = new Server(clock);
  const now = formatMicroTime(server.now());
  const spec = { leaseDurationSeconds: 15, acquireTime: now, renewTime: now, leaseTransitions: 3, holderIdentity: '' };
  server.create(spec, 'web-0');
  const ahead = options.aheadMicros ?? 0n;
  const electors = [new Elector(server, 'web-0', { startMs: 0, pollMs: 2_000, aheadMicros: ahead })];
  for (let i = 1; i <= (options.standbys ?? 1); i++) {
    electors.push(new Elector(server, `web-${i}`, { startMs: 300 * i, pollMs: 3_100 + 400 * i, aheadMicros: ahead }));
  }
  clock.advance(500);
  const link = new Link(server, options);
  const journal = new MemoryJournal(clock);
  const interrupt = new AbortController();
  let ids = 0;
  const ports: OperationPorts = {
    leases: link,
    clock,
    signal: interrupt.signal,
    journal,
    pods: null,
    events: null,
    candidates: null,
    access: null,
    newId: () => `op${String(++ids).padStart(8, '0')}`,
    requestMs: 10_000,
  };
  return { clock, server, link, journal, electors, interrupt, ports };
}

/** Moves the clock from timer to timer until the promise is there. */
export async function until<T>(world: Pick<World, 'clock'>, promise: Promise<T>, limitMs = 600_000): Promise<T> {
  let done = false;
  void promise.then(
    () => (done = true),
    () => (done = true),
  );
  const endMs = world.clock.monoMs() + limitMs;
  for (;;) {
    for (let i = 0; i < 3 && !done; i++) await settled();
    if (done) return promise;
    if (world.clock.monoMs() > endMs) throw new Error('it did not end in time');
    world.clock.advance(Math.max(1, Math.min(world.clock.nextTimerMs() ?? 1_000, 1_000)));
  }
}

/** Lets the world go on without the operation. */
export async function pass(world: Pick<World, 'clock'>, ms: number): Promise<void> {
  const endMs = world.clock.monoMs() + ms;
  while (world.clock.monoMs() < endMs) {
    world.clock.advance(Math.min(500, endMs - world.clock.monoMs()));
    await settled();
  }
}
