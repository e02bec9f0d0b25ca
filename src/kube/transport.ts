/**
 * Requests to one API server over kept-alive sockets: credentials, deadline, failures as values, the server's clock.
 *
 * What is sent again, each at most once within the call's deadline: anything after a 401 when the credential can be
 * had anew; a GET whose kept-alive socket turned out to be closed; a GET that was told by 429 or 5xx to come back
 * (Retry-After). A write is otherwise never repeated here: whoever decided on it decides again.
 */
import type { OutgoingHttpHeaders } from 'node:http';
import type { Answer, ApiFailure, CallOptions, CallTimes, ServerTime } from '../lease/api.js';
import { type Clock, systemClock } from '../platform/clock.js';
import { openPool, type SocketPool } from './agent.js';
import type { Connection, Credential } from './connection.js';
import { readBody, type Sent, send, TooLongError } from './exchange.js';
import { failureOfError, failureOfReply, notKubernetes, type Reply, type Target } from './failure.js';
import { Limits } from './limits.js';
import { parseHttpDate, ServerClock } from './server-clock.js';

export interface TransportOptions {
  /** Of a call that names none, from the moment its credential is there. Null: for ever. Default 30 s. */
  timeoutMs?: number | null | undefined;
  /** For the User-Agent, `kle/<version>`. */
  version?: string | undefined;
  clock?: Clock | undefined;
}

export interface ApiRequest extends CallOptions {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute and escaped, such as `/apis/coordination.k8s.io/v1/leases`. */
  path: string;
  /** Pairs with an undefined value are left out. */
  query?: Readonly<Record<string, string | number | undefined>> | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** What the request is about, for the words of a failure. */
  target: Target;
}

/** Receives an answer as it comes. `onEnd` is called once, last, with null when the server ended the answer by itself. */
export interface StreamSink {
  onOpen(): void;
  onChunk(chunk: Buffer): void;
  onEnd(failure: ApiFailure | null): void;
}

export interface StreamHandle {
  pause(): void;
  resume(): void;
  /** Ends the stream; `onEnd` is not called any more. */
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** 10,000 Leases in one page are some 15 MiB. */
const MOST_BODY_BYTES = 256 * 1024 * 1024;
/** Longest polite wait when a call has no deadline. */
const LONGEST_POLITE_WAIT_MS = 10_000;

type Head = Extract<Sent, { ok: true }>['head'];
type Failed = Extract<Answer<never>, { ok: false }>;
type Open = { head: Head; sentMs: number };
/** `stale`: the kept-alive socket turned out to be closed. */
type Opened = { ok: true; open: Open } | { ok: false; answer: Failed; stale: boolean };

export class Transport {
  readonly connection: Connection;
  readonly #clock: Clock;
  readonly #timeoutMs: number | null;
  readonly #userAgent: string;
  readonly #pool: SocketPool;
  readonly #serverClock = new ServerClock();
  readonly #address: string;

  constructor(connection: Connection, options: TransportOptions = {}) {
    this.connection = connection;
    this.#clock = options.clock ?? systemClock;
    this.#timeoutMs = options.timeoutMs === undefined ? DEFAULT_TIMEOUT_MS : options.timeoutMs;
    this.#userAgent = options.version ? `kle/${options.version}` : 'kle';
    this.#pool = openPool(connection);
    // Without userinfo.
    this.#address = `${connection.server.protocol}//${connection.server.host}${prefixOf(connection.server)}`;
  }

