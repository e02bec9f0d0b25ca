/** What the screen remembers of the events: the newest of each Lease, in bounded memory. */
import type { LeaseApi } from '../lease/api.js';
import { looksAt } from '../lease/history.js';
import type { Micros } from '../lease/micro-time.js';
import { judge, type Now } from '../lease/verdict.js';
import type { FollowEvent, Followed } from '../operations/follow/follow.js';
import type { HolderPod } from '../operations/follow/follow-around.js';
import { keyOf } from '../operations/follow/follow-leases.js';
import { wallTimes } from '../operations/follow/follow-time.js';
import type { Clock } from '../platform/clock.js';
import type { ToldEvent } from '../view/watch-json.js';
import type { Row } from './model.js';

const KEPT_OF_A_LEASE = 100;
/** Of many Leases together about so many, but never fewer than the few of each that say what it does. */
const KEPT_OF_ALL = 20_000;
const LEAST_OF_A_LEASE = 10;
const KEPT_OF_THE_CONNECTION = 50;
/** Leases that left the scope may leave so many lists behind before they are looked for. */
const SLACK = 500;

export interface FeedPorts {
  clock: Clock;
  leases: Pick<LeaseApi, 'serverTime'>;
}

export class Feed {
  readonly ports: FeedPorts;
  readonly #timeOf: (atMs: number) => Micros;
  readonly #ofLease = new Map<string, ToldEvent[]>();
  readonly #ofConnection: ToldEvent[] = [];
  /** Of the one Lease's holder, where it is known. */
  pod: HolderPod | null = null;
  /** Of the table; kept here so that they are made once. */
  readonly rows = new Map<string, Row>();
  /** When a Lease last changed in a way worth a glance. */
  readonly changedMs = new Map<string, number>();
  #followed: Followed | undefined;
  /** What came before the first answer was whole is no news. */
  #synced = false;

  constructor(ports: FeedPorts) {
    this.ports = ports;
    this.#timeOf = wallTimes(ports);
  }

  get followed(): Followed | undefined {
    return this.#followed;
  }

  /** True when there is something that should not wait for the next tick. */
  take(events: readonly FollowEvent[], followed: Followed): boolean {
    this.#followed = followed;
    let news = false;
    for (const event of events) {
      if (event.type === 'renewed' && !event.resumed) continue;
      news = true;
      if (event.type === 'synced') this.#synced = true;
      else this.#keep(event, followed);
    }
    if (Math.max(this.#ofLease.size, this.rows.size) > followed.leases.size + SLACK) this.#prune(followed);
    return news;
  }

  /** Events of one Lease and of the connection, newest first. */
  eventsOf(key: string): ToldEvent[] {
    const own = this.#ofLease.get(key) ?? [];
    // What came at one moment stays in its order, too.
    return [...own, ...this.#ofConnection].reverse().sort((a, b) => b.event.atMs - a.event.atMs);
  }

  timeOf(atMs: number): Micros {
    return this.#timeOf(atMs);
  }

  now(): Now {
    const { clock, leases } = this.ports;
    return { monoMs: clock.monoMs(), wall: clock.wallMicros(), server: leases.serverTime() };
  }

  #keep(event: ToldEvent['event'], followed: Followed): void {
    const time = this.#timeOf(event.atMs);
    if (!('name' in event)) {
      push(this.#ofConnection, { event, time, verdict: null }, KEPT_OF_THE_CONNECTION);
      return;
    }
    const key = keyOf(event);
    const history = followed.leases.get(key);
    const shown = event.type === 'seen' || event.type === 'recreated';
    const verdict = shown && history ? judge(history.record, looksAt(history, event.atMs), this.now()) : null;
    const list = this.#ofLease.get(key) ?? [];
    this.#ofLease.set(key, list);
    const share = Math.max(LEAST_OF_A_LEASE, Math.floor(KEPT_OF_ALL / followed.leases.size));
    push(list, { event, time, verdict }, Math.min(KEPT_OF_A_LEASE, share));
    if (this.#synced && event.type !== 'problem') this.changedMs.set(key, event.atMs);
  }

  #prune({ leases }: Followed): void {
    for (const kept of [this.#ofLease, this.changedMs, this.rows]) {
      for (const key of kept.keys()) if (!leases.has(key)) kept.delete(key);
    }
  }
}

function push(list: ToldEvent[], event: ToldEvent, most: number): void {
  list.push(event);
  if (list.length > most) list.shift();
}
