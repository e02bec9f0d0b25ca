/** Starting processes: one for work with our own streams, one as a helper that is talked to through pipes. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { groupLedBy, type ProcessGroup } from './process-group.js';

export type ProcessEnd = { readonly code: number } | { readonly signal: NodeJS.Signals };

export type Started =
  | { readonly ok: true; readonly group: ProcessGroup; readonly ended: Promise<ProcessEnd> }
  | { readonly ok: false; readonly problem: 'not-found' | 'not-executable'; readonly errno: string };

/**
 * Starts a command in a session and process group of its own, with the streams of this process. That it could not be
 * started is told as data, as a shell tells it: no such file, or anything else that kept it from running.
 */
export async function startGroup(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Started> {
  const [command = '', ...args] = argv;
  try {
    const child = spawn(command, args, { detached: true, stdio: 'inherit', env });
    if (child.pid === undefined) {
      return failed(await new Promise<Error>((resolve) => child.once('error', resolve)));
    }
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal === null ? { code: code ?? 0 } : { signal }));
    });
    // Not yet handled, so not yet reaped: /proc still shows the leader, be it a zombie by now.
    return { ok: true, group: groupLedBy(child.pid), ended };
  } catch (error) {
    // Node reports some refusals of the kernel by an event and throws the others.
    return failed(error as Error);
  }
}

function failed(error: NodeJS.ErrnoException): Started {
  const errno = error.code ?? error.name;
  const notFound = errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ERR_INVALID_ARG_VALUE';
  return { ok: false, problem: notFound ? 'not-found' : 'not-executable', errno };
}

/** The exit code by which a shell reports this end: the code, or 128 and the number of the signal. */
export function shellCode(end: ProcessEnd): number {
  return 'code' in end ? end.code : 128 + (constants.signals[end.signal] ?? 0);
}

export interface Helper {
  readonly pid: number;
  readonly input: Writable;
  readonly output: Readable;
  /** Calls `fn` once when the helper has ended and all that it wrote was read. */
  onEnd(fn: () => void): void;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts a script of ours (absolute path) with this Node in a session of its own: no Ctrl-C of our terminal and no signal to
 * our group or to a child's reaches it. It holds none of our streams. The environment is ours but for Node's own variables,
 * which could make it slow (`--inspect`, `--require`) or end it. Undefined when no process could be started.
 */
export function startHelper(script: string): Helper | undefined {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_')));
  try {
    // No worker threads for the compiler: there is next to nothing to compile.
    const child = spawn(process.execPath, ['--v8-pool-size=0', script], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: '/',
      env,
    });
    child.on('error', () => {});
    if (child.pid === undefined) return undefined;
    // What it can no longer be told is seen by its end.
    child.stdin.on('error', () => {});
    child.stdout.setEncoding('latin1');
    return {
      pid: child.pid,
      input: child.stdin,
      output: child.stdout,
      onEnd: (fn) => void child.once('close', fn),
      kill: (signal) => void child.kill(signal),
    };
  } catch {
    return undefined;
  }
}
