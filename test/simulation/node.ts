/** One process that wants to lead: the real machine, a worker that may live only while it leads, and a poor network. */

import { initialState, step } from '../../src/elector/machine.js';
import type { Moment, Reading } from '../../src/elector/moment.js';
import type { Policy } from '../../src/elector/policy.js';
import type { Effect, Input, TimerPurpose } from '../../src/elector/protocol.js';
import { type ElectorSettings, settingsOf } from '../../src/elector/settings.js';
import type { ElectorState } from '../../src/elector/state.js';
import type { LeaseRecord } from '../../src/lease/record.js';
import type { MachineClock } from './clock.js';
import { Link } from './link.js';
import type { Simulation } from './simulation.js';
import { WatchLink } from './watch-link.js';

/** The sensor for suspends looks this often, and killing takes no longer than that (S8: 50 ms in all). */
const SENSE_MS = 35;
const KILL_MS = 8;

export class Node {
  readonly index: number;
  readonly sim: Simulation;
  readonly clock: MachineClock;
  readonly policy: Policy;
  readonly link: Link;
  readonly watch: WatchLink;
  incarnation = 0;
  identity = '';
  state: ElectorState;
  alive = false;
  paused = false;
  suspended = false;
  /** True facts about the worker, which the machine only hears of. */
  working = false;
  term = 0;
  /** A worker just woken may act until then (S8). */
  graceUntilMs = 0;
  /** Somebody whom no promise covers took or freed this node's Lease. */
  robbed = false;
  stoppedForGood = false;
  /** When each key was first delivered, monotonic. */
  readonly firstSeen = new Map<string, number>();
  lastHeld: { resourceVersion: number; sinceMs: number; durationMs: number } | null = null;
  lastSeenVersion = 0;
  readonly uidsSeen = new Map<string, number>();
  readonly fencesSeen = new Set<string>();
  /** When it last became leader, monotonic. */
  electedMs = Number.NEGATIVE_INFINITY;
  /** Both clocks when writes left that the server has applied under our name. */
  readonly applied: Reading[] = [];
  #backlog: (() => void)[] = [];
  /** Runs again and has not come to its messages yet. */
  #deaf = false;
  #timers = new Map<string, { atMono: number; run: () => void }>();

  constructor(sim: Simulation, index: number, clock: MachineClock, policy: Policy) {
    this.sim = sim;
    this.index = index;
    this.clock = clock;
    this.policy = policy;
    this.state = initialState(this.#settings(), policy);
    this.link = new Link(this);
    this.watch = new WatchLink(this);
  }

  get spec() {
    return this.sim.schedule.nodes[this.index] as Simulation['schedule']['nodes'][number];
  }

  /** Names this very process to the checker. */
  get author(): string {
    return `n${this.index}#${this.incarnation}`;
  }

  #settings(): ElectorSettings {
    const { identityMadeUp, identity } = { identityMadeUp: this.spec.madeUp, identity: this.identity };
    const { releaseOnStop } = this.spec;
    return settingsOf(
      { namespace: 'ns', name: 'l', identity, identityMadeUp, releaseOnStop },
      this.sim.schedule.durations,
    );
  }

  start(): void {
    this.incarnation++;
    this.identity = this.spec.madeUp ? `${this.spec.identity}_${this.incarnation}` : this.spec.identity;
    this.state = initialState(this.#settings(), this.policy);
    this.alive = true;
    this.robbed = false;
    this.firstSeen.clear();
    this.fencesSeen.clear();
    this.electedMs = Number.NEGATIVE_INFINITY;
    this.uidsSeen.clear();
    this.applied.length = 0;
    this.lastHeld = null;
    this.lastSeenVersion = 0;
    this.input({ type: 'compete' });
  }

  /** Supervisor and child are gone at once. */
  crash(): void {
    if (!this.alive) return;
    this.sim.log(`${this.author} crashes`);
    this.#end();
  }

  #end(): void {
    this.alive = false;
    this.working = false;
    this.#backlog = [];
    this.#deaf = false;
    this.#timers.clear();
    this.watch.close();
    this.link.drop();
    const inc = this.incarnation;
    const { random } = this.sim;
    const backMs = random.chance(0.2) ? random.between(0, 50) : random.between(0, 3000);
    this.sim.world.after(backMs, () => {
      if (this.incarnation === inc && !this.paused) this.start();
    });
  }

  /** SIGSTOP of everything, or a suspend of the machine. */
  pause(suspend: boolean): void {
    if (!this.alive || this.paused) return;
    this.sim.log(`${this.author} ${suspend ? 'suspended' : 'paused'}`);
    this.paused = true;
    this.suspended = suspend;
    if (suspend) this.clock.suspend(this.sim.world.nowMs);
  }

