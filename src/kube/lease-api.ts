/** LeaseApi on a real API server: `coordination.k8s.io/v1` over a Transport. */
import type {
  Answer,
  ApiFailure,
  CallOptions,
  LeaseApi,
  LeaseList,
  LeaseRef,
  LeaseScope,
  LeaseWatchEvent,
  ServerTime,
} from '../lease/api.js';
import { type LeaseObject, type LeaseRecord, readLease } from '../lease/record.js';
import { systemClock } from '../platform/clock.js';
import type { Target } from './failure.js';
import type { ApiRequest } from './http/api-request.js';
import type { Connection } from './http/connection.js';
import { Transport, type TransportOptions } from './http/transport.js';
import { watchLeases } from './watch/watch.js';

const API = '/apis/coordination.k8s.io/v1';
const API_VERSION = 'coordination.k8s.io/v1';
/**
 * Leases are about 1 KiB each, and a kube-apiserver 1.36 answers a page of thousands from its cache in the time of one of
 * 500 (the default of kubectl): fewer pages, fewer round trips.
 */
const PAGE = 2_000;
/** Named in managedFields as the writer. */
const FIELD_MANAGER = 'kle';

export interface LeaseApiOptions extends TransportOptions {
  /** For the jitter of a watch; in [0, 1). */
  random?: (() => number) | undefined;
}

/** Makes no request yet. `close()` ends its sockets; idle ones keep no process alive. */
export function createLeaseApi(connection: Connection, options: LeaseApiOptions = {}): LeaseApi & { close(): void } {
  return leaseApiOver(new Transport(connection, options), options);
}

/** The same over a transport that is shared with other ports. */
export function leaseApiOver(transport: Transport, options: LeaseApiOptions = {}): LeaseApi & { close(): void } {
  return new KubeLeases(transport, options);
}

class KubeLeases implements LeaseApi {
  readonly #transport: Transport;
  readonly #options: LeaseApiOptions;

  constructor(transport: Transport, options: LeaseApiOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  get(ref: LeaseRef, options: CallOptions = {}): Promise<Answer<LeaseRecord>> {
    return this.#one({ method: 'GET', verb: 'get', ref }, options);
  }

  create(lease: LeaseObject, options: CallOptions = {}): Promise<Answer<LeaseRecord>> {
    return this.#one({ method: 'POST', verb: 'create', ref: lease.metadata, body: complete(lease) }, options);
  }

  /** Throws TypeError without uid and resourceVersion: a PUT without them can overwrite or re-create (fact 5). */
  replace(lease: LeaseObject, options: CallOptions = {}): Promise<Answer<LeaseRecord>> {
    const { uid, resourceVersion } = lease.metadata;
    if (!uid || !resourceVersion) throw new TypeError('replace needs the uid and resourceVersion it was decided on');
    return this.#one({ method: 'PUT', verb: 'update', ref: lease.metadata, body: complete(lease) }, options);
  }

  async delete(
    ref: LeaseRef,
    preconditions: { uid: string; resourceVersion?: string },
    options: CallOptions = {},
  ): Promise<Answer<undefined>> {
    if (!preconditions.uid) throw new TypeError('delete needs the uid of the Lease it was decided on');
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions };
    const answer = await this.#send({ method: 'DELETE', verb: 'delete', ref, body }, options);
    return answer.ok ? { ...answer, value: undefined } : answer;
  }

  /**
   * In pages, all as of one resourceVersion. When a continue token expires on the way, everything is asked for once
   * more in a single page, which cannot expire. `times` runs from the first page's sending to the last one's receipt,
   * and `timeoutMs` covers all of them; the default deadline covers each page.
   */
  async list(scope: LeaseScope, options: CallOptions & { limit?: number } = {}): Promise<Answer<LeaseList>> {
    const { limit = PAGE, timeoutMs, signal } = options;
    const clock = this.#options.clock ?? systemClock;
    const startMs = clock.monoMs();
    const page = (query: ApiRequest['query']) => {
      const left = timeoutMs === undefined ? {} : { timeoutMs: Math.max(1, timeoutMs - (clock.monoMs() - startMs)) };
      return this.#page(scope, query, { ...(signal && { signal }), ...left });
    };
    const items: LeaseRecord[] = [];
    let answer = await page({ limit: limit > 0 ? limit : undefined });
    const { sentMs } = answer.times;
    while (answer.ok && answer.value.next) {
      // Asked for before this page is read, so that the server and we work at the same time.
      const following = page({ limit, continue: answer.value.next });
      append(items, answer.value.items);
      answer = await following;
      if (!answer.ok && answer.failure.kind === 'expired') {
        items.length = 0;
        answer = await page({});
      }
    }
    const times = { sentMs, receivedMs: answer.times.receivedMs };
    if (!answer.ok) return { ...answer, times };
    append(items, answer.value.items);
    return { ok: true, value: { items, resourceVersion: answer.value.resourceVersion }, times };
  }

