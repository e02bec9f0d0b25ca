/** Everything that a command needs of the outside, built once. */
import type { Connection } from '../kube/connection.js';
import type { LeaseApi } from '../lease/api.js';
import { type Clock, systemClock } from '../platform/clock.js';
import { type Io, processIo } from '../platform/io.js';
import { safe, safeLines } from '../view/safe.js';
import { themeFor } from '../view/theme.js';
import { Interrupted } from './errors.js';
import { connectionRequest, type ParsedConnectionFlags } from './flags.js';
import { version } from './version.js';

export interface Cluster {
  connection: Connection;
  leases: LeaseApi;
}

export interface Context {
  io: Io;
  clock: Clock;
  /** Aborted, with an `Interrupted`, on the first SIGINT or SIGTERM. A second one ends the process at once. */
  signal: AbortSignal;
  /** Reads the kubeconfig and the flags. No request is made yet. */
  cluster(flags: ParsedConnectionFlags): Promise<Cluster>;
  /** One line on stderr that begins with `kle: `. */
  say(text: string): void;
  warn(text: string): Promise<void>;
}

export function processContext(): Context {
  const io = processIo();
  const say = (text: string) => io.stderr.write(`kle: ${safe(text)}\n`);
  return {
    io,
    clock: systemClock,
    signal: interruptSignal(),
    cluster: (flags) => openCluster(flags, io),
    say,
    warn: async (text) => {
      const theme = await themeFor(io.stderr, io.env);
      io.stderr.write(`${theme.warning('kle: warning:')} ${safe(text)}\n`);
    },
  };
}

async function openCluster(flags: ParsedConnectionFlags, io: Io): Promise<Cluster> {
  const { connection: request, timeoutMs } = connectionRequest(flags);
  const [{ connect }, { createLeaseApi }] = await Promise.all([
    import('../kube/connect.js'),
    import('../kube/lease-api.js'),
  ]);
  const onPluginOutput = (text: string) => io.stderr.write(safeLines(text));
  const connection = await connect(request, { env: io.env, onPluginOutput });
  return { connection, leases: createLeaseApi(connection, { timeoutMs, version }) };
}

function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}
