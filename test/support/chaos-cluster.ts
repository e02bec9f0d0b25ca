/** A real kube-apiserver with a record of every version of every Lease, and kle with a state folder of its own for each. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, startApiServer } from './apiserver.js';
import { FakeHolder, type FakeHolderOptions } from './fake-holder.js';
import { kle, type Run } from './kle.js';
import { KubeCalls, type KubeObject } from './kube-calls.js';
import { RunningKle } from './running-kle.js';

export const NAMESPACE = 'shop';
export const LEASES = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`;

/** One version of a Lease, as a watch had it. */
export interface Version {
  /** CLOCK_MONOTONIC in nanoseconds, when it was read. */
  readonly mono: bigint;
  readonly deleted: boolean;
  readonly holder: string;
  readonly lease: KubeObject;
}

export interface Place {
  readonly name: string;
  /** In kle's journal folder, each with its lines parsed. */
  journals(): { id: string; lines: Record<string, unknown>[] }[];
  lease(): Promise<KubeObject>;
  versions(): readonly Version[];
  /** The first version, past or to come, that fits. */
  until(fits: (version: Version) => boolean, what: string, timeoutMs?: number): Promise<Version>;
  holder(identity: string, options?: FakeHolderOptions): FakeHolder;
  kle(...args: string[]): Promise<Run>;
  start(args: string[], env?: NodeJS.ProcessEnv): RunningKle;
}

export interface ChaosCluster {
  readonly server: ApiServer;
  readonly calls: KubeCalls;
  /** A Lease of that name, free unless `spec` says otherwise. `kubeconfig`: which way kle goes to the server. */
  place(name: string, options?: { spec?: Record<string, unknown>; kubeconfig?: string }): Promise<Place>;
  close(): Promise<void>;
}

const WAIT_MS = 60_000;

export async function openChaosCluster(): Promise<ChaosCluster> {
  const server = await startApiServer({ binary: process.env.KLE_TEST_APISERVER ?? '' });
  const folder = mkdtempSync(join(tmpdir(), 'kle-chaos-cluster-'));
  const calls = new KubeCalls(server.kubeconfig, 'fake-holder/1');
  await calls.must('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  const record = new Map<string, Version[]>();
  const waiting = new Set<() => void>();
  let closeWatch = () => {};
  let since = '';
  // The server ends the watch of a reader that is too slow for it; what came meanwhile is sent again.
  const watch = async () => {
    const path = `${LEASES}?watch=true&timeoutSeconds=3600${since && `&resourceVersion=${since}`}`;
    closeWatch = await calls.watch(path, take, () => void watch());
  };
  const take = (line: string) => {
    const { type, object } = JSON.parse(line) as { type: string; object: KubeObject };
    if (!['ADDED', 'MODIFIED', 'DELETED'].includes(type)) return;
    const holder = String(object.spec?.holderIdentity ?? '');
    const version = { mono: process.hrtime.bigint(), deleted: type === 'DELETED', holder, lease: object };
    const { name, resourceVersion = '' } = object.metadata;
    since = resourceVersion;
    record.set(name, [...(record.get(name) ?? []), version]);
    for (const look of [...waiting]) look();
  };
  await watch();
  const holders: FakeHolder[] = [];
  return {
    server,
    calls,
    place: async (name, { spec, kubeconfig = server.kubeconfig } = {}) => {
      const metadata = { name, labels: { keep: 'label' }, annotations: { 'example.com/keep': 'annotation' } };
      await calls.must('POST', LEASES, { metadata, spec: { holderIdentity: '', leaseTransitions: 4, ...spec } });
      const env = { KUBECONFIG: kubeconfig, XDG_STATE_HOME: join(folder, name) };
      const versions = () => record.get(name) ?? [];
      return {
        name,
        journals: () => journalsIn(join(folder, name, 'kle', 'operations')),
        lease: () => calls.must('GET', `${LEASES}/${name}`),
        versions,
        until: (fits, what, timeoutMs = WAIT_MS) =>
          new Promise((resolve, reject) => {
            const look = () => {
              const found = versions().find(fits);
              if (!found) return;
              done();
              resolve(found);
            };
            const timer = setTimeout(() => {
              done();
              const last = versions()
                .slice(-5)
                .map((one) => JSON.stringify(one.lease.spec));
              reject(new Error(`${name}: no ${what} within ${timeoutMs} ms; lately:\n${last.join('\n')}`));
            }, timeoutMs);
            const done = () => {
              clearTimeout(timer);
              waiting.delete(look);
            };
            waiting.add(look);
            look();
          }),
        holder: (identity, options) => {
          const holder = new FakeHolder(calls, `${LEASES}/${name}`, identity, options);
          holders.push(holder);
          return holder;
        },
        kle: (...args) => kle(within(args), { env }),
        start: (args, more = {}) => new RunningKle(within(args), { ...env, ...more }),
      };
    },
    close: async () => {
      for (const holder of holders) holder.stop();
      closeWatch();
      calls.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const within = ([verb = '', ...rest]: readonly string[]): string[] => [verb, '-n', NAMESPACE, ...rest];

function journalsIn(folder: string): { id: string; lines: Record<string, unknown>[] }[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {}
  return names.map((file) => {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1);
    return { id: file.replace('.jsonl', ''), lines: lines.map((line) => JSON.parse(line)) };
  });
}
