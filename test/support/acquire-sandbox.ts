/** A `kle sandbox` for tests of `kle acquire`: an administrator's kubeconfig and one for each further user. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { onLines, spawnTied } from './child.js';
import { bin, cleanEnv } from './kle.js';

export interface Sandbox {
  readonly kubeconfig: string;
  readonly server: string;
  /** Of a user given at the start. */
  kubeconfigOf(user: string): string;
  stop(): Promise<void>;
}

/** `users`: name to rules, as `--user` takes them. */
export async function startSandbox(folder: string, users: Record<string, string> = {}): Promise<Sandbox> {
  const own = join(folder, 'sandbox.kubeconfig');
  const flags = Object.entries(users).map(([name, rules]) => `--user=${name}=${rules}`);
  // `cat` ends when this process does, and the sandbox with its command.
  const child = spawnTied(
    process.execPath,
    [bin, 'sandbox', `--kubeconfig-out=${own}`, ...flags, '--', 'sh', '-c', 'echo ready; exec cat'],
    {
      env: cleanEnv(),
      endWith: 'SIGTERM',
    },
  );
  await new Promise<void>((resolve, reject) => {
    onLines(child.process.stdout, () => resolve());
    void child.exited.then(() => reject(new Error(`the sandbox ended before it was ready: ${child.stderrTail()}`)));
  });
  const config = parse(readFileSync(own, 'utf8'));
  return {
    kubeconfig: own,
    server: config.clusters[0].cluster.server,
    kubeconfigOf(user) {
      const path = join(folder, `${user}.kubeconfig`);
      const users = [{ ...config.users[0], user: { token: `${user}-token` } }];
      writeFileSync(path, stringify({ ...config, users }), { mode: 0o600 });
      return path;
    },
    async stop() {
      child.process.stdin.end();
      await child.exited;
    },
  };
}
