/** Runs procedures on ports: watch, requests, journal, timers in; effects out. One session watches one Lease. */
import type { Answer, LeaseRef } from '../../lease/api.js';
import type { LeaseRecord } from '../../lease/record.js';
import { LeaseView } from '../lease-view.js';
import type { OperationPorts } from '../ports.js';
import type { Effect, Input, Procedure, Question, Told } from './procedure.js';
import type { Step } from './steps.js';

export interface SessionOptions {
  onStep?: ((step: Step) => void) | undefined;
  /**
   * Called at each point where a kill would leave another state: `put#1:before`, `put#1:sent`, `put#1:answered`,
   * `journal-begin#1:before` and so on. For tests that stop the process there (KLE_TEST_STOP_AT).
   */
  onPoint?: ((point: string) => void) | undefined;
}

interface Running {
  resume(input: Input): void;
}

export class Session {
  readonly view: LeaseView;
  readonly steps: Step[] = [];
  readonly #ports: OperationPorts;
  readonly #options: SessionOptions;
  readonly #closing = new AbortController();
  readonly #flights = new Map<number, AbortController>();
  readonly #counts = new Map<string, number>();
  readonly #queue: Input[] = [];
  readonly #interrupt = () => this.#input({ type: 'interrupt' });
  #running: Running | null = null;
  #busy = false;
  #cancelTimer = () => {};

  /** Begins to watch at once; what comes between two procedures is not lost. */
  constructor(ref: LeaseRef, ports: OperationPorts, options: SessionOptions = {}) {
    this.#ports = ports;
    this.#options = options;
    this.view = new LeaseView(ref, ports.clock.monoMs());
    if (ports.signal.aborted) this.view.interrupts = 1;
    else ports.signal.addEventListener('abort', this.#interrupt, { once: true });
    void this.#watch(ref);
  }

  /** One at a time. */
  run<T>(procedure: Procedure<T>): Promise<T> {
    if (this.#running) throw new Error('a procedure is running already');
    return new Promise((resolve, reject) => {
      this.#running = {
        resume: (input) => {
          try {
            const { done, value } = procedure.next(input);
            this.#flush();
            if (done) {
              this.#end();
              resolve(value);
            } else this.#wakeAt(value);
          } catch (error) {
            this.#end();
            reject(error);
          }
        },
      };
      // The first input to a generator is not seen by it; what it asks for comes out.
      this.#input({ type: 'begin' });
    });
  }

  close(): void {
    this.#end();
    this.#ports.signal.removeEventListener('abort', this.#interrupt);
    this.#closing.abort();
    for (const flight of this.#flights.values()) flight.abort();
  }

  #end(): void {
    this.#running = null;
    this.#cancelTimer();
  }

  async #watch({ namespace, name }: LeaseRef): Promise<void> {
    for await (const event of this.#ports.leases.watch({ namespace, name }, { signal: this.#closing.signal })) {
      this.#input({ type: 'event', event });
    }
    if (!this.#closing.signal.aborted) this.#input({ type: 'watch-ended', failure: this.view.watchFailure });
  }

  #input(input: Input): void {
    this.#queue.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        this.view.take(next, this.#ports.clock.monoMs(), this.#ports.leases.serverTime());
        this.#cancelTimer();
        this.#running?.resume(next);
      }
    } finally {
      this.#busy = false;
    }
  }

  #wakeAt(atMs: number | null): void {
    this.#cancelTimer();
    if (atMs === null) return;
    const { clock } = this.#ports;
    this.#cancelTimer = clock.timer(Math.max(0, atMs - clock.monoMs()), () => this.#input({ type: 'timer' }));
  }

  #flush(): void {
    for (const effect of this.view.outbox.splice(0)) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case 'tell':
        this.steps.push(effect.step);
        this.#options.onStep?.(effect.step);
        return;
      case 'abort':
        this.#flights.get(effect.id)?.abort();
        return;
      case 'put':
      case 'get':
        this.#request(effect);
        return;
      case 'ask':
        return void this.#ask(effect.question).then((told) => this.#input({ type: 'told', id: effect.id, told }));
      default:
        return void this.#journal(effect);
    }
  }

  #request(effect: Extract<Effect, { do: 'put' | 'get' }>): void {
    const point = this.#point(effect.do);
    const flight = new AbortController();
    this.#flights.set(effect.id, flight);
    const options = { signal: flight.signal, timeoutMs: effect.timeoutMs };
    const { leases } = this.#ports;
    point('before');
    const answered = effect.do === 'put' ? leases.replace(effect.lease, options) : leases.get(this.view.ref, options);
    point('sent');
    void answered.then((answer: Answer<LeaseRecord>) => {
      this.#flights.delete(effect.id);
      point('answered');
      this.#input({ type: 'answer', id: effect.id, answer });
    });
  }

  async #journal(
    effect: Extract<Effect, { do: 'journal-begin' | 'journal-sending' | 'journal-settle' }>,
  ): Promise<void> {
    const { journal } = this.#ports;
    const point = this.#point(effect.do);
    point('before');
    const result = await (journal === null
      ? ({ ok: true } as const)
      : effect.do === 'journal-begin'
        ? journal.begin(effect.operation)
        : effect.do === 'journal-sending'
          ? journal.sending(effect.operation)
          : journal.settle(effect.operation).then(() => ({ ok: true }) as const));
    point('answered');
    this.#input({ type: 'journal', id: effect.id, result });
  }

  async #ask(question: Question): Promise<Told> {
    const { pods, events, requestMs } = this.#ports;
    const options = { signal: this.#closing.signal, timeoutMs: requestMs };
    if (question.ask === 'events') {
      if (!events) throw new Error('a question about Events without a port for it');
      return { ask: 'events', answer: await events.about(question.lease, options) };
    }
    if (!pods) throw new Error('a question about Pods without a port for it');
    switch (question.ask) {
      case 'pod':
        return { ask: 'pod', answer: await pods.get(question.ref, options) };
      case 'node-ready':
        return { ask: 'node-ready', answer: await pods.nodeReady(question.name, options) };
      case 'evict': {
        const point = this.#point('evict');
        point('before');
        const answer = await pods.evict(question.pod, options);
        point('answered');
        return { ask: 'evict', answer };
      }
    }
  }

  #point(what: string): (when: string) => void {
    const n = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, n);
    return (when) => this.#options.onPoint?.(`${what}#${n}:${when}`);
  }
}
