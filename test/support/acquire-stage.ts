/** One round of the proof: three `kle acquire` with workers on one Lease, one fault, and what must hold of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Acquiring, endAll, membersOf, tryKill, worker } from './acquire-run.js';
import type { LeaseLook, LeaseWatch, Stranger } from './acquire-watch.js';
import type { WallClock } from './faketime.js';
import type { FaultClient } from './fault-proxy.js';
import { assertWork, intervalsOf, marksOfHolders, ms, overlapsOf, parseWork, type Unit } from './worker-log.js';

export interface Timing {
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly retryMs: number;
}

export const drainOf = ({ leaseMs, renewMs }: Timing): number => (leaseMs - renewMs) / 2;
/** S1: from the last renewal to the death of the work. */
export const stopBoundOf = (timing: Timing): number => timing.renewMs + drainOf(timing) + 250;

export interface Contender {
  readonly identity: string;
  readonly run: Acquiring;
  readonly network: FaultClient | undefined;
  readonly wall: WallClock | undefined;
}

/** Deterministic, by a seed. */
export type Random = () => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** For a loaded machine; no promise of kle's. */
export const SLACK_MS = 400;

export interface StageOptions {
  readonly lease: string;
  readonly folder: string;
  readonly kubeconfig: string;
  readonly timing: Timing;
  readonly random: Random;
  readonly stranger: Stranger;
  readonly network?: (name: string) => Promise<FaultClient>;
  readonly wall?: () => Promise<WallClock>;
}

export class Stage {
  readonly lease: string;
  readonly timing: Timing;
  readonly random: Random;
  readonly stranger: Stranger;
  readonly contenders: Contender[] = [];
  /** Figures that the round came to, by name, in ms. */
  readonly figures: Record<string, number> = {};
  /** Work that a paused process may do when it wakes (S8). */
  readonly excused: { identity: string; from: bigint; to: bigint }[] = [];
  readonly notes: string[] = [];
  readonly #options: StageOptions;
  readonly #file: string;
  readonly #problems: string[] = [];
  readonly #foreign = new Set<string>();
  #watch: LeaseWatch | undefined;
  #writing = false;
  #manners = '';

  constructor(options: StageOptions) {
    this.#options = options;
    this.lease = options.lease;
    this.timing = options.timing;
    this.random = options.random;
    this.stranger = options.stranger;
    this.#file = join(options.folder, `${options.lease}.work`);
  }

  get ignoresTerm(): boolean {
    return this.notes.includes('worker ignore-term');
  }

  get watch(): LeaseWatch {
    if (!this.#watch) throw new Error('the stage is not open');
    return this.#watch;
  }

  /** How workers take TERM differs from round to round. */
  async open(count = 3, given?: string): Promise<void> {
    this.#watch = await this.stranger.watch(this.lease);
    this.#watch.onLook = (look, before) => this.#checkRelease(look, before);
    const drain = Math.floor(this.between(0, drainOf(this.timing) * 0.6));
    this.#manners = given ?? (this.random() < 0.25 ? 'ignore-term' : `drain=${drain}`);
    this.notes.push(`worker ${this.#manners}`);
    for (const identity of ['a', 'b', 'c', 'd'].slice(0, count))
      await this.#add(identity, await this.#options.wall?.());
  }

  /** One more, with clocks of its own; those of its work are real. */
  join(identity: string, clocks: WallClock): Promise<Contender> {
    return this.#add(identity, clocks, ['env', '-u', 'LD_PRELOAD']);
  }

  /** Whoever holds the Lease and works. */
  async leader(since = 0n, but?: Contender): Promise<Contender> {
    const look = await this.watch.until(
      ({ holder }) => this.contenders.some((one) => one.identity === holder && one !== but),
      but ? `holder other than ${but.identity}` : 'holder',
      { since, timeoutMs: 4 * this.timing.leaseMs + 10_000 },
    );
    const contender = this.contenders.find(({ identity }) => identity === look.holder);
    if (!contender) throw new Error('a holder is a contender');
    await contender.run.until(
      () => this.units().find((unit) => unit.identity === look.holder && unit.mono >= since),
      `work of ${look.holder}`,
    );
    await contender.run.command();
    return contender;
  }

  /** Resolves with the first claim of somebody else after `since`, once that one works. */
  async successor(old: Contender, since: bigint): Promise<{ contender: Contender; claimed: bigint }> {
    const contender = await this.leader(since, old);
    const claim = this.watch.looks.find(({ mono, holder }) => mono >= since && holder === contender.identity);
    return { contender, claimed: claim?.mono ?? 0n };
  }

  /** The same one goes on: so many further renewals of the same term. */
  async keeps(leader: Contender, renewals = 5): Promise<void> {
    const since = process.hrtime.bigint();
    const before = this.watch.looks.findLast(({ holder }) => holder === leader.identity);
    let seen = 0;
    let last = before?.renewTime ?? null;
    const end = await this.watch.until(
      (look) => {
        if (look.holder !== leader.identity) return look.holder !== '';
        if (look.renewTime !== last) seen += 1;
        last = look.renewTime;
        return seen >= renewals;
      },
      `${renewals} renewals of ${leader.identity}`,
      { since },
    );
    const changed = end.holder !== leader.identity || end.transitions !== before?.transitions;
    if (changed) throw new Error(`${leader.identity} was to keep the Lease, and ${end.holder} has it`);
    if (leader.run.ended) throw new Error(`${leader.identity} was to keep the Lease, and has ended`);
  }

  /** When the last look at the Lease in the hands of that one came, ns. */
  lastRenewal(contender: Contender): bigint {
    return this.watch.looks.findLast(({ holder }) => holder === contender.identity)?.mono ?? 0n;
  }

  /** A write to the Lease by a stranger; the watch may tell of it before its answer is here. */
  async foreign(change: { spec?: unknown; metadata?: unknown }): Promise<bigint> {
    this.#writing = true;
    const written = await this.stranger.patch(this.lease, change);
    this.#foreign.add(written.metadata.resourceVersion ?? '');
    this.#writing = false;
    return process.hrtime.bigint();
  }

  /** A moment that nobody can foresee, so that a fault meets every phase. */
  moment(maxMs = this.timing.retryMs * 1.2): Promise<void> {
    return this.last(this.between(0, maxMs));
  }

  /** How long a fault lasts. */
  last(durationMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, durationMs));
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.random() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  others(contender: Contender): Contender[] {
    return this.contenders.filter((one) => one !== contender);
  }