  watch(scope: LeaseScope, options: { signal?: AbortSignal } = {}): AsyncIterable<LeaseWatchEvent> {
    return watchLeases({
      clock: this.#options.clock ?? systemClock,
      random: this.#options.random ?? Math.random,
      signal: options.signal,
      target: targetOf('watch', scope),
      list: (signal) => this.list(scope, { signal }),
      open: (query, sink) =>
        this.#transport.stream(
          {
            method: 'GET',
            ...collection(scope),
            query: { ...selectors(scope), ...query },
            target: targetOf('watch', scope),
          },
          sink,
        ),
    });
  }

  serverTime(): ServerTime | undefined {
    return this.#transport.serverTime();
  }

  close(): void {
    this.#transport.close();
  }

  async #page(scope: LeaseScope, query: ApiRequest['query'], options: CallOptions): Promise<Answer<Page>> {
    const answer = await this.#transport.json({
      ...options,
      method: 'GET',
      ...collection(scope),
      query: { ...selectors(scope), ...query },
      target: targetOf('list', scope),
    });
    if (!answer.ok) return answer;
    const value = readPage(answer.value);
    return value ? { ...answer, value } : foreign(answer, 'a list of Leases', false);
  }

  async #one(call: LeaseCall, options: CallOptions): Promise<Answer<LeaseRecord>> {
    const answer = await this.#send(call, options);
    if (!answer.ok) return answer;
    const value = readLease(answer.value);
    return value.name === '' ? foreign(answer, 'a Lease', call.method !== 'GET') : { ...answer, value };
  }

  async #send({ method, verb, ref, body }: LeaseCall, options: CallOptions): Promise<Answer<unknown>> {
    const wrong = wrongName(ref);
    if (wrong) {
      const now = (this.#options.clock ?? systemClock).monoMs();
      return { ok: false, failure: wrong, mayHaveApplied: false, times: { sentMs: now, receivedMs: now } };
    }
    const leases = `${API}/namespaces/${encodeURIComponent(ref.namespace)}/leases`;
    return this.#transport.json({
      ...options,
      method,
      path: method === 'POST' ? leases : `${leases}/${encodeURIComponent(ref.name)}`,
      query: method === 'POST' || method === 'PUT' ? { fieldManager: FIELD_MANAGER } : undefined,
      body,
      target: targetOf(verb, ref),
    });
  }
}

interface LeaseCall {
  method: ApiRequest['method'];
  verb: string;
  ref: LeaseRef;
  body?: unknown;
}

interface Page {
  items: unknown[];
  resourceVersion: string;
  /** The continue token; empty at the end. */
  next: string;
}

function readPage(value: unknown): Page | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { items, metadata } = value as {
    items?: unknown;
    metadata?: { resourceVersion?: unknown; continue?: unknown };
  };
  // Go writes an empty list as null where nothing made it.
  const list = items ?? [];
  if (!Array.isArray(list) || typeof metadata?.resourceVersion !== 'string') return undefined;
  const next = typeof metadata.continue === 'string' ? metadata.continue : '';
  return { items: list, resourceVersion: metadata.resourceVersion, next };
}

/** A 2xx answer in JSON that is not what was asked for. */
function foreign(answer: Extract<Answer<unknown>, { ok: true }>, expected: string, mayHaveApplied: boolean) {
  const message = `the answer is not ${expected}`;
  const failure: ApiFailure = { kind: 'not-kubernetes', status: 200, contentType: 'application/json', message };
  return { ok: false as const, failure, mayHaveApplied, times: answer.times };
}

function append(items: LeaseRecord[], more: readonly unknown[]): void {
  for (const item of more) items.push(readLease(item));
}

const complete = (lease: LeaseObject): LeaseObject => ({ apiVersion: API_VERSION, kind: 'Lease', ...lease });

const targetOf = (verb: string, of: { namespace?: string; name?: string }): Target => ({
  verb,
  resource: 'leases',
  namespace: of.namespace,
  name: of.name,
});

function collection(scope: LeaseScope): { path: string } {
  const within = scope.namespace === undefined ? '' : `/namespaces/${encodeURIComponent(scope.namespace)}`;
  return { path: `${API}${within}/leases` };
}

function selectors({ name, fieldSelector, labelSelector }: LeaseScope) {
  const fields = [name === undefined ? undefined : `metadata.name=${name}`, fieldSelector].filter(Boolean).join(',');
  return { fieldSelector: fields || undefined, labelSelector: labelSelector || undefined };
}

/** What no path segment can be: an empty name would turn a GET of one Lease into a list (path/validation in apimachinery). */
function wrongName({ namespace, name }: LeaseRef): ApiFailure | undefined {
  for (const [field, value] of Object.entries({ 'metadata.namespace': namespace, 'metadata.name': name })) {
    const message =
      value === ''
        ? 'must not be empty'
        : /^\.\.?$|[/%]/.test(value)
          ? "must not be '.' or '..' or contain '/' or '%'"
          : '';
    if (message) return { kind: 'invalid', causes: [{ field, message }], message: `${field}: ${message}` };
  }
  return undefined;
}
