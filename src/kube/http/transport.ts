/**
 * Requests to one API server over kept-alive sockets: credentials, deadline, failures as values, the server's clock.
 *
 * What is sent again, each at most once within the call's deadline: anything after a 401 when the credential can be
 * had anew; a GET whose kept-alive socket turned out to be closed; a GET that was told by 429 or 5xx to come back
 * (Retry-After). A write is otherwise never repeated here: whoever decided on it decides again.
 */
import type { Answer, ApiFailure, CallTimes, ServerTime } from '../../lease/api.js';
import { type Clock, systemClock } from '../../platform/clock.js';
import { failureOfError, failureOfReply, notKubernetes, type Reply } from '../failure.js';
import { openPool, type SocketPool } from './agent.js';
import { type ApiRequest, addressOf, outgoingOf } from './api-request.js';
import { ConnectError, type Connection, type Credential } from './connection.js';
import { readBody, type Sent, send, TooLongError } from './exchange.js';
import { LimitError, Limits } from './limits.js';
import { parseHttpDate, ServerClock } from './server-clock.js';
import { BodyStream, type StreamHandle, type StreamSink } from './stream.js';

export interface TransportOptions {
  /** Of a call that names none, from the moment its credential is there. Null: for ever. Default 30 s. */
  timeoutMs?: number | null | undefined;
  /** For the User-Agent, `kle/<version>`. */
  version?: string | undefined;
  clock?: Clock | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** 10,000 Leases in one page are some 15 MiB. */
const MOST_BODY_BYTES = 256 * 1024 * 1024;
/** A longer Retry-After is the caller's to decide on. */
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
    this.#address = addressOf(connection.server);
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
    const stream = new BodyStream(sink, this.#address, request.signal);
    void this.#withRetries<undefined>({ ...request, signal: stream.signal }, async ({ head, sentMs }) => {
      stream.begin(head);
      return { ok: true, value: undefined, times: this.#times(sentMs) };
    }).then((answer) => {
      if (!answer.ok) stream.end(answer.failure);
    });
    return stream;
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
      // Anything else is a mistake of ours and keeps its stack.
      if (!(error instanceof LimitError || error instanceof ConnectError)) throw error;
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
    const outgoing = outgoingOf(request, this.connection, credential, this.#userAgent);
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

  #feedClock({ head, writableMs, headMs }: Extract<Sent, { ok: true }>): void {
    const dateMs = parseHttpDate(head.headers.date ?? '');
    if (dateMs === undefined) return;
    this.#serverClock.observe({ sentMs: writableMs, receivedMs: headMs, dateMs, suspendedMs: this.#suspendedMs() });
  }

  #suspendedMs = () => this.#clock.bootMs() - this.#clock.monoMs();
  #failure = (error: unknown) => failureOfError(error, this.#address);
  #times = (sentMs: number): CallTimes => ({ sentMs, receivedMs: this.#clock.monoMs() });
}

/** Most likely the server or a box between closed the socket while it was idle; nobody can be sure of it. */
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
