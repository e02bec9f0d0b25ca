/** Runs the built binary as a user would. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const bin = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'bin', 'kle.js');

export interface Run {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  kubeconfig?: string;
  env?: NodeJS.ProcessEnv;
  /** Closes stdout after so many bytes have been read, as `head` does. */
  readOnly?: number;
  input?: string;
}

/** A clean environment: no kubeconfig, proxy, colour or home of whoever runs the tests. */
export function cleanEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: '/nonexistent', NO_COLOR: '1', ...extra };
}

/** Ends when the process has and its output is closed. */
export function kle(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const env = cleanEnv({ ...(options.kubeconfig ? { KUBECONFIG: options.kubeconfig } : {}), ...options.env });
  const child = spawn(process.execPath, [bin, ...args], { env, stdio: 'pipe' });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (options.readOnly !== undefined && stdout.length >= options.readOnly) child.stdout.destroy();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
