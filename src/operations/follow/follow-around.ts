/**
 * What stands around one Lease: Events about it and the Pod of its holder. Both are looked for when the Lease changes, for
 * electors write Events then and at no other time. Without the right to read them there are none.
 */
import type { Answer, LeaseRef } from '../../lease/api.js';
import type { LeaseRecord } from '../../lease/record.js';
import { podNamesOf, podsOf } from '../chaos/pod-evidence.js';
import type { EventFacts, EventPort, PodFacts, PodPort } from '../ports.js';
import type { FollowEvent, Followed, FollowPorts } from './follow.js';
import { keyOf } from './follow-leases.js';

/** A Kubernetes Event about the Lease, such as an elector's `LeaderElection`. It comes before the work has begun or ended. */
export interface KubeEvent {
  type: 'event';
  atMs: number;
  namespace: string;
  name: string;
  holder: string | null;
  transitions: number | null;
  resourceVersion: string | null;
  reason: string;
  message: string;
}

/** The Pod that a holder's identity means. */
export interface HolderPod {
  holder: string;
  name: string;
  node: string | null;
}

export interface AroundPorts extends Pick<FollowPorts, 'leases' | 'clock' | 'signal'> {
  events: EventPort;
  /** Absent: nobody asks. */
  pods?: PodPort;
  /** Events that were there before are told too, the newest of them. */
  past?: boolean;
  /** Null: none is known. */
  onPod?: (pod: HolderPod | null) => void;
}

/** Event recorders write a moment after the Lease, and again late when the server is busy. */
const LOOKS_AFTER_MS = [1_000, 5_000];
const PAST_TOLD = 20;
const CHANGES: ReadonlySet<FollowEvent['type']> = new Set<FollowEvent['type']>([
  'acquired',
  'released',
  'fenced',
  'expired',
  'deleted',
]);

export class Around {
  readonly #ref: LeaseRef;
  readonly #ports: AroundPorts;
  readonly #tell: (events: readonly KubeEvent[]) => void;
  readonly #cancels = new Set<() => void>();
  readonly #seen = new Set<string>();
  #began = false;
  #eventsOver = false;
  #podsOver = false;
  #holder: string | null = null;

  constructor(ref: LeaseRef, ports: AroundPorts, tell: (events: readonly KubeEvent[]) => void) {
    this.#ref = ref;
    this.#ports = ports;
    this.#tell = tell;
  }

  take(events: readonly FollowEvent[], followed: Followed): void {
    const record = followed.leases.get(keyOf(this.#ref))?.record ?? null;
    if (events.some(({ type }) => type === 'synced')) void this.#lookForEvents(record);
    if (events.some(({ type }) => CHANGES.has(type))) {
      for (const ms of LOOKS_AFTER_MS) this.#later(ms, () => void this.#lookForEvents(record));
    }
    if (followed.synced && record && (record.holder || null) !== this.#holder) void this.#lookForPod(record);
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#eventsOver = true;
    this.#podsOver = true;
  }

  #later(ms: number, fn: () => void): void {
    const cancel = this.#ports.clock.timer(ms, () => {
      this.#cancels.delete(cancel);
      fn();
    });
    this.#cancels.add(cancel);
  }

  async #lookForEvents(record: LeaseRecord | null): Promise<void> {
    if (this.#eventsOver) return;
    const answer = await this.#ports.events.about(this.#ref, { signal: this.#ports.signal });
    if (this.#eventsOver) return;
    if (!answer.ok) {
      this.#eventsOver = isOver(answer);
      return;
    }
    const fresh = answer.value.filter((event) => !this.#seen.has(idOf(event)));
    this.#seen.clear();
    for (const event of answer.value) this.#seen.add(idOf(event));
    // What was there before we came is not of this watch, but of what led to it.
    const told = this.#began ? fresh : this.#ports.past ? fresh.slice(-PAST_TOLD) : [];
    if (told.length > 0) this.#tell(told.map((event) => this.#told(event, record)));
    this.#began = true;
  }

  #told({ at, reason, message }: EventFacts, record: LeaseRecord | null): KubeEvent {
    const { clock, leases } = this.#ports;
    const nowMs = clock.monoMs();
    const server = leases.serverTime();
    const present = server ? (server.earliest + server.latest) / 2n : clock.wallMicros();
    const agoMs = at === null ? 0 : Math.max(0, Number(present - at) / 1000);
    const { holder = null, transitions = null, resourceVersion = null } = record ?? {};
    return { type: 'event', atMs: nowMs - agoMs, ...this.#ref, holder, transitions, resourceVersion, reason, message };
  }

  async #lookForPod(record: LeaseRecord): Promise<void> {
    const holder = record.holder || null;
    this.#holder = holder;
    const { pods, onPod } = this.#ports;
    if (this.#podsOver || !pods) return;
    const pod = holder === null ? null : await this.#podOf(pods, record, holder);
    if (this.#podsOver || this.#holder !== holder) return;
    onPod?.(pod && { holder: record.holder ?? '', name: pod.name, node: pod.nodeName });
  }

  async #podOf(pods: PodPort, record: LeaseRecord, holder: string): Promise<PodFacts | null> {
    for (const name of podNamesOf(holder).filter((one) => POD_NAME.test(one))) {
      const answer = await pods.get({ namespace: record.namespace, name }, { signal: this.#ports.signal });
      if (answer.ok && podsOf([answer.value], record, 0).length === 1) return answer.value;
      if (!answer.ok && isOver(answer)) {
        this.#podsOver = answer.failure.kind === 'forbidden';
        return null;
      }
    }
    return null;
  }
}

const POD_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const idOf = ({ reason, message, at, count }: EventFacts): string => `${reason} ${message} ${at} ${count}`;
const isOver = (answer: Answer<unknown>): boolean => !answer.ok && answer.failure.kind === 'forbidden';
