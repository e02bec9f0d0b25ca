/** `kle release` as STEP-DOWN describes it: fence, wait, free or hand over. Its requests take no time. */
import { formatMicroTime } from '../../src/lease/micro-time.js';
import { type Amendment, amend } from '../../src/lease/record.js';
import { stopWaitMs } from '../../src/lease/timing.js';
import type { Simulation } from './simulation.js';

export function releaseByFence(sim: Simulation): void {
  const { current } = sim.server;
  const incumbent = sim.nodes.find((one) => one.author === current?.by);
  if (!current?.record.holder || !incumbent || current.record.holder !== incumbent.identity) return;
  new Release(sim, incumbent.author).fence();
}

class Release {
  readonly #sim: Simulation;
  readonly #id: string;
  readonly #incumbent: string;
  readonly #waitMs: number;
  readonly #endMs: number;
  readonly #previous: Record<string, unknown>;
  readonly #to: string | null;

  constructor(sim: Simulation, incumbent: string) {
    const { leaseDurationMs, retryPeriodMs } = sim.schedule.durations;
    this.#sim = sim;
    this.#id = `r${String(sim.releases++).padStart(9, '0')}`;
    this.#incumbent = incumbent;
    const slowestMs = retryPeriodMs / Math.min(...sim.nodes.map((one) => one.clock.rate));
    this.#waitMs = stopWaitMs({ leaseDurationMs, renewPeriodMs: slowestMs });
    this.#endMs = sim.world.nowMs + this.#waitMs;
    this.#previous = { ...sim.server.current?.record.raw.spec };
    const others = sim.nodes.filter(
      (one) => one.author !== incumbent && one.identity !== this.#previous.holderIdentity,
    );
    this.#to = others.length > 0 && sim.random.chance(0.4) ? sim.random.pick(others).identity : null;
  }

  get #holds(): boolean {
    return this.#sim.server.current?.record.holder === `kle/${this.#id}`;
  }

  fence(): void {
    const { current } = this.#sim.server;
    const durationMs = Math.ceil(this.#waitMs / 1000) * 1000;
    this.#sim.checker.fence = {
      id: this.#id,
      incumbent: this.#incumbent,
      acquireTime: current?.record.acquireTime ?? null,
      sinceMs: this.#sim.world.nowMs,
      renewedMs: this.#sim.world.nowMs,
      durationMs,
      endedMs: null,
    };
    this.#write({
      holderIdentity: `kle/${this.#id}`,
      leaseDurationSeconds: durationMs / 1000,
      leaseTransitions: (current?.record.transitions ?? 0) + 1,
      ...this.#times(),
    });
    this.#keep();
  }

  #keep(): void {
    const { world, random, schedule, server } = this.#sim;
    const everyMs = Math.min(schedule.durations.retryPeriodMs, schedule.durations.leaseDurationMs / 5);
    world.after(random.between(0.5, 1) * everyMs, () => {
      if (!this.#holds) return;
      const stopped = server.current?.record.annotations['kle.dev/stopped'] === this.#id;
      if (schedule.releaseCrashes && random.chance(0.05)) return this.#interrupted(stopped);
      if (stopped || world.nowMs >= this.#endMs) return this.#free(stopped);
      this.#write(this.#times());
      const { fence } = this.#sim.checker;
      if (fence?.id === this.#id) fence.renewedMs = world.nowMs;
      this.#keep();
    });
  }

  #free(stopped: boolean): void {
    const { schedule, checker, world } = this.#sim;
    if (schedule.weather === 'calm' && !stopped && schedule.crashes + schedule.stops === 0) {
      checker.broken('L4', 'the incumbent did not say that it had stopped');
    }
    if (checker.fence?.id === this.#id) checker.fence.endedMs = world.nowMs;
    if (this.#to === null) this.#write({ holderIdentity: '', leaseDurationSeconds: 1, ...this.#times() }, null);
    else this.#handOver(this.#to);
  }

  #handOver(to: string): void {
    const { world, schedule, server } = this.#sim;
    this.#write({ holderIdentity: to, leaseDurationSeconds: this.#seconds(), ...this.#times() }, 'handover');
    const key = server.current?.key;
    world.after(2 * schedule.durations.leaseDurationMs, () => {
      if (server.current?.key === key) this.#write({ holderIdentity: '', leaseDurationSeconds: 1 }, null);
    });
  }

  /** Killed, or put back by `kle undo`. */
  #interrupted(stopped: boolean): void {
    const { random, checker, world } = this.#sim;
    if (random.chance(0.5)) return;
    if (checker.fence?.id === this.#id) checker.fence.endedMs = world.nowMs;
    if (stopped) this.#write({ holderIdentity: '', leaseDurationSeconds: 1, ...this.#times() }, null);
    else {
      const back = { holderIdentity: String(this.#previous.holderIdentity), leaseDurationSeconds: this.#seconds() };
      this.#write({ ...back, renewTime: this.#times().renewTime }, null);
    }
  }

  #seconds(): number {
    return Number(this.#previous.leaseDurationSeconds);
  }

  #times(): { acquireTime: string; renewTime: string } {
    const now = formatMicroTime(1_790_000_000_000_000n + BigInt(Math.floor(this.#sim.world.nowMs * 1000)));
    return { acquireTime: now, renewTime: now };
  }

  #write(spec: NonNullable<Amendment['spec']>, phase: 'fence' | 'handover' | null = 'fence'): void {
    const { server, world } = this.#sim;
    const { current } = server;
    if (!current) return;
    const mark = JSON.stringify({ id: this.#id, verb: 'release', phase, previous: { spec: this.#previous } });
    const keeps = phase === 'fence' && this.#holds;
    const annotations = { 'kle.dev/operation': phase ? mark : null, ...(keeps ? {} : { 'kle.dev/stopped': null }) };
    server.serve({ verb: 'replace', lease: amend(current.record, { spec, annotations }) }, 'kle', world.nowMs);
  }
}
