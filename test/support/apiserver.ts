import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeExit, onLines, spawnTied, type TiedChild } from './child.js';

export interface ApiServerOptions {
  /** What `scripts/test-programs.mjs` built. */
  readonly binary: string;
  readonly signal?: AbortSignal;
  /** Keeps data and certificates there; with the same `port` a later start is the same cluster after an outage. */
  readonly dir?: string;
  readonly port?: number;
  /** With false, lists and watches go to etcd, and `compact` turns every older resourceVersion into 410. */
  readonly watchCache?: boolean;
}

export interface ApiServer {
  readonly pid: number;
  /** Of an administrator; the user tokens `viewer-token` and `nobody-token` have no rights until a test grants some. */
  readonly kubeconfig: string;
  readonly dir: string;
  readonly server: string;
  readonly controlUrl: string;
  /** Compacts etcd at the revision it returns. */
  compact(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 3000;

export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  options.signal?.throwIfAborted();
  const child = spawnTied(options.binary, flags(options), { endWith: 'SIGTERM' });
  const abort = () => child.process.kill('SIGTERM');
  options.signal?.addEventListener('abort', abort);
  const exited = child.exited.finally(() => options.signal?.removeEventListener('abort', abort));

  const kubeconfig = await ready(child, options.signal);
  const dir = dirname(kubeconfig);
  const controlUrl = (await readFile(join(dir, 'control'), 'utf8')).trim();
  return {
    pid: child.process.pid ?? -1,
    kubeconfig,
    dir,
    server: await serverOf(kubeconfig),
    controlUrl,
    compact: () => compact(controlUrl),
    kill: (signal) => void child.process.kill(signal),
    async stop() {
      child.process.kill('SIGTERM');
      // In case a test has stopped it with SIGSTOP.
      child.process.kill('SIGCONT');
      const late = setTimeout(() => child.process.kill('SIGKILL'), STOP_LIMIT_MS);
      await exited;
      clearTimeout(late);
    },
  };
}

function flags({ dir, port, watchCache }: ApiServerOptions): string[] {
  const given = { dir, port, 'watch-cache': watchCache };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return ['--exit-with-stdin', ...set.map(([name, value]) => `--${name}=${value}`)];
}

async function ready(child: TiedChild, signal: AbortSignal | undefined): Promise<string> {
  const line = await new Promise<string | undefined>((resolve) => {
    onLines(child.process.stdout, resolve);
    void child.exited.then(() => resolve(undefined));
  });
  const path = line === undefined ? undefined : /^ready (.+)$/.exec(line)?.[1];
  if (path !== undefined) return path;
  child.process.kill('SIGKILL');
  const exit = await child.exited;
  signal?.throwIfAborted();
  throw new Error(`the API server ${describeExit(exit)} before it was ready:\n${line ?? ''}${child.stderrTail()}`);
}

/** The one field that is needed, found without a YAML parser: the file is ours and has one cluster. */
async function serverOf(kubeconfig: string): Promise<string> {
  const server = /^\s+server: (\S+)$/m.exec(await readFile(kubeconfig, 'utf8'))?.[1];
  if (server === undefined) throw new Error(`no server in ${kubeconfig}`);
  return server;
}

async function compact(controlUrl: string): Promise<string> {
  const response = await fetch(`${controlUrl}/compact`, { method: 'POST' });
  if (!response.ok) throw new Error(`compact: ${response.status} ${await response.text()}`);
  const { revision } = (await response.json()) as { revision: string };
  return revision;
}
