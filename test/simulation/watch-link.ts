/** The watch of one process: in order, late, broken and healed by a new list. */
import type { ApiFailure, LeaseWatchEvent } from '../../src/lease/api.js';
import type { LeaseRecord } from '../../src/lease/record.js';
import type { Node } from './node.js';
import type { Version } from './server.js';

const FORBIDDEN: ApiFailure = {
  kind: 'forbidden',
  verb: 'watch',
  resource: 'leases',
  namespace: 'ns',
  name: 'l',
  message: 'forbidden',
};
const CLOSED: ApiFailure = { kind: 'unreachable', server: 's', code: 'ECONNRESET', message: 'closed' };

export class WatchLink {
  /** Nothing is delivered before then. */
  stalledUntilMs = 0;
  readonly #node: Node;
  /** Of the present connection; what belongs to another is not delivered. */
  #connection = 0;
  #streaming = false;
  #open = false;
  #lastDeliveryMs = 0;
  #known: LeaseRecord | null = null;

  constructor(node: Node) {
    this.#node = node;
  }

  open(): void {
    this.#open = true;
    this.#known = null;
    if (this.#node.spec.watchForbidden) {
      this.#later(() => {
        this.close();
        this.#node.input({ type: 'watch-ended', failure: FORBIDDEN });
      });
    } else this.#list(false);
  }

  close(): void {
    this.#open = false;
    this.#streaming = false;
    this.#connection++;
  }

  /** The connection breaks; what was under way is gone. */
  break(): void {
    if (!this.#streaming) return;
    this.#streaming = false;
    this.#connection++;
    this.#later(() => this.#emit({ type: 'disconnected', failure: CLOSED, atMs: this.#node.now().monoMs }));
    this.#node.sim.world.after(this.#node.sim.random.between(5, 1500), () => this.#list(true));
  }

  onVersion(version: Version): void {
    if (!this.#streaming) return;
    this.#later(() => {
      this.#known = version.type === 'deleted' ? null : version.record;
      this.#event(version.type, version.record, version.key, false);
    });
  }

  #list(again: boolean): void {
    if (!this.#open || this.#streaming) return;
    const { sim, link } = this.#node;
    const connection = ++this.#connection;
    if (sim.world.nowMs < Math.max(link.cutUntilMs, this.stalledUntilMs)) {
      const backAtMs = Math.max(link.cutUntilMs, this.stalledUntilMs) + sim.random.between(1, 300);
      sim.world.at(backAtMs, () => this.#connection === connection && this.#list(again));
      return;
    }
    sim.world.after(link.latencyMs(), () => {
      if (this.#connection !== connection) return;
      const { current, resourceVersion } = sim.server;
      this.#streaming = true;
      this.#later(() => {
        if (again) this.#emit({ type: 'reconnected', atMs: this.#node.now().monoMs });
        const known = this.#known;
        this.#known = current?.record ?? null;
        if (current && known?.resourceVersion !== current.record.resourceVersion) {
          this.#event(known ? 'modified' : 'added', current.record, current.key, true);
        } else if (!current && known) this.#event('deleted', known, sim.keyOf(known), true);
        const { monoMs } = this.#node.now();
        this.#emit({ type: 'synced', resourceVersion: String(resourceVersion), atMs: monoMs });
      });
    });
  }

  #event(type: Version['type'], record: LeaseRecord, key: string, found: boolean): void {
    // The machine may have closed its watch on what came just before, in the same moment.
    if (!this.#open) return;
    if (type !== 'deleted') this.#node.delivered(record, key);
    this.#emit({ type, record, atMs: this.#node.now().monoMs, found });
  }

  #emit(event: LeaseWatchEvent): void {
    if (this.#open) this.#node.input({ type: 'watch', event });
  }

  /** In order, after the usual delay, on this connection only. */
  #later(run: () => void): void {
    const { sim, link } = this.#node;
    const connection = this.#connection;
    const lagMs = sim.quiet ? 0 : sim.random.between(0, sim.schedule.watchLagMs);
    const cutMs = sim.world.nowMs < link.cutUntilMs ? link.cutUntilMs : 0;
    const atMs = Math.max(
      this.#lastDeliveryMs + 1e-4,
      sim.world.nowMs + link.latencyMs() / 2 + lagMs,
      this.stalledUntilMs,
      cutMs,
    );
    this.#lastDeliveryMs = atMs;
    sim.world.at(atMs, () => {
      this.#node.local(() => {
        if (this.#connection === connection) run();
      });
    });
  }
}
