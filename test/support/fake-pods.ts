/** Pods and Nodes on an API server that has no kubelet: what a kubelet would say is written by hand. */
import { type ChaosCluster, NAMESPACE } from './chaos-cluster.js';
import type { KubeObject } from './kube-calls.js';

const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const BUDGETS = `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets`;

export interface FakePodOptions {
  node: string;
  hostNetwork?: boolean;
  annotations?: Record<string, string>;
  /** When kubelet first saw it; an hour ago unless given. */
  startTime?: string;
}

export class FakePods {
  readonly #calls: ChaosCluster['calls'];

  constructor({ calls }: ChaosCluster) {
    this.#calls = calls;
  }

  /** `ready`: what the node's kubelet says of itself. */
  async node(name: string, ready: boolean): Promise<void> {
    await this.#calls.call('POST', '/api/v1/nodes', { metadata: { name } });
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }];
    await this.#merge(`/api/v1/nodes/${name}/status`, { status: { conditions } });
  }

  /** Running, with one container. */
  async running(name: string, { node, hostNetwork = false, annotations = {}, startTime }: FakePodOptions) {
    const containers = [{ name: 'main', image: 'example.invalid/main' }];
    const spec = { nodeName: node, hostNetwork, containers, terminationGracePeriodSeconds: 30 };
    const pod = await this.#calls.must('POST', PODS, { metadata: { name, annotations, labels: { app: name } }, spec });
    const started = startTime ?? new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, '');
    // A Pod that is not Ready may be evicted whatever the budget says.
    const conditions = [{ type: 'Ready', status: 'True' }];
    await this.#status(name, { phase: 'Running', startTime: started, conditions }, { running: { startedAt: started } });
    return pod;
  }

  /** Its container has ended; kubelet has said so. */
  async ended(name: string): Promise<void> {
    const terminated = { exitCode: 0, containerID: containerOf(name), reason: 'Completed' };
    await this.#status(name, { phase: 'Running' }, { terminated });
  }

  get(name: string): Promise<KubeObject> {
    return this.#calls.must('GET', `${PODS}/${name}`);
  }

  async exists(name: string): Promise<boolean> {
    return (await this.#calls.call('GET', `${PODS}/${name}`)).status === 200;
  }

  /** Asked to go, with its grace: the server marks it, and a kubelet would end its containers. */
  async askedToGo(name: string): Promise<void> {
    await this.#calls.must('DELETE', `${PODS}/${name}`);
  }

  /** Taken out of the API, as kubelet does once the containers have ended. */
  async gone(name: string): Promise<void> {
    await this.#calls.must('DELETE', `${PODS}/${name}`, { gracePeriodSeconds: 0 });
  }

  /** A disruption budget for that Pod, whose controller is played too. */
  async budget(pod: string, disruptionsAllowed: number): Promise<void> {
    const selector = { matchLabels: { app: pod } };
    await this.#calls.must('POST', BUDGETS, { metadata: { name: pod }, spec: { minAvailable: 1, selector } });
    const counts = { currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, observedGeneration: 1 };
    await this.#merge(`${BUDGETS}/${pod}/status`, { status: { ...counts, disruptionsAllowed } });
  }

  async #status(name: string, status: object, state: object): Promise<void> {
    const container = { name: 'main', containerID: containerOf(name), image: '', imageID: '', ready: true };
    const containerStatuses = [{ ...container, restartCount: 0, state }];
    await this.#merge(`${PODS}/${name}/status`, { status: { ...status, containerStatuses } });
  }

  async #merge(path: string, change: object): Promise<void> {
    await this.#calls.must('PATCH', path, change, 'application/merge-patch+json');
  }
}

const containerOf = (pod: string): string => `containerd://${pod}`;
