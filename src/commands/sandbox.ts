import { boolean as booleanFlag, integer as integerFlag, string as stringFlag } from '@oclif/core/flags';
import { KleCommand } from '../cli/base-command.js';
import { type DataObject, readObjects } from '../cli/data-file.js';
import { UsageError } from '../cli/errors.js';
import { EXIT } from '../cli/exit-codes.js';
import { type KubeconfigPlace, kubeconfigPlace, refuseRunning } from '../cli/sandbox-kubeconfig.js';
import { parseUser } from '../cli/sandbox-user.js';
import { ConnectError } from '../kube/http/connection.js';
import { fileProblem, readTextFile } from '../platform/files.js';
import { runCommand } from '../platform/run-command.js';
import type { RequestLine, Sandbox, SandboxOptions } from '../sandbox/server.js';

export default class SandboxCommand extends KleCommand {
  static override summary = 'An API server for Leases on this machine, to try and test things on.';
  static override usage = 'sandbox [FLAGS] [-- CMD...]';
  static override description = [
    'Serves coordination.k8s.io/v1 (and events, namespaces, pods, configmaps) on 127.0.0.1 as kube-apiserver does, with a',
    'CA and an administrator of its own, and forgets everything when it ends. kubectl, kle and electors use it through the',
    'kubeconfig that it writes. With CMD it runs that with KUBECONFIG set, and ends with its exit code. What it does not',
    'do stands in docs/sandbox.md.',
  ].join(' ');
  static override examples = [
    { description: 'until Ctrl-C; the first line on stdout says how to use it', command: 'kle sandbox' },
    { description: 'around a test', command: 'kle sandbox -- npm test' },
    {
      description: 'with Leases to begin with, and a user who may only look: `kle status --context viewer`',
      command: 'kle sandbox --data leases.yaml --user viewer=get:leases,list:leases',
    },
  ];
  static override wordsBeforeCommand = 0;
  static override flags = {
    port: integerFlag({
      summary: 'port on 127.0.0.1; default: a free one',
      min: 0,
      max: 65_535,
      default: 0,
      helpValue: 'PORT',
    }),
    'kubeconfig-out': stringFlag({
      summary: 'where to write the kubeconfig; default: a private temporary folder',
      helpValue: 'FILE',
    }),
    data: stringFlag({
      summary: 'YAML objects to start with; may be repeated',
      helpValue: 'FILE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    user: stringFlag({
      summary: 'a further user with a context of that name, such as ci=get:leases; *:* is all; may be repeated',
      helpValue: 'NAME=RULES',
      multiple: true,
      multipleNonGreedy: true,
    }),
    http: booleanFlag({ summary: 'plain HTTP instead of TLS; the token is still wanted' }),
    verbose: booleanFlag({ char: 'v', summary: 'a line on stderr for each request' }),
  };

  override async run(): Promise<number> {
    const { flags } = await this.parse(SandboxCommand);
    if (this.commandWords?.length === 0) throw new UsageError('there is no command after --', ['kle sandbox -- CMD']);
    const users = (flags.user ?? []).map(parseUser);
    const data = (flags.data ?? []).flatMap((file) => readObjects(file, readData(file)));
    const out = flags['kubeconfig-out'];
    if (out !== undefined) await refuseRunning(out, (path) => this.#serves(path));
    const place = kubeconfigPlace(out);
    const onRequest = flags.verbose ? (line: RequestLine) => this.context.say(requestText(line)) : undefined;
    try {
      const sandbox = await open(
        { port: flags.port, http: flags.http, users, ...(onRequest ? { onRequest } : {}) },
        data,
      );
      try {
        place.write(sandbox.kubeconfig());
        return await this.#serve(sandbox, place, flags.http);
      } finally {
        await sandbox.close();
      }
    } finally {
      place.remove();
    }
  }

  /** Whether that kubeconfig's own server answers; one that is silent may be stopped for a moment. */
  async #serves(kubeconfig: string): Promise<boolean> {
    try {
      const { leases } = await this.context.cluster({ kubeconfig, 'request-timeout': '2s' });
      const answer = await leases.list({}, { limit: 1 });
      return answer.ok || answer.failure.kind === 'timeout';
    } catch (error) {
      if (error instanceof ConnectError) return false;
      throw error;
    }
  }

  async #serve(sandbox: Sandbox, place: KubeconfigPlace, http: boolean): Promise<number> {
    const { io, signal } = this.context;
    if (this.commandWords) {
      const ended = runCommand(this.commandWords, { ...io.env, KUBECONFIG: place.path }, this.context.say);
      this.context.leaveSignals();
      return ended;
    }
    io.stdout.write(`export KUBECONFIG=${JSON.stringify(place.path)}\n`);
    if (http)
      this.context.say('kubectl and kle send no token over plain HTTP: for clients that do, it is in the kubeconfig');
    this.context.say(`Leases are served on ${sandbox.url}; use the line above in another shell; Ctrl-C ends it`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) return resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return EXIT.ok;
  }
}

function readData(file: string): string {
  try {
    return readTextFile(file);
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${fileProblem(error)}`);
  }
}

/** Starts the server; what is wrong with an object is told at its place in its file. */
async function open(options: SandboxOptions, data: readonly DataObject[]): Promise<Sandbox> {
  const { SeedError, startSandbox } = await import('../sandbox/server.js');
  try {
    return await startSandbox({ ...options, objects: data.map(({ object }) => object) });
  } catch (error) {
    if (error instanceof SeedError)
      throw new UsageError(`${data[error.index]?.at}: ${error.message.replace(/^object \d+: /, '')}`);
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new UsageError((error as Error).message, ['choose another --port, or leave it out for a free one']);
    }
    throw error;
  }
}

const requestText = (line: RequestLine) =>
  `${line.user || '-'} ${line.method} ${line.path} ${line.status} ${Math.round(line.ms)}ms`;
