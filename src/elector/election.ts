/** Runs the machine on a LeaseApi and a Clock. Whatever is decided is decided in the machine. */
import type { LeaseApi } from '../lease/api.js';
import type { Micros } from '../lease/micro-time.js';
import type { Clock } from '../platform/clock.js';
import { ByHand } from './by-hand.js';
import { Calls, SuspendSensor, Timers, Watch } from './calls.js';
import { initialState, leadsFor, step } from './machine.js';
import type { Moment, Reading } from './moment.js';
import type { Tried } from './once.js';
import type { Effect, Input, Report } from './protocol.js';
import type { ElectorSettings } from './settings.js';
import type { ElectorState } from './state.js';
import { LiveTerm, NotLeader, type Term } from './term.js';
import { holderOf } from './turn.js';

export interface ElectionPorts {
  api: LeaseApi;
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
}

export interface ElectionListeners {
  /** Null: nobody leads, as far as is known. */
  onHolder?: (holder: string | null, previous: string | null) => void;
  onReport?: (report: Report) => void;
  /** A renewal of our term succeeded. */
  onRenewed?: () => void;
}

/** What is known without asking the server. */
export interface LeaderState {
  isLeader(): boolean;
  readonly holder: string | null;
  readonly remainingMs: number;
  /** Throws NotLeader. */
  check(): void;
  /** Of the machine, for probes and diagnosis. */
  readonly phase: ElectorState['phase']['name'];
}

interface Pending {
  resolve(term: Term): void;
  reject(error: unknown): void;
  withdraw(): void;
  signal: AbortSignal | undefined;
}

export class Election {
  readonly settings: ElectorSettings;
  readonly state: LeaderState;
  readonly #ports: ElectionPorts;
  readonly #listeners: ElectionListeners;
  readonly #calls: Calls;
  readonly #timers: Timers;
  readonly #sensor: SuspendSensor;
  readonly #byHand: ByHand;
  readonly #queue: Input[] = [];
  #machine: ElectorState;
  #watch: Watch | null = null;
  #busy = false;
  #term: LiveTerm | null = null;
  #pending: Pending | null = null;
  #trying = false;
  #whenStopped: (() => void)[] = [];

  constructor(settings: ElectorSettings, ports: ElectionPorts, listeners: ElectionListeners = {}) {
    this.settings = settings;
    this.#ports = ports;
    this.#listeners = listeners;
    this.#machine = initialState(settings);
    this.#calls = new Calls(ports.api, ports.clock);
    this.#timers = new Timers(ports.clock);
    this.#sensor = new SuspendSensor(ports.clock, () => this.#input({ type: 'woken' }));
    this.#byHand = new ByHand(ports.api, () => this.#moment());
    this.state = this.#handle();
  }

