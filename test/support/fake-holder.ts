/** Holds a Lease as client-go would: looks every so often, renews what it has, takes what is free, leaves others alone. */
import type { KubeCalls, KubeObject } from './kube-calls.js';

export interface FakeHolderOptions {
  everyMs?: number;
  durationSeconds?: number;
  /** Writes by server-side apply without force, under its identity, as kube-lease-manager does. */
  apply?: boolean;
  /** Its clock less the true one. */
  aheadMs?: number;
}

export class FakeHolder {
  readonly identity: string;
  readonly #calls: KubeCalls;
  readonly #path: string;
  readonly #options: FakeHolderOptions;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #held = () => {};
  /** Once it has the Lease. */
  readonly holds: Promise<void>;

  constructor(calls: KubeCalls, path: string, identity: string, options: FakeHolderOptions = {}) {
    this.identity = identity;
    this.#calls = calls;
    this.#path = path;
    this.#options = options;
    this.holds = new Promise((resolve) => {
      this.#held = resolve;
    });
    void this.#tick();
  }

  /** Silent from now on, as one that was killed. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #write(body: KubeObject): Promise<{ status: number }> {
    if (!this.#options.apply) return this.#calls.call('PUT', this.#path, body);
    const { name, resourceVersion } = body.metadata;
    const patch = {
      apiVersion: body.apiVersion,
      kind: body.kind,
      metadata: { name, resourceVersion },
      spec: body.spec,
    };
    const path = `${this.#path}?fieldManager=${this.identity}&force=false`;
    return this.#calls.call('PATCH', path, patch, 'application/apply-patch+yaml');
  }

  async #tick(): Promise<void> {
    try {
      const lease = await this.#calls.must('GET', this.#path);
      const holder = lease.spec?.holderIdentity ?? '';
      if (holder === '' || holder === this.identity) {
        const now = new Date(Date.now() + (this.#options.aheadMs ?? 0)).toISOString().replace('Z', '000Z');
        const transitions = Number(lease.spec?.leaseTransitions ?? 0);
        const acquires = holder !== this.identity && { acquireTime: now, leaseTransitions: transitions + 1 };
        const { durationSeconds = 3 } = this.#options;
        const own = { holderIdentity: this.identity, leaseDurationSeconds: durationSeconds, renewTime: now };
        const body = { ...lease, spec: { ...lease.spec, ...own, ...acquires } };
        const answer = this.#stopped ? null : await this.#write(body);
        if (answer?.status === 200) this.#held();
      }
    } catch {
      // The server was stopped, or the Lease is gone: as before, in a while.
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#tick(), this.#options.everyMs ?? 500);
  }
}
