import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface TiedChild {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly exited: Promise<Exit>;
  /** The end of what it wrote to stderr, for error messages. */
  stderrTail(): string;
}

const TAIL = 4000;
const alive = new Map<TiedChild['process'], NodeJS.Signals>();

process.on('exit', () => {
  for (const [child, signal] of alive) {
    child.kill(signal);
    // A stopped process acts on no other signal than SIGKILL.
    child.kill('SIGCONT');
  }
});

export interface TiedChildOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** For a child that has things to remove when it ends. */
  readonly endWith?: NodeJS.Signals;
}

/**
 * A child that does not outlive this process, in two ways, because neither is enough: the exit handler is not run when
 * we are killed, and a child that a test has stopped with SIGSTOP cannot notice that its stdin was closed.
 * The child must end by itself when stdin closes.
 */
export function spawnTied(
  binary: string,
  args: readonly string[],
  { env = process.env, endWith = 'SIGKILL' }: TiedChildOptions = {},
): TiedChild {
  const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  alive.set(child, endWith);
  let tail = '';
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    tail = (tail + text).slice(-TAIL);
  });
  const exited = new Promise<Exit>((resolve) => {
    child.on('error', (error) => {
      tail += String(error);
      // No process came to be, so there will be no 'close'.
      if (child.pid === undefined) end({ code: null, signal: null });
    });
    child.on('close', (code, signal) => end({ code, signal }));
    function end(exit: Exit): void {
      alive.delete(child);
      resolve(exit);
    }
  });
  return { process: child, exited, stderrTail: () => tail };
}

export function describeExit({ code, signal }: Exit): string {
  if (signal !== null) return `was ended by ${signal}`;
  return code === null ? 'could not be started' : `ended with ${code}`;
}

export function onLines(stream: Readable, each: (line: string) => void): void {
  let rest = '';
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) each(line);
  });
}
