/** Requests of one process: latency, loss, errors, outages. Replies come in any order; some come too late. */
import type { Reading } from '../../src/elector/moment.js';
import type { Purpose, Request } from '../../src/elector/protocol.js';
import type { Answer, ApiFailure } from '../../src/lease/api.js';
import type { LeaseRecord } from '../../src/lease/record.js';
import type { Node } from './node.js';

const TIMEOUT: ApiFailure = { kind: 'timeout', afterMs: 0, message: 'no answer' };
const REFUSED: ApiFailure = { kind: 'unreachable', server: 's', code: 'ECONNREFUSED', message: 'refused' };
const THROTTLED: ApiFailure = { kind: 'throttled', retryAfterMs: 1000, message: 'too many requests' };
const BROKEN: ApiFailure = { kind: 'server', status: 500, retryAfterMs: null, message: 'etcdserver: leader changed' };
const SLOW: ApiFailure = { kind: 'server', status: 504, retryAfterMs: null, message: 'timeout' };
const CONFLICT: ApiFailure = { kind: 'conflict', exists: false, message: 'spurious' };

/** One failure for the next request (`bumpy`). */
export type Hiccup = 'throttled' | 'broken' | 'slow' | 'lost' | 'reply-lost' | 'conflict';

export class Link {
  cutUntilMs = 0;
  cutRefuses = false;
  hiccup: Hiccup | null = null;
  readonly #node: Node;
  readonly #open = new Map<number, Reading>();

  constructor(node: Node) {
    this.#node = node;
  }

  get #cut(): boolean {
    return this.#node.sim.world.nowMs < this.cutUntilMs;
  }

  drop(): void {
    this.#open.clear();
  }

  abort(id: number): void {
    this.#open.delete(id);
    this.#node.timer(`request ${id}`, null);
  }

  latencyMs(): number {
    const { random, schedule, quiet } = this.#node.sim;
    const { latencyMs, slow } = schedule;
    if (!quiet && random.chance(slow.chance)) return random.between(0, slow.upToMs);
    return latencyMs * random.between(0.5, 1.5);
  }

  send(id: number, purpose: Purpose, request: Request, deadlineMs: number): void {
    const node = this.#node;
    const { world, random, schedule, quiet } = node.sim;
    const sent = node.now();
    this.#open.set(id, sent);
    node.timer(`request ${id}`, deadlineMs, () => this.#answer(id, { failure: TIMEOUT, mayHaveApplied: true }));
    const { hiccup } = this;
    this.hiccup = null;
    if (this.#cut && this.cutRefuses) {
      world.after(1, () => node.local(() => this.#answer(id, { failure: REFUSED, mayHaveApplied: false })));
      return;
    }
    if (hiccup === 'lost' || (!quiet && random.chance(schedule.loseRequest))) return;
    // In a black hole a request is lost, or arrives once the hole is gone.
    const arriveMs = this.#cut ? this.cutUntilMs + random.between(0, 300) : world.nowMs + this.latencyMs();
    if (this.#cut && random.chance(0.6)) return;
    const author = node.author;
    const inc = node.incarnation;
    world.at(arriveMs, () => this.#arrive({ id, purpose, request, author, inc, sent, hiccup }));
  }

  #arrive({ id, purpose, request, author, inc, sent, hiccup }: Sent): void {
    const node = this.#node;
    const { world, random, schedule, quiet, server } = node.sim;
    const error = !quiet && random.chance(schedule.error);
    const early =
      hiccup === 'throttled' ? THROTTLED : hiccup === 'broken' ? BROKEN : hiccup === 'conflict' ? CONFLICT : null;
    const failure = early ?? (error ? random.pick([THROTTLED, BROKEN, BROKEN]) : null);
    if (failure) {
      this.#reply(inc, id, { failure, mayHaveApplied: failure === BROKEN });
      return;
    }
    node.sim.checker.arrives(node, author, purpose, request, sent);
    const served = server.serve(request, author, world.nowMs);
    if (served.ok && request.verb !== 'get') node.sim.checker.wrote(node, author, purpose, served.record, sent);
    if (hiccup === 'reply-lost' || (!quiet && random.chance(schedule.loseReply))) return;
    if (hiccup === 'slow' || (!quiet && random.chance(schedule.error / 4))) {
      this.#reply(inc, id, { failure: SLOW, mayHaveApplied: true });
      return;
    }
    if (served.ok) this.#reply(inc, id, { record: served.record });
    else this.#reply(inc, id, { failure: served.failure, mayHaveApplied: false });
  }

  #reply(inc: number, id: number, result: Result): void {
    const node = this.#node;
    const { world, random } = node.sim;
    if (this.#cut && random.chance(0.6)) return;
    const atMs = this.#cut ? this.cutUntilMs + random.between(0, 300) : world.nowMs + this.latencyMs();
    world.at(atMs, () => {
      if (node.incarnation === inc) node.local(() => this.#answer(id, result));
    });
  }

  #answer(id: number, result: Result): void {
    const node = this.#node;
    const sent = this.#open.get(id);
    if (!sent) return;
    this.#open.delete(id);
    node.timer(`request ${id}`, null);
    const times = { sentMs: sent.monoMs, receivedMs: node.now().monoMs };
    let answer: Answer<LeaseRecord>;
    if ('record' in result) {
      const key = node.sim.keyOf(result.record);
      node.delivered(result.record, key);
      answer = { ok: true, value: result.record, times };
    } else answer = { ok: false, failure: result.failure, mayHaveApplied: result.mayHaveApplied, times };
    node.input({ type: 'answer', id, answer });
  }
}

interface Sent {
  id: number;
  purpose: Purpose;
  request: Request;
  author: string;
  /** Which process of the node asks; a reply to a dead one reaches nobody. */
  inc: number;
  sent: Reading;
  hiccup: Hiccup | null;
}

type Result = { record: LeaseRecord } | { failure: ApiFailure; mayHaveApplied: boolean };