  /** The body of a 2xx answer as text. Any other answer is a failure. */
  text(request: ApiRequest): Promise<Answer<string>> {
    return this.#withRetries(request, async (opened, limits) => {
      const text = await this.#read(request, opened, limits);
      return text.ok ? { ok: true, value: text.value.text, times: text.times } : text;
    });
  }

  /** The body of a 2xx answer as parsed JSON; `not-kubernetes` when it is something else. */
  json(request: ApiRequest): Promise<Answer<unknown>> {
    return this.#withRetries(request, async (opened, limits) => {
      const reply = await this.#read(request, opened, limits);
      if (!reply.ok) return reply;
      try {
        return { ok: true, value: JSON.parse(reply.value.text) as unknown, times: reply.times };
      } catch {
        const failure = notKubernetes(reply.value, 'the answer is not JSON');
        return { ok: false, failure, mayHaveApplied: request.method !== 'GET', times: reply.times };
      }
    });
  }

  /** A GET whose 2xx answer is handed on as it comes. The deadline covers the time until its head is there. */
  stream(request: ApiRequest & { method: 'GET' }, sink: StreamSink): StreamHandle {
    const closing = new AbortController();
    const signal = request.signal ? AbortSignal.any([request.signal, closing.signal]) : closing.signal;
    let head: Head | undefined;
    let paused = false;
    const end = (failure: ApiFailure | null) => {
      if (!closing.signal.aborted) sink.onEnd(failure);
      closing.abort();
    };
    const begin = (opened: Open): Answer<undefined> => {
      head = opened.head;
      const stop = () => opened.head.destroy();
      signal.addEventListener('abort', stop, { once: true });
      sink.onOpen();
      head.on('data', (chunk: Buffer) => {
        if (!closing.signal.aborted) sink.onChunk(chunk);
      });
      if (paused) head.pause();
      head.once('end', () => end(null));
      head.once('error', (error) => end(this.#failure(error)));
      head.once('close', () => end({ kind: 'aborted', message: 'the stream was given up' }));
      return { ok: true, value: undefined, times: this.#times(opened.sentMs) };
    };
    void this.#withRetries({ ...request, signal }, async (opened) => begin(opened)).then((answer) => {
      if (!answer.ok) end(answer.failure);
    });
    return {
      pause: () => {
        paused = true;
        head?.pause();
      },
      resume: () => {
        paused = false;
        head?.resume();
      },
      close: () => closing.abort(),
    };
  }

  /** The server's clock as far as its answers tell it; undefined before the first. */
  serverTime(): ServerTime | undefined {
    return this.#serverClock.at(this.#clock.monoMs(), this.#suspendedMs());
  }

  /** Ends every socket. */
  close(): void {
    this.#pool.close();
  }

  async #withRetries<T>(
    request: ApiRequest,
    finish: (opened: Open, limits: Limits) => Promise<Answer<T>>,
  ): Promise<Answer<T>> {
    const limits = new Limits(this.#clock, request.signal);
    if (request.timeoutMs !== undefined) limits.expireAfter(request.timeoutMs);
    const tried = new Set<string>();
    const once = (what: string) => !tried.has(what) && tried.add(what);
    try {
      for (;;) {
        const opened = await this.#open(request, limits);
        const answer = opened.ok ? await finish(opened.open, limits) : opened.answer;
        if (answer.ok || limits.ended) return answer;
        const stale = !opened.ok && opened.stale;
        const waitMs = politeWaitMs(request, answer.failure, limits);
        if (answer.failure.kind === 'unauthorised' && once('credential') && this.connection.forgetCredential())
          continue;
        if (request.method === 'GET' && stale && once('socket')) {
          this.#pool.dropIdle();
        } else if (waitMs !== null && once('wait')) {
          await this.#wait(waitMs, limits);
        } else {
          return answer;
        }
      }
    } catch (error) {
      const now = this.#clock.monoMs();
      return {
        ok: false,
        failure: this.#failure(error),
        mayHaveApplied: false,
        times: { sentMs: now, receivedMs: now },
      };
    } finally {
      limits.release();
    }
  }

  /** Sends once; what is no 2xx is read to its end and becomes a failure. */
  async #open(request: ApiRequest, limits: Limits): Promise<Opened> {
    const credential = await limits.race(this.connection.credential());
    if (request.timeoutMs === undefined && this.#timeoutMs !== null) limits.expireAfter(this.#timeoutMs);
    const sentMs = this.#clock.monoMs();
    const outgoing = this.#outgoing(request, credential);
    const sent = await send(this.connection, this.#pool, credential, outgoing, limits, () => this.#clock.monoMs());
    const isWrite = request.method !== 'GET';
    if (!sent.ok) {
      const failure = redact(this.#failure(sent.error), credential);
      const answer = {
        ok: false as const,
        failure,
        mayHaveApplied: isWrite && sent.connected,
        times: this.#times(sentMs),
      };
      return { ok: false, answer, stale: isStale(sent, failure) };
    }
    this.#feedClock(sent);
    const open = { head: sent.head, sentMs };
    const status = sent.head.statusCode ?? 0;
    if (status >= 200 && status < 300) return { ok: true, open };
    const reply = await this.#read(request, open, limits);
    if (!reply.ok) return { ok: false, answer: reply, stale: false };
    const nowMs = Number(this.#clock.wallMicros() / 1000n);
    const failure = redact(failureOfReply(reply.value, request.target, nowMs), credential);
    // A server or gateway that gave up may have done so after the write.
    const mayHaveApplied = isWrite && failure.kind === 'server' && status >= 500;
    return { ok: false, answer: { ok: false, failure, mayHaveApplied, times: reply.times }, stale: false };
  }

  async #read(request: ApiRequest, { head, sentMs }: Open, limits: Limits): Promise<Answer<Reply>> {
    const reply = { status: head.statusCode ?? 0, headers: head.headers, text: '' };
    try {
      reply.text = await readBody(head, MOST_BODY_BYTES);
      return { ok: true, value: reply, times: this.#times(sentMs) };
    } catch (error) {
      const failure =
        limits.ended ?? (error instanceof TooLongError ? notKubernetes(reply, error.message) : this.#failure(error));
      return { ok: false, failure, mayHaveApplied: request.method !== 'GET', times: this.#times(sentMs) };
    }
  }

  async #wait(ms: number, limits: Limits): Promise<void> {
    let cancel = () => {};
    const over = new Promise<void>((resolve) => {
      cancel = this.#clock.timer(ms, resolve);
    });
    await limits.race(over).finally(cancel);
  }

  #outgoing(request: ApiRequest, credential: Credential) {
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const headers: OutgoingHttpHeaders = { accept: 'application/json', 'user-agent': this.#userAgent };
    if (credential.authorization !== undefined) headers.authorization = credential.authorization;
    if (body) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = body.length;
    }
    for (const [name, value] of this.connection.headers) {
      const key = name.toLowerCase();
      headers[key] = key in headers ? [headers[key] as string | string[], value].flat() : value;
    }
    const path = prefixOf(this.connection.server) + request.path + queryOf(request.query);
    return { method: request.method, path, headers, body };
  }

  #feedClock({ head, writableMs, headMs }: Extract<Sent, { ok: true }>): void {
    const dateMs = parseHttpDate(head.headers.date ?? '');
    if (dateMs === undefined) return;
    this.#serverClock.observe({ sentMs: writableMs, receivedMs: headMs, dateMs, suspendedMs: this.#suspendedMs() });
  }

  #suspendedMs = () => this.#clock.bootMs() - this.#clock.monoMs();
  #failure = (error: unknown) => failureOfError(error, this.#address);
  #times = (sentMs: number): CallTimes => ({ sentMs, receivedMs: this.#clock.monoMs() });
}

const prefixOf = (server: URL): string => server.pathname.replace(/\/+$/, '');

function queryOf(query: ApiRequest['query']): string {
  const pairs = Object.entries(query ?? {}).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
  if (pairs.length === 0) return '';
  return `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
}

/** The server or a box between closed the socket while it was idle: nothing of this request was looked at. */
function isStale(sent: Extract<Sent, { ok: false }>, failure: ApiFailure): boolean {
  return sent.reused && failure.kind === 'unreachable' && ['ECONNRESET', 'EPIPE'].includes(failure.code);
}

function politeWaitMs(request: ApiRequest, failure: ApiFailure, limits: Limits): number | null {
  if (request.method !== 'GET' || (failure.kind !== 'throttled' && failure.kind !== 'server')) return null;
  const waitMs = failure.retryAfterMs;
  return waitMs !== null && waitMs < Math.min(limits.leftMs(), LONGEST_POLITE_WAIT_MS) ? waitMs : null;
}

/** A server that echoes requests, or a proxy's error page, must not carry the credential into a message. */
function redact(failure: ApiFailure, credential: Credential): ApiFailure {
  const secret = credential.authorization?.split(' ').at(-1);
  if (!secret || !failure.message.includes(secret)) return failure;
  return { ...failure, message: failure.message.replaceAll(secret, '[credential]') };
}
