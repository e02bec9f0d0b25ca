/** A sandbox and elections on it, all in this process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KubeConfigLike, LeaderElection, type LeaderElectionOptions, type Term } from '../../src/index.js';
import { type LeaseRecord, readLease } from '../../src/lease/record.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';

/** A takeover after a crash takes two seconds. */
export const SHORT = { leaseDuration: '2s', renewDeadline: 1000, retryPeriod: '300ms' } as const;

export interface World {
  sandbox: Sandbox;
  /** A path. */
  kubeconfig: string;
  /** Short durations, the Lease `default/demo`. Closed at the end, its work taken as ended. */
  election(options?: Partial<LeaderElectionOptions>): LeaderElection;
  /** What the Lease says; undefined when there is none. */
  lease(name?: string): LeaseRecord | undefined;
  close(): Promise<void>;
}

export async function openWorld(options: SandboxOptions = {}): Promise<World> {
  const sandbox = await startSandbox(options);
  const folder = mkdtempSync(join(tmpdir(), 'kle-library-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, sandbox.kubeconfig());
  const elections: LeaderElection[] = [];
  const terms: Term[] = [];
  return {
    sandbox,
    kubeconfig,
    election: (given = {}) => {
      const to = given.api ? {} : { kubeConfig: kubeconfig };
      const election = new LeaderElection({ ...to, namespace: 'default', name: 'demo', ...SHORT, ...given });
      elections.push(election);
      const acquire = election.acquire.bind(election);
      election.acquire = async (wanted) => {
        const term = await acquire(wanted);
        terms.push(term);
        return term;
      };
      return election;
    },
    lease: (name = 'demo') => leaseIn(sandbox, name),
    close: async () => {
      for (const term of terms) term.workStopped();
      await Promise.all(elections.map((one) => one.close()));
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function leaseIn(sandbox: Sandbox, name: string): LeaseRecord | undefined {
  return sandbox.store
    .list('leases')
    .map(readLease)
    .find((one) => one.name === name);
}

/** What client-node's KubeConfig does, as far as anybody may rely on it: options are filled, null where there is nothing. */
export function kubeConfigOf(sandbox: Sandbox, more: { namespace?: string; as?: string } = {}): KubeConfigLike & Asked {
  const certificate = sandbox.adminCertificate;
  const asked: Asked = { asked: 0, token: null };
  return Object.assign(asked, {
    getCurrentCluster: () => ({ name: 'sandbox', server: sandbox.url, skipTLSVerify: false, tlsServerName: undefined }),
    getCurrentContext: () => 'sandbox',
    getContextObject: (name: string) => ({ name, cluster: name, user: name, namespace: more.namespace }),
    applyToHTTPSOptions: async (options: Record<string, unknown>) => {
      asked.asked += 1;
      options.ca = sandbox.caPem;
      if (asked.token === null) {
        options.cert = certificate?.certificate;
        options.key = certificate?.key;
      } else options.headers = { Authorization: `Bearer ${asked.token}` };
    },
  });
}

interface Asked {
  asked: number;
  /** In place of the certificate. */
  token: string | null;
}
