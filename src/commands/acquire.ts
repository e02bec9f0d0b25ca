import { string as stringArg } from '@oclif/core/args';
import { Candidate } from '../cli/acquire/candidate.js';
import { type AcquireRequest, acquireFlags, acquireRequest } from '../cli/acquire/flags.js';
import { holdUntilInterrupted } from '../cli/acquire/hold.js';
import { acquireOnce } from '../cli/acquire/once.js';
import { TimedOut, waiting } from '../cli/acquire/stop-waiting.js';
import { runWhileLeading } from '../cli/acquire/work.js';
import { KleCommand } from '../cli/base-command.js';
import type { Cluster } from '../cli/context.js';
import { UsageError } from '../cli/errors.js';
import { leaseArg, leaseName } from '../cli/flags.js';
import { createEventRecorder, type EventRecorder } from '../kube/event-recorder.js';
import { sleep } from '../platform/clock.js';
import { hostName } from '../platform/host-name.js';
import { runCommand } from '../platform/run-command.js';
import { sharedClock } from '../platform/shared-clock.js';
import { serveProbes } from '../supervise/probes.js';
import { holderText } from '../view/text/acquire.js';
import { warningText } from '../view/text/timing.js';

export default class Acquire extends KleCommand {
  static override summary = 'Become leader, and run a command only while leading.';
  static override usage = 'acquire LEASE [FLAGS] [-- CMD...]';
  static override description = [
    'Competes for the Lease and leads until interrupted. With CMD, runs it only while leading: when the Lease can no longer',
    'be kept, CMD gets TERM, then KILL, and is dead before anybody else may lead; only then is the Lease freed. CMD finds',
    'KLE_FENCING_TOKEN and other facts in its environment. Exit codes: those of CMD; 75 (-E) Lease lost; 124 not acquired',
    'within --timeout. docs/acquire.md says what is promised and what is not. Needs the right to get, create, update and',
    'watch leases.',
  ].join(' ');
  static override examples = [
    {
      description: 'a nightly job that must not run twice',
      command: 'kle acquire nightly --timeout 0s -- ./nightly.sh',
    },
    { description: 'a worker with hot standbys', command: 'kle acquire worker --restart --http :8080 -- ./worker' },
    { description: 'hold a Lease by hand', command: 'kle acquire maintenance' },
    { description: 'from a script, again and again', command: 'kle acquire job --once --identity ci-42' },
  ];
  static override wordsBeforeCommand = 1;
  static override args = { lease: stringArg(leaseArg) };
  static override flags = acquireFlags;

  #toldOther = false;

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(Acquire);
    const command = this.commandWords;
    const lease = leaseName(args.lease);
    if (command?.length === 0) throw new UsageError('there is no command after --', ['kle acquire LEASE -- CMD']);
    refuseContradictions(flags, command);
    const request = acquireRequest(flags, this.context.io.env, hostName());
    if (!flags['leader-elect']) return this.#unguarded(command ?? []);
    for (const warning of request.warnings) await this.context.warn(warningText(warning));
    const cluster = await this.context.cluster(flags);
    const inPod = cluster.connection.contextName === null ? this.context.io.env.POD_NAMESPACE : undefined;
    const namespace = flags.namespace ?? (inPod || cluster.connection.namespace);
    return this.#compete({ cluster, namespace, lease, request, once: flags.once, output: flags.output, command });
  }

  async #unguarded(command: readonly string[]): Promise<number> {
    await this.context.warn(
      '--leader-elect=false: the command runs without any Lease; others may run it at the same time',
    );
    const ended = runCommand(command, this.context.io.env, this.context.say);
    this.context.leaveSignals();
    return ended;
  }

  async #compete(job: Job): Promise<number> {
    const { request, cluster, namespace, lease } = job;
    const wait = waiting(this.context.signal, request.timeoutMs, request.durations.renewDeadlineMs, sharedClock);
    const recorder = request.events ? this.#recorder(cluster, namespace, lease, request) : undefined;
    const candidate = new Candidate({
      ...job,
      context: this.context,
      recorder,
      onHolder: (holder) => this.#tellHolder(holder, request, wait),
    });
    const probes = request.http && (await this.#serveProbes(request, candidate));
    const stopRefreshing = cluster.connection.keepFresh?.();
    try {
      if (job.once) {
        const { once: _, ...rest } = job;
        return await acquireOnce({ ...rest, candidate, context: this.context, waiting: wait });
      }
      if (!job.command) return await holdUntilInterrupted(candidate, wait, this.context);
      return await runWhileLeading({
        context: this.context,
        candidate,
        command: job.command,
        request,
        waiting: wait,
        toldOther: () => this.#toldOther,
      });
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      const { holder } = candidate.election.state;
      this.context.say(`not acquired in time: ${holder ? `held by ${holder}` : 'nobody is known to hold it'}`);
      return request.timeoutExitCode;
    } finally {
      await Promise.all([candidate.election.close(), probes?.close()]);
      stopRefreshing?.();
      await Promise.race([recorder?.sent(), sleep(sharedClock, LAST_EVENT_MS)]);
    }
  }

  #tellHolder(holder: string | null, request: AcquireRequest, wait: ReturnType<typeof waiting>): void {
    if (holder) this.#toldOther = true;
    this.context.say(holderText(holder, request.identity));
    if (holder) wait.sawOther();
  }

  #recorder(cluster: Cluster, namespace: string, lease: string, request: AcquireRequest): EventRecorder {
    const now = () => cluster.leases.serverTime()?.earliest ?? this.context.clock.wallMicros();
    const subject = { namespace, lease, identity: request.identity };
    return createEventRecorder(cluster.transport, subject, now, (failure) => {
      void this.context.warn(`Events are not recorded: ${failure.message}`);
    });
  }

  async #serveProbes(request: AcquireRequest, candidate: Candidate) {
    const address = request.http;
    if (!address) return undefined;
    try {
      return await serveProbes({ address, readyWhen: request.readyWhen, snapshot: () => candidate.snapshot() });
    } catch (error) {
      throw new UsageError(
        `--http: cannot listen on ${address.host ?? ''}:${address.port}: ${(error as Error).message}`,
      );
    }
  }
}

/** How long the end waits for the Event that tells of it. */
const LAST_EVENT_MS = 2_000;

interface Job {
  cluster: Cluster;
  namespace: string;
  lease: string;
  request: AcquireRequest;
  once: boolean;
  output: 'text' | 'json' | 'yaml';
  command: readonly string[] | undefined;
}

interface Given {
  once: boolean;
  identity?: string | undefined;
  restart: boolean;
  'leader-elect': boolean;
}

function refuseContradictions(flags: Given, command: readonly string[] | undefined): void {
  if (flags.once && command) throw new UsageError('--once runs no command', ['leave --once out, or the command']);
  if (flags.once && !flags.identity) {
    throw new UsageError('--once needs --identity: the next call must know its own Lease again', [
      '--once --identity ID',
    ]);
  }
  if (flags.restart && !command)
    throw new UsageError('--restart is for a command', ['kle acquire LEASE --restart -- CMD']);
  if (!flags['leader-elect'] && !command) {
    throw new UsageError('--leader-elect=false is for a command', ['kle acquire LEASE --leader-elect=false -- CMD']);
  }
}
