/**
 * `release --via prefer` with the coordinator of a real kube-apiserver (KEP-4355) and candidates that act as client-go's:
 * they answer its pings, renew what is theirs, and give way where another holder is preferred.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChaosCluster, LEASES, openChaosCluster } from '../support/chaos-cluster.js';
import { kle } from '../support/kle.js';

const CANDIDATES = '/apis/coordination.k8s.io/v1beta1/namespaces/shop/leasecandidates';
const WAIT_MS = 60_000;

let cluster: ChaosCluster;
const candidates: Candidate[] = [];
beforeAll(async () => {
  cluster = await openChaosCluster();
});
afterAll(async () => {
  for (const one of candidates) one.stop();
  await cluster?.close();
});

const now = () => new Date().toISOString().replace('Z', '000Z');

class Candidate {
  readonly name: string;
  readonly #lease: string;
  /** What it does when it gives way: goes on as a candidate, or ends, and its LeaseCandidate with it. */
  readonly #yields: 'stays' | 'ends';
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(name: string, lease: string, yields: 'stays' | 'ends') {
    this.name = name;
    this.#lease = lease;
    this.#yields = yields;
  }

  static async start(name: string, lease: string, version: string, yields: 'stays' | 'ends'): Promise<Candidate> {
    const spec = { leaseName: lease, binaryVersion: version, emulationVersion: version, renewTime: now() };
    const candidate = { metadata: { name }, spec: { ...spec, strategy: 'OldestEmulationVersion' } };
    await cluster.calls.must('POST', CANDIDATES, candidate);
    const one = new Candidate(name, lease, yields);
    candidates.push(one);
    void one.#tick();
    return one;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #tick(): Promise<void> {
    try {
      await this.#answerPing();
      await this.#lead();
    } catch {
      // Not there yet, or changed meanwhile: looked at again.
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#tick(), 200);
  }

  async #answerPing(): Promise<void> {
    const own = await cluster.calls.must('GET', `${CANDIDATES}/${this.name}`);
    const { pingTime, renewTime } = own.spec ?? {};
    if (pingTime === undefined || String(pingTime) < String(renewTime)) return;
    await cluster.calls.must('PUT', `${CANDIDATES}/${this.name}`, { ...own, spec: { ...own.spec, renewTime: now() } });
  }

  async #lead(): Promise<void> {
    const path = `${LEASES}/${this.#lease}`;
    const lease = await cluster.calls.must('GET', path);
    if (lease.spec?.holderIdentity !== this.name) return;
    const { preferredHolder } = lease.spec;
    if (preferredHolder === undefined || preferredHolder === this.name) {
      const { preferredHolder: _, ...spec } = lease.spec;
      await cluster.calls.must('PUT', path, { ...lease, spec: { ...spec, leaseDurationSeconds: 3, renewTime: now() } });
      return;
    }
    if (this.#yields === 'ends') {
      this.stop();
      await cluster.calls.must('DELETE', `${CANDIDATES}/${this.name}`);
    }
    const free = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: now(), acquireTime: now() };
    await cluster.calls.must('PUT', path, { ...lease, spec: { ...lease.spec, ...free } });
  }
}

/** The coordinator elects `first`, which has the older version. */
async function election(lease: string, yields: 'stays' | 'ends'): Promise<{ first: string; second: string }> {
  const place = await cluster.place(lease, { spec: { strategy: 'OldestEmulationVersion', leaseDurationSeconds: 1 } });
  const first = await Candidate.start(`${lease}-0`, lease, '1.30.0', yields);
  const second = await Candidate.start(`${lease}-1`, lease, '1.31.0', 'stays');
  const renewed = ({ lease: { spec } }: { lease: { spec?: Record<string, unknown> | null } }) =>
    spec?.holderIdentity === first.name && spec.leaseDurationSeconds === 3;
  await place.until(renewed, `own renewal of ${first.name}`, WAIT_MS);
  return { first: first.name, second: second.name };
}

async function prefer(lease: string, to: string) {
  const args = ['release', lease, '-n', 'shop', '--via', 'prefer', '--to', to, '--yes', '-o', 'json'];
  const env = { KUBECONFIG: cluster.server.kubeconfig, XDG_STATE_HOME: '/nonexistent' };
  const run = await kle(args, { env });
  return { ...run, result: JSON.parse(run.stdout) };
}

describe.concurrent('--via prefer', () => {
  it('the holder gives way and ends: the coordinator elects the one that was wished for', async () => {
    const { first, second } = await election('gives-way', 'ends');
    const { code, result, stderr } = await prefer('gives-way', second);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ via: 'prefer', from: first, to: second, outcome: 'handed-over' });
    // The coordinator names it; it leads from its own first renewal on.
    const [, acquired] = result.steps;
    expect(acquired).toMatchObject({ step: 'acquired', holder: second });
    const { spec } = await cluster.calls.must('GET', `${LEASES}/gives-way`);
    expect(spec).toMatchObject({ holderIdentity: second, leaseDurationSeconds: 3 });
  });

  it('the holder gives way and stays: its strategy elects it again, and kle says so', async () => {
    const { first, second } = await election('comes-back', 'stays');
    const { code, result, stderr } = await prefer('comes-back', second);
    expect(code, stderr).toBe(1);
    expect(result).toMatchObject({ outcome: 'returned', from: first, to: first });
    expect(stderr).toContain('the coordinator elects by its strategy');
  });
});
