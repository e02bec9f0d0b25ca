/** One request and its answer on their way through a fault proxy. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type Fault, type ProxiedRequest, statusBody, verbOf } from './fault-proxy-rules.js';
import { endToEnd, type Headers, type Upstream } from './fault-proxy-upstream.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export interface Surroundings {
  readonly client: string;
  readonly token: string;
  readonly upstream: Upstream;
  /** Resets the connection. */
  reset(): void;
  /** The request is here: what is to happen to it? */
  arrived(): Fault;
  changed(): void;
  over(): void;
}

/** A promise with its resolver, for what waits until somebody says so. */
class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};
  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

export class Exchange {
  readonly record: Writable<ProxiedRequest>;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #around: Surroundings;
  readonly #upstreamEnd = new AbortController();
  readonly #healed = new Gate();
  readonly #delivery = new Gate();
  readonly #answeredUpstream = new Gate();
  #body = Buffer.alloc(0);
  #headers: Headers = {};
  #answer: IncomingMessage | null = null;
  #withheld: Gate | null = null;
  #headMayPass = false;
  /** Will never be answered: at the end its connection is reset, lest the client waits for ever. */
  #lost = false;
  #held = false;
  #clientGone = false;

  constructor(request: IncomingMessage, response: ServerResponse, around: Surroundings) {
    this.#request = request;
    this.#response = response;
    this.#around = around;
    const method = request.method ?? '';
    const path = request.url ?? '/';
    this.record = {
      ...{ number: 0, client: around.client, method, verb: verbOf(method, path), path, body: '', arrived: 0n },
      ...{ fault: null, forwarded: null, upstreamStatus: null, upstreamAt: null },
      ...{ status: null, answered: null, ended: null, error: null },
    };
    response.on('error', () => {});
    response.on('close', () => this.#closed());
  }

  async run(): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of this.#request) chunks.push(chunk as Buffer);
      this.#body = Buffer.concat(chunks);
    } catch {
      return this.#end();
    }
    this.record.body = this.#body.toString('utf8');
    this.record.arrived = process.hrtime.bigint();
    this.#headers = endToEnd(this.#request.rawHeaders);
    if (this.#request.headers.authorization !== `Bearer ${this.#around.token}`) {
      return this.#reply(401, { message: `${this.#around.client} has another token` });
    }
    const fault = this.#around.arrived();
    if (fault.do !== 'pass') this.record.fault = fault.do;
    this.#around.changed();
    try {
      await this.#meet(fault);
    } catch (error) {
      // As the API server itself would be missed. Where it is over, we have ended it ourselves.
      if (this.record.ended === null) {
        this.record.error = String(error);
        this.#around.reset();
      }
      this.#end();
    } finally {
      this.#answeredUpstream.open();
    }
  }

  async #meet(fault: Fault): Promise<void> {
    switch (fault.do) {
      case 'pass':
        return this.#pass();
      case 'stall':
        this.withhold({ butHead: true });
        return this.#pass();
      case 'delay':
        return this.#delay(fault);
      case 'drop':
        this.#lost = true;
        return;
      case 'reset':
        return this.#around.reset();
      case 'answer':
        return this.#reply(fault.status, fault);
      case 'lose-reply':
        return this.#loseReply(fault.instead ?? 'silence');
      case 'hold':
        this.#held = true;
        await this.#delivery.opened;
        return this.#pass();
    }
  }

  async #delay({ requestMs = 0, replyMs = 0 }: { requestMs?: number; replyMs?: number }): Promise<void> {
    await this.#sleep(requestMs);
    const answer = await this.#forward();
    await this.#sleep(replyMs);
    await this.#passBack(answer);
  }

  async #loseReply(instead: 'silence' | 'reset' | number): Promise<void> {
    const answer = await this.#forward();
    // To its end: only then is what it asked for surely done.
    answer.resume();
    await new Promise((resolve) => answer.once('close', resolve));
    this.#answeredUpstream.open();
    if (this.#clientGone) this.#end();
    else if (instead === 'silence') this.#lost = true;
    else if (instead === 'reset') this.#around.reset();
    else this.#reply(instead, {});
  }

  async #pass(): Promise<void> {
    await this.#passBack(await this.#forward());
  }

  async #forward(): Promise<IncomingMessage> {
    const { method, path } = this.record;
    this.record.forwarded = process.hrtime.bigint();
    this.#around.changed();
    const outgoing = { method, path, headers: this.#headers, body: this.#body };
    const answer = await this.#around.upstream.send(outgoing, this.#upstreamEnd.signal);
    // Ends in the middle are told by 'close'.
    answer.on('error', () => {});
    this.record.upstreamStatus = answer.statusCode ?? 0;
    this.record.upstreamAt = process.hrtime.bigint();
    this.#answeredUpstream.open();
    this.#around.changed();
    return answer;
  }

  async #passBack(answer: IncomingMessage): Promise<void> {
    // A black hole may have come while the API server was thinking.
    while (this.#withheld !== null && !this.#headMayPass && !this.#clientGone) await this.#withheld.opened;
    if (this.#clientGone) return this.#end();
    this.#answer = answer;
    this.record.status = answer.statusCode ?? 0;
    this.record.answered = process.hrtime.bigint();
    this.#response.writeHead(this.record.status, endToEnd(answer.rawHeaders) as OutgoingHttpHeaders);
    // A watch without events would otherwise keep its head back.
    this.#response.flushHeaders();
    // An answer that breaks off must not look whole.
    answer.on('close', () => {
      if (!answer.complete && this.record.ended === null) this.#around.reset();
    });
    if (this.#withheld === null) answer.pipe(this.#response);
    this.#around.changed();
  }

  /** No byte more goes to the client until `heal`. */
  withhold({ butHead = false } = {}): void {
    this.#headMayPass = butHead;
    this.#withheld ??= new Gate();
    this.#answer?.unpipe(this.#response);
    this.#answer?.pause();
  }

  /** Of a watch. */
  cut(how: 'end' | 'reset'): void {
    this.#answer?.unpipe(this.#response);
    if (how === 'end') this.#response.end();
    else this.#around.reset();
    this.#end();
  }

  /** Passes a held request on; false if there is none. Resolves when the API server has answered. */
  async deliver(): Promise<boolean> {
    if (!this.#held) return false;
    this.#held = false;
    this.#delivery.open();
    await this.#answeredUpstream.opened;
    return true;
  }

  heal(): void {
    this.#healed.open();
    if (this.#lost || this.#held) {
      this.#held = false;
      this.#around.reset();
      this.#end();
    } else if (this.#withheld !== null) {
      this.#withheld.open();
      this.#withheld = null;
      if (this.record.ended === null) this.#answer?.pipe(this.#response);
    }
  }

  abandon(): void {
    this.#healed.open();
    this.#end();
  }

  #reply(status: number, details: { retryAfter?: number; message?: string }): void {
    const { retryAfter } = details;
    this.record.status = status;
    this.record.answered = process.hrtime.bigint();
    this.#response.writeHead(status, {
      'content-type': 'application/json',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    });
    this.#response.end(statusBody(status, details));
    this.#around.changed();
  }

  /** Until then or until healed. */
  async #sleep(ms: number): Promise<void> {
    if (ms === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([passed, this.#healed.opened]);
    clearTimeout(timer);
  }

  /** The answer is over, or the client has gone: the latter takes nothing back that is late, held or to be lost. */
  #closed(): void {
    this.#clientGone = true;
    this.#withheld?.open();
    const onItsWay =
      this.record.fault === 'hold' || this.record.fault === 'delay' || this.record.fault === 'lose-reply';
    if (onItsWay && this.record.upstreamStatus === null && this.record.error === null) return;
    this.#end();
  }

  #end(): void {
    if (this.record.ended !== null) return;
    this.record.ended = process.hrtime.bigint();
    this.#upstreamEnd.abort();
    this.#around.changed();
    this.#around.over();
  }
}
