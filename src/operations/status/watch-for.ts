/** Watches Leases for a while, so that they can be judged by observation. */
import type { ApiFailure, LeaseRef, LeaseScope, LeaseWatchEvent } from '../../lease/api.js';
import { createHistory, type LeaseHistory, looksAt, observe } from '../../lease/history.js';
import type { LeaseRecord } from '../../lease/record.js';
import type { Looks } from '../../lease/verdict.js';
import { look, type StatusPorts, type StatusRequest } from './status.js';

export interface Watched {
  /** Null record: the Lease does not exist. */
  found: { ref: LeaseRef; record: LeaseRecord | null; looks: Looks | null }[];
  failures: ApiFailure[];
}

const POLL_MS = 1_000;

/** Watches for `totalMs`; without the right to that it reads once a second instead, and says so through `onPolling`. */
export async function watchFor(request: StatusRequest, totalMs: number, ports: StatusPorts): Promise<Watched> {
  const { namespace } = request.scope;
  const scopes: LeaseScope[] = request.names
    ? request.names.map((name) => ({ ...(namespace === undefined ? {} : { namespace }), name }))
    : [request.scope];
  const time = limit(totalMs, ports);
  try {
    const parts = await Promise.all(scopes.map((scope) => watchScope(scope, request, time.signal, ports)));
    ports.signal.throwIfAborted();
    return { found: parts.flatMap((part) => part.found), failures: parts.flatMap((part) => part.failures) };
  } finally {
    time.cancel();
  }
}

async function watchScope(
  scope: LeaseScope,
  request: StatusRequest,
  signal: AbortSignal,
  ports: StatusPorts,
): Promise<Watched> {
  const seen = new Sightings(true);
  for await (const event of ports.leases.watch(scope, { signal })) seen.take(event);
  if (seen.failure?.kind === 'forbidden' && mayRead(seen.failure.verb, scope)) {
    ports.onPolling?.(seen.failure);
    return poll(scope, request, signal, ports);
  }
  if (!seen.synced) return { found: [], failures: seen.failure ? [seen.failure] : [] };
  return { found: seen.found(scope, ports.clock.monoMs()), failures: [] };
}

/** What is left without the right to that verb: a watch begins with a list, and one Lease can be read by its name. */
const mayRead = (forbidden: string, { name }: LeaseScope): boolean =>
  forbidden === 'watch' || (forbidden === 'list' && name !== undefined);

async function poll(
  scope: LeaseScope,
  request: StatusRequest,
  signal: AbortSignal,
  ports: StatusPorts,
): Promise<Watched> {
  const one: StatusRequest = scope.name === undefined ? request : { ...request, names: [scope.name] };
  const seen = new Sightings(false);
  while (true) {
    const { found, failures } = await look(one, ports);
    if (failures.length > 0) return { found: [], failures };
    seen.replaceBy(found, ports.clock.monoMs());
    if (signal.aborted) return { found: seen.found(scope, ports.clock.monoMs()), failures: [] };
    await pause(POLL_MS, signal, ports);
  }
}

/** The history of every Lease in one scope. */
class Sightings {
  synced = false;
  /** Why the watch is down; undefined while it is not. */
  failure: ApiFailure | undefined;
  readonly #watching: boolean;
  readonly #histories = new Map<string, LeaseHistory>();

  constructor(watching: boolean) {
    this.#watching = watching;
  }

  take(event: LeaseWatchEvent): void {
    if (event.type === 'added' || event.type === 'modified' || event.type === 'deleted') {
      observe(this.#historyOf(event.record), event);
      return;
    }
    if (event.type === 'synced') this.synced = true;
    this.failure = event.type === 'disconnected' ? event.failure : undefined;
    for (const history of this.#histories.values()) observe(history, event);
  }

  /** One look at everything: what is no longer there was deleted. */
  replaceBy(found: Watched['found'], atMs: number): void {
    const there = new Set(found.map(({ ref }) => keyOf(ref)));
    for (const [key, history] of this.#histories) {
      if (!there.has(key) && history.record) {
        observe(history, { type: 'deleted', record: history.record, atMs, found: true });
      }
    }
    for (const { record } of found) {
      if (record) observe(this.#historyOf(record), { type: 'modified', record, atMs, found: true });
    }
  }

  found(scope: LeaseScope, nowMs: number): Watched['found'] {
    const rows = [...this.#histories.values()].flatMap((history) => {
      const { record } = history;
      if (!record) return [];
      const ref = { namespace: record.namespace, name: record.name };
      return [{ ref, record, looks: looksAt(history, nowMs) }];
    });
    if (scope.name === undefined || rows.length > 0) return rows.sort((a, b) => (keyOf(a.ref) < keyOf(b.ref) ? -1 : 1));
    return [{ ref: { namespace: scope.namespace ?? '', name: scope.name }, record: null, looks: null }];
  }

  #historyOf(ref: LeaseRef): LeaseHistory {
    const key = keyOf(ref);
    const history = this.#histories.get(key) ?? createHistory(this.#watching);
    this.#histories.set(key, history);
    return history;
  }
}

const keyOf = (ref: LeaseRef) => `${ref.namespace}/${ref.name}`;

/** A signal that is aborted after `totalMs` or with the caller's; tells the progress about once a second. */
function limit(totalMs: number, ports: StatusPorts): { signal: AbortSignal; cancel(): void } {
  const { clock } = ports;
  const startMs = clock.monoMs();
  const controller = new AbortController();
  const stop = () => controller.abort();
  if (ports.signal.aborted) stop();
  ports.signal.addEventListener('abort', stop, { once: true });
  let cancelTimer = () => {};
  const tick = () => {
    const elapsedMs = clock.monoMs() - startMs;
    if (elapsedMs >= totalMs) return stop();
    ports.onProgress?.(elapsedMs, totalMs);
    cancelTimer = clock.timer(Math.min(1_000, totalMs - elapsedMs), tick);
  };
  tick();
  return {
    signal: controller.signal,
    cancel: () => {
      cancelTimer();
      ports.signal.removeEventListener('abort', stop);
    },
  };
}

function pause(ms: number, signal: AbortSignal, ports: StatusPorts): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = ports.clock.timer(ms, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
