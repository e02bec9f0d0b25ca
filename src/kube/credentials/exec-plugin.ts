/** Runs a credential plugin as a child process and returns what it printed. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { ConnectError } from '../http/connection.js';
import type { Host } from '../http/host.js';
import type { ExecConfig } from '../kubeconfig/kubeconfig.js';

/** More than this is no credential. */
const MAX_OUTPUT = 1 << 20;

/**
 * The plugin gets our environment with the entry's `env` and KUBERNETES_EXEC_INFO over it, our stdin only if
 * `interactive`, and its stderr goes to `onPluginOutput` (else to ours). Rejects with ConnectError when it cannot be
 * found or started, and when it fails.
 */
export function runPlugin(exec: ExecConfig, info: string, interactive: boolean, host: Host): Promise<string> {
  const name = exec.command ?? '';
  const file = findCommand(name, host.env);
  if (!file) return Promise.reject(notFound(exec));
  const { spawn } = process.getBuiltinModule('node:child_process');
  const env = { ...host.env, ...Object.fromEntries(exec.env.map((entry) => [entry.name, entry.value])) };
  const child = spawn(file, exec.args, {
    env: { ...env, KUBERNETES_EXEC_INFO: info },
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', host.onPluginOutput ? 'pipe' : 'inherit'],
    windowsHide: true,
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => host.onPluginOutput?.(text));
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new ConnectError(`the credential plugin ${name} ${what}`));
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.length > MAX_OUTPUT) child.kill();
    });
    child.on('error', (error: NodeJS.ErrnoException) => fail(`could not be started: ${error.code ?? 'unknown error'}`));
    child.on('close', (code, signal) => {
      if (stdout.length > MAX_OUTPUT) fail('printed more than a credential');
      else if (signal) fail(`was ended by ${signal}`);
      else if (code !== 0) fail(`failed with exit code ${code}`);
      else resolve(stdout);
    });
  });
}

/**
 * A bare name is looked up on our own PATH, as Go does: `env` of the entry is for the plugin. Null when there is none.
 * Windows has rules of its own for what runs, and they are left to it.
 */
function findCommand(name: string, env: NodeJS.ProcessEnv): string | null {
  if (process.platform === 'win32') return name;
  if (name.includes('/')) return isExecutable(name) ? name : null;
  for (const dir of (env.PATH ?? '').split(path.delimiter)) {
    // A relative entry would run whatever lies in the current folder; Go refuses that too (exec.ErrDot).
    const file = path.join(dir, name);
    if (path.isAbsolute(dir) && isExecutable(file)) return file;
  }
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function notFound({ command, installHint }: ExecConfig): ConnectError {
  return new ConnectError(`the credential plugin ${command} was not found`, [
    ...(installHint ?? '').split('\n').filter((line) => line.trim() !== ''),
    `install ${command}, or correct users[].user.exec.command in the kubeconfig`,
  ]);
}
