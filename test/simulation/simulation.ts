/** One run: nodes, server and troubles of one schedule in virtual time. */
import { leadsFor } from '../../src/elector/machine.js';
import { type Policy, PROMISED } from '../../src/elector/policy.js';
import { type LeaseRecord, specKey } from '../../src/lease/record.js';
import { Checker, type Fence } from './checker.js';
import { MachineClock } from './clock.js';
import { Node } from './node.js';
import { Random } from './random.js';
import type { Schedule } from './schedule.js';
import { Server, type Version } from './server.js';
import { plan } from './troubles.js';
import { World } from './world.js';

export interface Variant {
  policy?: Partial<Policy>;
  /** Every second machine's clocks run this much faster still. */
  rateFactor?: number;
}

export interface Result {
  seed: number;
  violations: string[];
  terms: number;
  steps: number;
  virtualMs: number;
}

/** No schedule needs more than this many events; one that does is spinning. */
const MOST_STEPS = 400_000;

export class Simulation {
  readonly schedule: Schedule;
  readonly world = new World();
  readonly random: Random;
  readonly server = new Server();
  readonly checker: Checker;
  readonly nodes: Node[];
  /** The network is healthy and nothing more goes wrong. */
  quiet = false;
  /** Who held the Lease when it was deleted last. */
  deletedUnder: Version | null = null;
  /** Of releases so far. */
  releases = 0;
  readonly #trace: string[] | null;

  constructor(schedule: Schedule, variant: Variant = {}, trace: string[] | null = null) {
    this.schedule = schedule;
    this.#trace = trace;
    this.random = new Random(schedule.seed ^ 0x5bd1e995);
    this.checker = new Checker(this);
    this.server.onVersion = (version, previous) => {
      this.log(`v${version.resourceVersion} ${version.type} by ${version.by}: ${version.record.holder}`);
      if (version.type === 'deleted') this.deletedUnder = previous?.record.holder ? previous : null;
      this.checker.versioned(version, previous);
      for (const node of this.nodes) node.watch.onVersion(version);
    };
    const policy = { ...PROMISED, ...variant.policy };
    this.nodes = schedule.nodes.map((node, i) => {
      const rate = node.rate * (i % 2 === 1 ? (variant.rateFactor ?? 1) : 1);
      return new Node(this, i, new MachineClock(rate, this.random.between(0, 1e6), this.random.between(-1, 1)), policy);
    });
  }

  run(): Result {
    const { world, schedule } = this;
    for (const node of this.nodes) world.after(this.random.between(0, 300), () => node.start());
    plan(this);
    const stop = () => world.steps > MOST_STEPS;
    world.run(schedule.lengthMs, stop);
    this.#heal();
    const leads = () => this.nodes.filter((one) => one.working && leadsFor(one.state, one.now()) > 0).length;
    const limitMs = world.nowMs + this.#recoveryMs();
    world.run(limitMs, () => stop() || leads() > 0);
    if (stop()) this.checker.broken('L3', 'the electors spin');
    else if (leads() === 0) this.checker.broken('L1', 'nobody leads although all is well');
    world.run(world.nowMs + schedule.durations.leaseDurationMs, stop);
    this.checker.overlap();
    const { violations, terms } = this.checker;
    return { seed: schedule.seed, violations, terms, steps: world.steps, virtualMs: world.nowMs };
  }

  #heal(): void {
    this.quiet = true;
    this.log('all is well');
    for (const node of this.nodes) {
      node.link.cutUntilMs = Math.min(node.link.cutUntilMs, this.world.nowMs);
      if (node.paused) node.resume();
      if (!node.alive) node.start();
    }
  }

  /** The dearest way back: a dead fence expires, its incumbent stands back, the next one polls. */
  #recoveryMs(): number {
    const { leaseDurationMs, retryPeriodMs, renewDeadlineMs } = this.schedule.durations;
    return 1.2 * (4 * leaseDurationMs + 4 * retryPeriodMs + 2 * renewDeadlineMs) + 5000;
  }

  keyOf(record: LeaseRecord): string {
    return `${record.uid} ${specKey(record)}`;
  }

  isIncumbents(fence: Fence, holder: string): boolean {
    return this.nodes.some((one) => one.author === fence.incumbent && one.identity === holder);
  }

  log(line: string): void {
    this.#trace?.push(`${this.world.nowMs.toFixed(1).padStart(9)} ${line}`);
  }
}
