/** The candidates of the demo: real `kle acquire` processes. */
import { type Helper, startHelper } from '../../platform/helper-process.js';

export const LEASE = 'demo';
export const NAMESPACE = 'default';
const NAMES = ['red', 'green', 'blue'] as const;
/** Short, so that a crash is over in three seconds. */
const DURATIONS = ['--lease-duration=3s', '--renew-deadline=2s', '--retry-period=400ms'];

export class Candidates {
  readonly #running = new Map<string, Helper>();
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv, kubeconfig: string) {
    this.#env = { ...env, KUBECONFIG: kubeconfig };
    for (const name of NAMES) this.start(name);
  }

  start(name: string): void {
    const words = ['acquire', LEASE, `--namespace=${NAMESPACE}`, `--identity=${name}`, ...DURATIONS];
    this.#running.set(name, startHelper(words, this.#env));
  }

  /** The process of that identity; undefined when it is none of ours. */
  of(name: string | null): Helper | undefined {
    return name === null ? undefined : this.#running.get(name);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((candidate) => candidate.end()));
  }
}