  /**
   * Resolves once this process leads. Rejects with the signal's reason when it is aborted first; by then nothing of ours
   * is left on the Lease, as far as the server could be asked.
   */
  acquire(options: { signal?: AbortSignal } = {}): Promise<Term> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const refusal = this.#refusal();
    if (refusal) return Promise.reject(new Error(refusal));
    return new Promise((resolve, reject) => {
      const withdraw = () => this.#input({ type: 'withdraw' });
      this.#pending = { resolve, reject, withdraw, signal };
      signal?.addEventListener('abort', withdraw, { once: true });
      this.#input({ type: 'compete' });
    });
  }

  /** Ends a term if there is one, frees the Lease once its work has ended, and is done for good. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#machine.phase.name === 'stopped') return resolve();
      this.#whenStopped.push(resolve);
      this.#input({ type: 'stop' });
    });
  }

  /**
   * Looks once and writes at most once. What it saw counts for the next time, so that calling it again and again takes
   * an expired Lease by S2. `ownIsOurs`: renew a record with our identity that another process may have written.
   */
  async tryAcquireOrRenew(options: { signal?: AbortSignal; ownIsOurs?: boolean } = {}): Promise<Tried> {
    if (this.#trying || this.#machine.phase.name !== 'resting') throw new Error('this election is competing already');
    this.#trying = true;
    try {
      const ownIsOurs = options.ownIsOurs ?? this.settings.identityMadeUp;
      const tried = await this.#byHand.tryOnce(this.#machine, ownIsOurs, options.signal);
      this.#machine = { ...this.#machine, sight: tried.sight };
      return tried.tried;
    } finally {
      this.#trying = false;
    }
  }

  #refusal(): string | undefined {
    if (this.#machine.stopAsked) return 'this election is closed';
    if (this.#pending || this.#trying) return 'this election is competing already';
    if (this.#machine.phase.name === 'leading') return 'this election leads already';
    if (this.#machine.working) return 'the work of the last term has not ended: call workStopped() on it first';
    return undefined;
  }

  #handle(): LeaderState {
    const remainingMs = () => this.#remainingMs();
    const holder = () => holderOf(this.#machine.sight.record);
    const phase = () => this.#machine.phase.name;
    return {
      isLeader: () => remainingMs() > 0,
      get holder() {
        return holder();
      },
      get remainingMs() {
        return remainingMs();
      },
      get phase() {
        return phase();
      },
      check: () => {
        if (remainingMs() <= 0) throw new NotLeader(holder());
      },
    };
  }

  /** S1, S6: from the clocks, at each question. */
  #remainingMs(): number {
    const now = this.#now();
    return Math.max(leadsFor(this.#machine, now), this.#byHand.remainingMs(this.#machine, now));
  }

  #now(): Reading {
    const { clock } = this.#ports;
    return { monoMs: clock.monoMs(), bootMs: clock.bootMs() };
  }

  #moment(): Moment {
    return { now: this.#now(), serverNow: this.#serverNow(), random: this.#ports.random() };
  }

  /** The middle of what is known; this machine's wall clock before the first answer. */
  #serverNow(): Micros {
    const known = this.#ports.api.serverTime();
    return known ? (known.earliest + known.latest) / 2n : this.#ports.clock.wallMicros();
  }

  #input(input: Input): void {
    this.#queue.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#busy = false;
    }
  }

  #step(input: Input): void {
    const before = this.#machine.phase;
    const { state, effects } = step(this.#machine, input, this.#moment());
    this.#machine = state;
    const { phase } = state;
    if (phase.name === 'leading' && before.name === 'leading' && phase.renewed.monoMs > before.renewed.monoMs) {
      this.#listeners.onRenewed?.();
    }
    for (const effect of effects) this.#perform(effect);
    this.#sensor.run(state.phase.name === 'leading' || (state.phase.name === 'draining' && state.working));
    if (this.#pending && !state.wanted && (state.phase.name === 'resting' || state.phase.name === 'stopped')) {
      this.#settle((pending) => pending.reject(pending.signal?.reason ?? new Error('this election was closed')));
    }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#calls.send(effect, (answer) => this.#input({ type: 'answer', id: effect.id, answer }));
        break;
      case 'abort':
        this.#calls.abort(effect.id);
        break;
      case 'timer':
        this.#timers.set(effect.purpose, effect.atMs, () => this.#input({ type: 'timer', purpose: effect.purpose }));
        break;
      case 'watch':
        this.#setWatch(effect.on);
        break;
      case 'elected':
        this.#term = this.#newTerm(effect);
        break;
      case 'claim':
        this.#term?.claim(effect.untilMs);
        break;
      case 'lost':
        this.#term?.lose(effect.reason);
        break;
      case 'stop-work':
        this.#term?.stopWork(effect.byMs, effect.kill);
        break;
      case 'ended':
        this.#term?.end(effect.release);
        this.#term = null;
        break;
      case 'holder':
        this.#listeners.onHolder?.(effect.holder, effect.previous);
        break;
      case 'report':
        this.#listeners.onReport?.(effect.report);
        break;
      case 'stopped':
        for (const resolve of this.#whenStopped.splice(0)) resolve();
    }
  }

  #newTerm(effect: Extract<Effect, { type: 'elected' }>): LiveTerm {
    const { phase } = this.#machine;
    const renewed = phase.name === 'leading' ? phase.renewed : this.#now();
    const term: LiveTerm = new LiveTerm(effect.term, renewed, {
      remainingMs: () => (this.#term === term ? leadsFor(this.#machine, this.#now()) : 0),
      renewed: () => this.#renewedBy(term),
      holder: () => holderOf(this.#machine.sight.record),
      monoMs: () => this.#ports.clock.monoMs(),
      stepDown: () => this.#input({ type: 'step-down' }),
      workStopped: () => this.#input({ type: 'work-stopped' }),
    });
    this.#settle((pending) => pending.resolve(term));
    return term;
  }

  #renewedBy(term: LiveTerm): Reading | null {
    const { phase } = this.#machine;
    return this.#term === term && phase.name === 'leading' ? phase.renewed : null;
  }

  #settle(how: (pending: Pending) => void): void {
    const pending = this.#pending;
    this.#pending = null;
    pending?.signal?.removeEventListener('abort', pending.withdraw);
    if (pending) how(pending);
  }

  #setWatch(on: boolean): void {
    this.#watch?.close();
    this.#watch = null;
    if (!on) return;
    const { namespace, name } = this.settings;
    this.#watch = new Watch(
      this.#ports.api,
      { namespace, name },
      {
        event: (event) => this.#input({ type: 'watch', event }),
        end: (failure) => this.#input({ type: 'watch-ended', failure }),
      },
    );
  }
}
