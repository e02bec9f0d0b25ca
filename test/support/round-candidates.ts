/** Who contends in a round: an unmodified elector of one library, or `kle acquire` with work of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Acquiring, tryKill, worker } from './acquire-run.js';
import { startElector } from './elector.js';
import type { WallClock } from './faketime.js';
import { parseWork, type Unit, workOf } from './worker-log.js';

const programs = {
  'client-go': process.env.KLE_TEST_CLIENT_GO ?? '',
  'controller-runtime': process.env.KLE_TEST_CONTROLLER_RUNTIME ?? '',
  'kube-leader-election': process.env.KLE_TEST_KUBE_LEADER_ELECTION ?? '',
};
export type ElectorLibrary = keyof typeof programs;

export interface Candidate {
  readonly identity: string;
  units(): Unit[];
  end(): Promise<void>;
}

export interface CandidateOptions {
  readonly kubeconfig: string;
  readonly lease: string;
  /** For what `kle acquire` writes. */
  readonly folder: string;
  /** Go duration; 2s unless given. Of kube-leader-election: its loop. */
  readonly retryPeriod?: string;
  /** The clock of the elector; has no effect on Go. */
  readonly wall?: WallClock;
  /** How the command of `kle acquire` works, as worker.mjs takes it. */
  readonly work?: string;
}

export async function startCandidate(
  library: ElectorLibrary | 'kle',
  identity: string,
  options: CandidateOptions,
): Promise<Candidate> {
  return library === 'kle' ? startKle(identity, options) : startLibrary(library, identity, options);
}

async function startLibrary(library: ElectorLibrary, identity: string, options: CandidateOptions): Promise<Candidate> {
  const { kubeconfig, lease, retryPeriod = '2s', wall } = options;
  const elector = await startElector({
    binary: programs[library],
    kubeconfig,
    namespace: 'default',
    lease,
    ...(library === 'controller-runtime' ? {} : { identity }),
    retryPeriod,
    ...(wall && { env: wall.env }),
  });
  return {
    identity: elector.identity,
    units: () => workOf(elector.log),
    end: async () => {
      elector.kill('SIGKILL');
      await elector.exited;
    },
  };
}

function startKle(identity: string, { kubeconfig, lease, folder, work = '' }: CandidateOptions): Candidate {
  const file = join(folder, `${identity}.work`);
  const command = worker(file, 'every=20', ...work.split(' ').filter(Boolean));
  const run = new Acquiring([lease, `--identity=${identity}`, '--', ...command], { kubeconfig });
  return {
    identity,
    units: () => parseWork(readIfThere(file)),
    end: async () => {
      for (const pid of [run.watchdogPid(), run.commandPid(), run.pid]) if (pid) tryKill(pid, 'SIGKILL');
      run.destroy();
      await run.exited;
    },
  };
}
function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