  units(): Unit[] {
    return existsSync(this.#file) ? parseWork(readFileSync(this.#file, 'utf8')) : [];
  }

  /** Ends all, and judges. */
  async close(allowOverlapMs: number, about: string): Promise<void> {
    for (const { network } of this.contenders) await network?.heal();
    // The holder last, so that nobody begins to lead in this very moment.
    const inOrder = [...this.contenders].sort((a, b) => Number(this.#holds(a)) - Number(this.#holds(b)));
    for (const { run } of inOrder) await this.#end(run);
    const left = this.contenders.flatMap(({ run }) => run.left());
    if (left.length > 0) this.#problems.push(`processes left behind: ${left.join(', ')}`);
    await this.abandon();
    const units = this.units();
    const overlaps = overlapsOf(intervalsOf(units));
    this.figures.overlap = Math.max(0, ...overlaps.map((one) => one.ms));
    this.#checkStopBound(units);
    const marks = marksOfHolders(this.watch.looks, (look) => this.#byHolder(look as LeaseLook));
    assertWork(units, { allowOverlapMs, tokens: true, marks }, `${about}; ${this.notes.join('; ')}`);
    if (this.#problems.length > 0) throw new Error(`${about}; ${this.notes.join('; ')}:\n${this.#problems.join('\n')}`);
  }

  /** Leaves nothing behind, however the round went. */
  async abandon(): Promise<void> {
    this.#watch?.close();
    await endAll();
    for (const { wall, network } of this.contenders) await Promise.all([wall?.remove(), network?.close()]);
  }

  describe(): string {
    return this.contenders.map(({ run }) => run.describe()).join('\n');
  }

  async #add(identity: string, wall: WallClock | undefined, through: readonly string[] = []): Promise<Contender> {
    const { leaseMs, renewMs, retryMs } = this.timing;
    const network = await this.#options.network?.(`${this.lease}-${identity}`);
    const run = new Acquiring(
      [
        this.lease,
        `--identity=${identity}`,
        `--lease-duration=${leaseMs}ms`,
        `--renew-deadline=${renewMs}ms`,
        `--retry-period=${retryMs}ms`,
        '--',
        ...through,
        ...worker(this.#file, this.#manners),
      ],
      { kubeconfig: network?.kubeconfig ?? this.#options.kubeconfig, ...(wall && { env: wall.env }) },
    );
    const contender = { identity, run, network, wall };
    this.contenders.push(contender);
    return contender;
  }

  #holds({ identity }: Contender): boolean {
    return this.watch.holder === identity;
  }

  async #end(run: Acquiring): Promise<void> {
    run.signal('SIGCONT');
    run.signal('SIGTERM');
    const command = this.ignoresTerm ? run.commandPid() : undefined;
    // TERM is the command's to answer: kle passes it on and waits.
    if (command !== undefined) tryKill(command, 'SIGKILL');
    await run.until(() => run.ended, 'its end', 20_000);
  }

  #byHolder(look: LeaseLook): boolean {
    return look.type !== 'DELETED' && !this.#foreign.has(look.resourceVersion);
  }

  /** S4, looked at in the moment when the release is seen: nothing of the command may be there. */
  #checkRelease(look: LeaseLook, before: LeaseLook | undefined): void {
    if (look.holder !== '' || !before || before.holder === '' || this.#writing || !this.#byHolder(look)) return;
    const contender = this.contenders.find(({ identity }) => identity === before.holder);
    const members = contender ? membersOf(contender.run.groups()) : [];
    if (members.length > 0) {
      this.#problems.push(`${before.holder} released the Lease while ${members.join(', ')} of its command lived`);
    }
  }

  /** S1: a unit of work is never further from a renewal than R + D + 0.25 s. */
  #checkStopBound(units: readonly Unit[]): void {
    const boundMs = stopBoundOf(this.timing);
    const renewals = new Map(
      this.contenders.map(({ identity }) => [
        identity,
        this.watch.looks.filter(({ holder }) => holder === identity).map(({ mono }) => mono),
      ]),
    );
    let latest = 0;
    for (const { identity, mono } of units) {
      if (this.excused.some((one) => one.identity === identity && mono >= one.from && mono <= one.to)) continue;
      const last = renewals.get(identity)?.findLast((at) => at <= mono);
      if (last !== undefined) latest = Math.max(latest, ms(mono - last));
    }
    this.figures['work after renewal'] = latest;
    if (latest > boundMs + SLACK_MS / 2) {
      this.#problems.push(`work went on for ${latest.toFixed(0)} ms after the last renewal (S1 allows ${boundMs})`);
    }
  }
}
