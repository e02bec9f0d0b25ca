/** Everything that a command needs of the outside, built once. */
import type { Connection } from '../kube/http/connection.js';
import type { Transport } from '../kube/http/transport.js';
import type { LeaseApi } from '../lease/api.js';
import type { Clock } from '../platform/clock.js';
import { type Io, processIo } from '../platform/io.js';
import { sharedClock } from '../platform/shared-clock.js';
import { safe, safeLines } from '../view/safe.js';
import { themeFor } from '../view/theme.js';
import { type Conversation, shellConversation } from './conversation.js';
import { Interrupted } from './errors.js';
import { EXIT } from './exit-codes.js';
import { connectionRequest, type ParsedConnectionFlags } from './flags.js';
import { version } from './version.js';

export interface Cluster {
  connection: Connection;
  leases: LeaseApi;
  /** For what is not a Lease: Events, Pods, reviews. */
  transport: Transport;
}

export interface Context {
  io: Io;
  clock: Clock;
  /** Aborted, with an `Interrupted`, on the first SIGINT, SIGTERM or SIGHUP (told as SIGTERM). A second one ends the process at once. */
  signal: AbortSignal;
  /**
   * From here on signals are handled by whoever asks for this: a command runs and decides what they mean. To be called once
   * that one listens: a signal that has come and was not told yet is lost where nobody listens for a moment.
   */
  leaveSignals(): void;
  /** Reads the kubeconfig and the flags. No request is made yet. */
  cluster(flags: ParsedConnectionFlags): Promise<Cluster>;
  /** One line on stderr that begins with `kle: `. */
  say(text: string): void;
  warn(text: string): Promise<void>;
  talk: Conversation;
  /** Runs kle with these words in this process; errors are told through `context`. Resolves with the exit code. */
  run(words: readonly string[], context: Context): Promise<number>;
}

export function processContext(run: Context['run']): Context {
  const io = processIo();
  const say = (text: string) => io.stderr.write(`kle: ${safe(text)}\n`);
  const signals = interrupts();
  return {
    io,
    clock: sharedClock,
    ...signals,
    talk: shellConversation(io, signals.signal),
    run,
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
  const [{ connect }, { leaseApiOver }, { Transport }] = await Promise.all([
    import('../kube/connect.js'),
    import('../kube/lease-api.js'),
    import('../kube/http/transport.js'),
  ]);
  const onPluginOutput = (text: string) => io.stderr.write(safeLines(text));
  const connection = await connect(request, { env: io.env, onPluginOutput });
  const options = { timeoutMs, version, clock: sharedClock };
  const transport = new Transport(connection, options);
  return { connection, transport, leases: leaseApiOver(transport, options) };
}

function interrupts(): Pick<Context, 'signal' | 'leaveSignals'> {
  const controller = new AbortController();
  const undo = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => {
    const interrupt = () => {
      if (controller.signal.aborted) process.exit(name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
      controller.abort(new Interrupted(name === 'SIGINT' ? name : 'SIGTERM'));
    };
    process.on(name, interrupt);
    return () => process.off(name, interrupt);
  });
  return { signal: controller.signal, leaveSignals: () => undo.forEach((stop) => void stop()) };
}
