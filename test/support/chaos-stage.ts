/** A sandbox, small electors that hold its Leases, and kle with a state folder of its own: for the chaos verbs' tests. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLeaseApi } from '../../src/kube/lease-api.js';
import type { LeaseApi } from '../../src/lease/api.js';
import { formatMicroTime } from '../../src/lease/micro-time.js';
import { amend, type LeaseRecord } from '../../src/lease/record.js';
import { systemClock } from '../../src/platform/clock.js';
import { type Sandbox, type SandboxUser, startSandbox } from '../../src/sandbox/server.js';
import { kle, type Run } from './kle.js';
import { RunningKle } from './running-kle.js';
import { connectionTo } from './test-server.js';

export const NAMESPACE = 'shop';

export interface Stage {
  sandbox: Sandbox;
  leases: LeaseApi;
  kubeconfig: string;
  env: NodeJS.ProcessEnv;
  /** Names in the journal folder. */
  journals(): string[];
  lease(name: string): Promise<LeaseRecord>;
  kle(...args: string[]): Promise<Run>;
  start(args: string[], env?: NodeJS.ProcessEnv): RunningKle;
  elector(lease: string, identity: string, options?: ElectorOptions): StageElector;
  close(): Promise<void>;
}

export async function openStage(objects: object[] = [], users: SandboxUser[] = []): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'kle-chaos-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const sandbox = await startSandbox({ objects, users });
  writeFileSync(kubeconfig, sandbox.kubeconfig());
  const tls = { insecure: false, ...(sandbox.caPem !== null && { ca: sandbox.caPem }) };
  const present = { authorization: `Bearer ${sandbox.adminToken}` };
  const leases = createLeaseApi(connectionTo(new URL(sandbox.url), { tls, present }));
  const env = { KUBECONFIG: kubeconfig, XDG_STATE_HOME: join(folder, 'state') };
  const electors: StageElector[] = [];
  return {
    sandbox,
    leases,
    kubeconfig,
    env,
    journals: () => {
      try {
        return readdirSync(join(folder, 'state', 'kle', 'operations'));
      } catch {
        return [];
      }
    },
    lease: async (name) => {
      const answer = await leases.get({ namespace: NAMESPACE, name });
      if (!answer.ok) throw new Error(answer.failure.message);
      return answer.value;
    },
    kle: (...args) => kle(within(args), { env }),
    start: (args, more = {}) => new RunningKle(within(args), { ...env, ...more }),
    elector: (lease, identity, options) => {
      const elector = new StageElector(leases, lease, identity, options);
      electors.push(elector);
      return elector;
    },
    close: async () => {
      for (const elector of electors) elector.stop();
      leases.close();
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The namespace right after the verb: what follows -- is another command's. */
const within = ([verb = '', ...rest]: readonly string[]): string[] => [verb, '-n', NAMESPACE, ...rest];

export interface ElectorOptions {
  everyMs?: number;
  durationSeconds?: number;
}

/** Looks every so often; takes what is free, renews what it has, and leaves alone what others hold. */
export class StageElector {
  readonly identity: string;
  readonly #leases: LeaseApi;
  readonly #lease: string;
  readonly #everyMs: number;
  readonly #seconds: number;
  #cancel = () => {};
  #stopped = false;
  #held = () => {};
  /** Once it holds the Lease. */
  readonly holds: Promise<void>;

  constructor(leases: LeaseApi, lease: string, identity: string, options: ElectorOptions = {}) {
    this.identity = identity;
    this.#leases = leases;
    this.#lease = lease;
    this.#everyMs = options.everyMs ?? 300;
    this.#seconds = options.durationSeconds ?? 2;
    this.holds = new Promise((resolve) => {
      this.#held = resolve;
    });
    void this.#tick();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #tick(): Promise<void> {
    const answer = await this.#leases.get({ namespace: NAMESPACE, name: this.#lease });
    if (answer.ok && (!answer.value.holder || answer.value.holder === this.identity)) await this.#write(answer.value);
    if (!this.#stopped) this.#cancel = systemClock.timer(this.#everyMs, () => void this.#tick());
  }

  async #write(record: LeaseRecord): Promise<void> {
    const now = formatMicroTime(systemClock.wallMicros());
    const acquires = record.holder !== this.identity;
    const term = acquires ? { acquireTime: now, leaseTransitions: (record.transitions ?? 0) + 1 } : {};
    const spec = { holderIdentity: this.identity, leaseDurationSeconds: this.#seconds, renewTime: now, ...term };
    const written = await this.#leases.replace(amend(record, { spec }));
    if (written.ok) this.#held();
  }
}

export const freeLease = (name: string, more: Record<string, unknown> = {}, namespace = NAMESPACE) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace },
  spec: { holderIdentity: '', leaseDurationSeconds: 2, leaseTransitions: 4, ...more },
});

/**
 * Signals that a process finds when it goes on after it stopped itself at a point: it says so just before it stops, so CONT
 * is sent until it has ended.
 */
export async function signalledAt(
  running: RunningKle,
  point: string,
  signals: readonly NodeJS.Signals[],
  timeoutMs?: number,
): Promise<Run> {
  await running.until(`at ${point}`, timeoutMs);
  for (const signal of signals) running.kill(signal);
  const going = setInterval(() => running.kill('SIGCONT'), 50);
  try {
    return await running.ended;
  } finally {
    clearInterval(going);
  }
}

/** What differs from run to run, hidden. */
export function steady(text: string): string {
  return text
    .replace(/kle\/[a-z0-9]{10}/g, 'kle/ID')
    .replace(/\d\d:\d\d:\d\d\.\d{3}/g, 'HH:MM:SS.mmm')
    .replace(/undo [a-z0-9]{10}/g, 'undo ID')
    .replace(/\b(release|steal|skew) [a-z0-9]{10}\b/g, '$1 ID')
    .replace(/\b\d+(\.\d)?s\b/g, 'Ns')
    .replace(/fencing token( +)\d+/g, 'fencing token$1N')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
}
