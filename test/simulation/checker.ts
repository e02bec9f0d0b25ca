/** Sees true time and everything that is true, and names each promise that is broken (DESIGN section 5). */
import type { Reading } from '../../src/elector/moment.js';
import type { Effect, LostReason, Purpose, Request } from '../../src/elector/protocol.js';
import type { LeaseRecord } from '../../src/lease/record.js';
import { drainOf, KILL_MARGIN_MS } from '../../src/lease/timing.js';
import type { Node } from './node.js';
import type { Version } from './server.js';
import type { Simulation } from './simulation.js';

/** A healthy API answers and tells within this, in `calm` weather. */
const CALM_MS = 60;
const EPSILON_MS = 1e-3;
/** Steps of the boot clock. */
const BOOT_STEP_MS = 10;

const IDLE: ReadonlySet<string> = new Set(['observing', 'waiting', 'standing-back']);

export interface Fence {
  id: string;
  /** The process that held the Lease before. */
  incumbent: string;
  /** Of the record that it replaced. */
  acquireTime: bigint | null;
  sinceMs: number;
  renewedMs: number;
  durationMs: number;
  endedMs: number | null;
}

export class Checker {
  readonly violations: string[] = [];
  /** A writer without compare-and-swap was at work: what rests on compare-and-swap is void. */
  void = false;
  fence: Fence | null = null;
  terms = 0;
  handOvers = 0;
  readonly #sim: Simulation;
  /** Requests that were served after their sender had led by a later one: nobody leads by them, and nobody will. */
  readonly #leftovers = new Set<string>();
  #highestToken = 0n;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  broken(promise: string, what: string): void {
    if (this.violations.length < 20) {
      this.violations.push(`${promise} at ${this.#sim.world.nowMs.toFixed(1)} ms: ${what}`);
    }
    this.#sim.log(`!!! ${promise}: ${what}`);
  }

  /** After each step of a machine. */
  stepped(node: Node, now: Reading): void {
    const { phase, settings } = node.state;
    if (phase.name !== 'leading') return;
    if (now.bootMs - phase.renewed.bootMs >= settings.renewDeadlineMs + BOOT_STEP_MS)
      this.broken('S1', `${node.author} claims beyond R`);
    // The times written have microseconds, so two writes within one are the same to their writer.
    const { monoMs, bootMs } = phase.renewed;
    if (!node.applied.some((sent) => Math.abs(sent.monoMs - monoMs) < 2e-3 || sent.bootMs === bootMs)) {
      this.broken('S1', `${node.author} counts from a write that the server does not know`);
    }
  }

  sends(node: Node, effect: Extract<Effect, { type: 'send' }>): void {
    const { phase, settings } = node.state;
    if (phase.name === 'leading') {
      const limitMs = phase.renewed.monoMs + settings.renewDeadlineMs;
      if (effect.deadlineMs > limitMs + EPSILON_MS) this.broken('S3', `${effect.purpose} outlives R`);
    }
    if (node.working && (effect.purpose === 'release' || effect.purpose === 'notice')) {
      this.broken('S4', `${node.author} sends ${effect.purpose} while its work lives`);
    }
    if (node.working && phase.name !== 'leading') {
      this.broken('S4', `${node.author} sends ${effect.purpose} while its work ends`);
    }
    const { request } = effect;
    if (request.verb === 'replace' && !(request.lease.metadata.uid && request.lease.metadata.resourceVersion)) {
      this.broken('S3', 'a PUT without uid or resourceVersion');
    }
    if (request.verb !== 'get' && JSON.stringify(request.lease.spec).includes('null')) {
      this.broken('S3', 'a null is written');
    }
    if (
      this.#sim.schedule.weather === 'calm' &&
      !node.spec.watchForbidden &&
      effect.purpose === 'look' &&
      IDLE.has(phase.name)
    ) {
      this.broken('L3', `${node.author} reads although its watch works`);
    }
  }

  /** A request at the server, before it is served. */
  arrives(node: Node, author: string, purpose: Purpose, request: Request, sent: Reading): void {
    const { current } = this.#sim.server;
    if (request.verb !== 'replace' || purpose !== 'take' || !current || this.void) return;
    if (request.lease.metadata.resourceVersion !== current.record.resourceVersion) return;
    const { holder } = current.record;
    if (!holder || current.by === author || node.author !== author) return;
    if (holder === node.identity) {
      const mark = current.record.annotations['kle.dev/operation'] ?? '';
      if (node.spec.madeUp || mark.includes('"handover"')) return;
    }
    const since = node.firstSeen.get(current.key);
    const waitMs = Math.max(node.state.settings.leaseDurationMs, (current.record.leaseDurationSeconds ?? 0) * 1000);
    if (since === undefined || sent.monoMs - since < waitMs - EPSILON_MS) {
      const waited = since === undefined ? 'nothing' : `${(sent.monoMs - since).toFixed(0)} ms`;
      this.broken('S2', `${author} takes ${holder}'s Lease after ${waited} of ${waitMs}`);
    }
  }

  /** A write of an elector that the server applied. */
  wrote(node: Node, author: string, purpose: Purpose, record: LeaseRecord, sent: Reading): void {
    if (node.author !== author) return;
    if (record.holder !== node.identity || purpose === 'release' || purpose === 'notice') return;
    node.applied.push(sent);
    if (purpose === 'create') this.#created(node, author, sent);
    if (purpose === 'take' || purpose === 'create') {
      if (sent.monoMs < node.electedMs) this.#leftovers.add(`${author} ${record.acquireTime}`);
      node.robbed = false;
      this.#acquired(node, author, sent);
    }
  }

  #created(node: Node, author: string, sent: Reading): void {
    const deleted = this.#sim.deletedUnder;
    if (!deleted || deleted.by === author || this.void) return;
    const { lastHeld } = node;
    if (lastHeld) {
      const waitMs = Math.max(node.state.settings.leaseDurationMs, lastHeld.durationMs);
      const waitedMs = sent.monoMs - lastHeld.sinceMs;
      // Sent before that and arrived late: only if it were acted upon would S7 be broken.
      if (waitedMs > 0 && waitedMs < waitMs - EPSILON_MS) {
        this.broken('S2', `${author} creates a deleted Lease after ${waitedMs.toFixed(0)} of ${waitMs}`);
      }
    }
    // Not promised: a Lease that was deleted before this candidate first looked at it.
    const looked = (node.uidsSeen.get(deleted.record.uid ?? '') ?? Number.POSITIVE_INFINITY) < sent.monoMs;
    if (!looked) for (const one of this.#sim.nodes) if (one !== node) one.robbed = true;
  }

  /** L4: the incumbent does not come back before its time. */
  #acquired(node: Node, author: string, sent: Reading): void {
    const { fence } = this;
    this.#sim.log(`${author} acquires`);
    if (!fence || this.void) return;
    if (fence.incumbent !== author) {
      this.fence = null;
      return;
    }
    const late = node.clock.trueOf(sent.monoMs) < fence.sinceMs;
    if (late || !node.fencesSeen.has(fence.id) || this.#leftovers.has(`${author} ${fence.acquireTime}`)) return;
    const { nowMs } = this.#sim.world;
    const { settings } = node.state;
    const expiresMs = fence.renewedMs + Math.max(settings.leaseDurationMs, fence.durationMs) / node.clock.rate;
    const endMs = Math.min(fence.endedMs ?? Number.POSITIVE_INFINITY, expiresMs);
    const standBackMs = Math.max(settings.leaseDurationMs, 2.2 * settings.retryPeriodMs);
    const earliestMs = endMs + standBackMs / node.clock.rate;
    if (nowMs < earliestMs - EPSILON_MS) {
      this.broken('L4', `${author} is back ${(earliestMs - nowMs).toFixed(0)} ms too early`);
    }
  }

  elected(node: Node, token: string): void {
    this.terms++;
    if (!this.void && !node.robbed && BigInt(token) <= this.#highestToken) {
      this.broken('S5', `${node.author} has token ${token} after ${this.#highestToken}`);
    }
    if (BigInt(token) > this.#highestToken) this.#highestToken = BigInt(token);
    this.overlap();
  }

  lost(node: Node, reason: LostReason): void {
    this.#sim.log(`${node.author} lost: ${reason}`);
    if (this.#sim.schedule.weather !== 'storm' && reason !== 'stepped-down') {
      this.broken('L2', `${node.author} lost the Lease without need: ${reason}`);
    }
  }

  workEnded(node: Node): void {
    if (node.state.phase.name === 'leading') this.broken('S4', 'work ended under a claim');
    this.#stopBound(node);
  }

  #stopBound(node: Node): void {
    if (this.#sim.world.nowMs < node.graceUntilMs) return;
    const { renewDeadlineMs } = node.state.settings;
    const limitMs = renewDeadlineMs + drainOf(this.#sim.schedule.durations) + KILL_MARGIN_MS + BOOT_STEP_MS;
    if (node.lastRenewalAge() > limitMs) this.broken('S1', `${node.author} works ${node.lastRenewalAge()} ms on`);
  }

  /** S7. Called whenever somebody may begin to act. */
  overlap(): void {
    const { nowMs } = this.#sim.world;
    const acting = this.#sim.nodes.filter((one) => one.working && !one.paused && nowMs >= one.graceUntilMs);
    for (const one of acting) this.#stopBound(one);
    if (acting.length < 2 || this.void || acting.some((one) => one.robbed)) return;
    this.broken('S7', `${acting.map((one) => one.author).join(' and ')} work at once`);
  }

  /** Each version that the server stores. */
  versioned(version: Version, previous: Version | null): void {
    const { holder } = version.record;
    const over = version.type === 'deleted' || holder !== `kle/${this.fence?.id}`;
    if (this.fence && over) this.fence.endedMs ??= this.#sim.world.nowMs;
    // L4: another holder that is no fence ends the standing back.
    if (this.fence && holder && !holder.startsWith('kle/') && !this.#sim.isIncumbents(this.fence, holder)) {
      this.fence = null;
    }
    const changed = version.key !== previous?.key || version.type === 'deleted';
    if (!changed || this.#sim.schedule.weather !== 'calm') return;
    this.#liveness(version);
  }

  /** L1: somebody takes what is free or expired in time. */
  #liveness(version: Version): void {
    const { world, server } = this.#sim;
    const { holder, leaseDurationSeconds } = version.record;
    const { leaseDurationMs } = this.#sim.schedule.durations;
    const waitMs = holder ? Math.max(leaseDurationMs, (leaseDurationSeconds ?? 0) * 1000) : 0;
    world.after(waitMs + CALM_MS, () => {
      if (server.current?.key !== version.key) return;
      const able = this.#sim.nodes.find((one) => {
        const { phase, watch } = one.state;
        if (!one.alive || one.paused || phase.name !== 'waiting' || watch !== 'live') return false;
        const since = one.firstSeen.get(version.key) ?? Number.POSITIVE_INFINITY;
        const readyMs = one.now().monoMs - phase.readyMs;
        return readyMs > CALM_MS - 5 && one.now().monoMs - since > waitMs + CALM_MS - 10;
      });
      if (able) this.broken('L1', `${able.author} still waits for ${holder || 'a free Lease'}`);
    });
  }
}