  resume(): void {
    if (!this.paused) return;
    const { suspended } = this;
    const { world, random, checker } = this.sim;
    this.paused = false;
    this.clock.resume(world.nowMs);
    this.sim.log(`${this.author} resumes`);
    this.graceUntilMs = world.nowMs + 50;
    world.after(50.001, () => checker.overlap());
    // A connection may or may not have outlived a suspend.
    if (suspended && random.chance(0.5)) {
      this.#backlog = [];
      this.watch.break();
    }
    // Timers or messages first: either is possible.
    if (random.chance(0.5)) this.#catchUp();
    else {
      this.#deaf = true;
      world.after(random.between(0, 30), () => this.#catchUp());
    }
    for (const [key, timer] of [...this.#timers]) this.#arm(key, timer);
    // A timer like any other: due at once if the process is stopped again meanwhile.
    const senseMs = this.now().monoMs + random.between(0, SENSE_MS);
    if (suspended) this.timer('sensor', senseMs, () => this.input({ type: 'woken' }));
  }

  #catchUp(): void {
    if (this.paused) return;
    this.#deaf = false;
    const messages = this.#backlog;
    this.#backlog = [];
    for (const run of messages) this.local(run);
  }

  /** Runs now, or when the process runs again. */
  local(run: () => void): void {
    if (!this.alive) return;
    if (this.paused || this.#deaf) this.#backlog.push(run);
    else run();
  }

  now(): Reading {
    return this.clock.read(this.sim.world.nowMs);
  }

  /** By the process's own clock, and late by a little. */
  timer(key: string, atMono: number | null, run: () => void = () => {}): void {
    if (atMono === null) {
      this.#timers.delete(key);
      return;
    }
    const timer = { atMono, run };
    this.#timers.set(key, timer);
    this.#arm(key, timer);
  }

  #arm(key: string, timer: { atMono: number; run: () => void }) {
    if (this.paused) return;
    const lateMs = 0.001 + 2 * this.sim.random.next();
    this.sim.world.at(this.clock.trueOf(timer.atMono) + lateMs, () => {
      if (this.paused || this.#timers.get(key) !== timer) return;
      // Armed before a suspend: not due yet.
      if (this.now().monoMs < timer.atMono) return this.#arm(key, timer);
      this.#timers.delete(key);
      timer.run();
    });
  }

  input(input: Input): void {
    if (!this.alive) return;
    const { world, random, checker } = this.sim;
    const serverNow = this.clock.wallMicros(world.nowMs);
    const moment: Moment = { now: this.now(), serverNow, random: random.next() };
    const { state, effects } = step(this.state, input, moment);
    this.state = state;
    for (const effect of effects) this.#perform(effect);
    checker.stepped(this, moment.now);
  }

  #perform(effect: Effect) {
    const { checker } = this.sim;
    switch (effect.type) {
      case 'send':
        this.sim.log(`${this.author} sends ${effect.purpose}`);
        checker.sends(this, effect);
        return this.link.send(effect.id, effect.purpose, effect.request, effect.deadlineMs);
      case 'abort':
        return this.link.abort(effect.id);
      case 'timer':
        return this.timer(effect.purpose, effect.atMs, () => this.#fire(effect.purpose));
      case 'watch':
        return effect.on ? this.watch.open() : this.watch.close();
      case 'elected':
        this.sim.log(`${this.author} elected ${effect.term.token}`);
        this.working = true;
        this.term++;
        this.electedMs = this.now().monoMs;
        return checker.elected(this, effect.term.token);
      case 'lost':
        return checker.lost(this, effect.reason);
      case 'stop-work':
        return this.#stopWork(effect.byMs, effect.kill);
      case 'ended':
        this.sim.log(`${this.author} ended ${effect.release}`);
        return this.#wantAgain();
      case 'stopped':
        this.sim.log(`${this.author} stopped`);
        return this.#end();
      default:
    }
  }

  #fire(purpose: TimerPurpose): void {
    this.input({ type: 'timer', purpose });
  }

  #stopWork(byMs: number, kill: boolean): void {
    const { world, random } = this.sim;
    const { term, incarnation: inc } = this;
    this.sim.log(`${this.author} stop-work kill=${kill} leaves ${Math.round(byMs - this.now().monoMs)}`);
    const dead = () => {
      if (this.incarnation !== inc || this.term !== term || !this.working) return;
      // The child is not gone while it is stopped: it dies when the machine goes on.
      if (this.paused) {
        world.after(1, dead);
        return;
      }
      this.working = false;
      this.sim.log(`${this.author} work dead`);
      this.sim.checker.workEnded(this);
      this.input({ type: 'work-stopped' });
    };
    if (kill) world.after(random.between(0, KILL_MS), dead);
    // Some work ends at once, some takes its grace to the end and must be killed.
    else if (random.chance(0.6))
      this.timer('work', this.now().monoMs + random.next() * (byMs - this.now().monoMs), dead);
  }

  #wantAgain(): void {
    if (this.state.stopAsked) return;
    this.timer('again', this.now().monoMs + this.sim.random.between(0, 200), () => this.input({ type: 'compete' }));
  }

  /** What the checker knows of this process's own knowledge. */
  delivered(record: LeaseRecord, key: string): void {
    const { monoMs } = this.now();
    if (!this.firstSeen.has(key)) this.firstSeen.set(key, monoMs);
    if (!this.uidsSeen.has(record.uid ?? '')) this.uidsSeen.set(record.uid ?? '', monoMs);
    const resourceVersion = Number(record.resourceVersion);
    if (resourceVersion < this.lastSeenVersion) return;
    this.lastSeenVersion = resourceVersion;
    if (record.holder?.startsWith('kle/')) this.fencesSeen.add(record.holder.slice(4));
    const durationMs = (record.leaseDurationSeconds ?? 0) * 1000;
    const sinceMs = this.firstSeen.get(key) ?? monoMs;
    this.lastHeld = record.holder ? { resourceVersion, sinceMs, durationMs } : null;
  }

  lastRenewalAge(): number {
    if (this.applied.length === 0) return 0;
    const { bootMs } = this.now();
    // The last one sent need not be the last one that arrived.
    return Math.min(...this.applied.slice(-8).map((sent) => bootMs - sent.bootMs));
  }
}
