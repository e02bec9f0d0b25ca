/** `kle acquire` as a real process: what it says and when, its watchdog and its command, and an end for all of them. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isZombie, parseStat } from '../../src/platform/process-group.js';
import { describeExit, type Exit, onLines } from './child.js';
import { bin, cleanEnv } from './kle.js';

const workerFile = join(dirname(fileURLToPath(import.meta.url)), 'worker.mjs');
/** A build with a fault in it, to see the proofs fail. */
const program = process.env.KLE_TEST_KLE_BIN || bin;

export const SHORT = ['--lease-duration=3s', '--renew-deadline=2s', '--retry-period=400ms'];

/** A command line for `--`; `words` as worker.mjs takes them. */
export const worker = (file: string, ...words: string[]): string[] => [process.execPath, workerFile, file, ...words];

export interface SaidLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** CLOCK_MONOTONIC in nanoseconds, when it was read. */
  readonly mono: bigint;
}

export interface AcquireEnd extends Exit {
  readonly mono: bigint;
}

export interface AcquireOptions {
  readonly kubeconfig: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Words that run what follows them in their own place, with the same process id. */
  readonly through?: readonly string[];
}

/** Less than a test may take, so that it is this that fails, with words. */
const WAIT_MS = 15_000;
const alive = new Set<Acquiring>();
process.on('exit', () => {
  for (const run of alive) run.destroy();
});

/** Ends every process that a test left running, commands and watchdogs included, and waits for it. */
export async function endAll(): Promise<void> {
  const left = [...alive];
  for (const run of left) run.destroy();
  await Promise.all(left.map((run) => run.exited));
}

export class Acquiring {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly args: readonly string[];
  readonly lines: SaidLine[] = [];
  readonly exited: Promise<AcquireEnd>;
  ended: AcquireEnd | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #seen = new Set<number>();
  readonly #commands = new Set<number>();

  constructor(args: readonly string[], { kubeconfig, env, input, through = [] }: AcquireOptions) {
    this.args = args;
    const [first = '', ...words] = [...through, process.execPath, program, 'acquire', ...args];
    this.process = spawn(first, words, {
      env: cleanEnv({ KUBECONFIG: kubeconfig, ...env }),
      stdio: 'pipe',
    });
    alive.add(this);
    this.process.stdin.on('error', () => {});
    if (input !== undefined) this.process.stdin.end(input);
    for (const stream of ['stdout', 'stderr'] as const) {
      onLines(this.process[stream].setEncoding('utf8'), (text) => {
        this.lines.push({ stream, text, mono: process.hrtime.bigint() });
        this.#changed();
      });
    }
    let mono = 0n;
    this.process.on('exit', () => {
      mono = process.hrtime.bigint();
    });
    this.exited = new Promise((resolve) => {
      this.process.on('close', (code, signal) => {
        this.ended = { code, signal, mono };
        alive.delete(this);
        this.#changed();
        resolve(this.ended);
      });
    });
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  get stdout(): string {
    return this.#text('stdout');
  }

  get stderr(): string {
    return this.#text('stderr');
  }

  /** The first line, past or to come, with that in it. */
  line(pattern: RegExp | string, timeoutMs = WAIT_MS): Promise<SaidLine> {
    const fits = (line: SaidLine) =>
      typeof pattern === 'string' ? line.text.includes(pattern) : pattern.test(line.text);
    return this.until(() => this.lines.find(fits), `a line with ${pattern}`, timeoutMs);
  }

  /** Looked for at each line, at the end, and every few milliseconds: what a process does is not announced. */
  until<T>(find: () => T | undefined, what: string, timeoutMs = WAIT_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found !== undefined) finish(() => resolve(found));
        else if (this.ended) fail(describeExit(this.ended));
      };
      const fail = (why: string) => finish(() => reject(new Error(`${why}, without ${what}\n${this.describe()}`)));
      const finish = (then: () => void) => {
        clearTimeout(timer);
        clearInterval(often);
        this.#waiting.delete(look);
        then();
      };
      const timer = setTimeout(() => fail(`${timeoutMs} ms have passed`), timeoutMs);
      const often = setInterval(look, 5);
      this.#waiting.add(look);
      look();
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Of the command: its process, which leads its group. Undefined while there is none. */
  commandPid(): number | undefined {
    const pid = this.#children().find(({ watchdog }) => !watchdog)?.pid;
    if (pid !== undefined) this.#commands.add(pid);
    return pid;
  }

  watchdogPid(): number | undefined {
    return this.#children().find(({ watchdog }) => watchdog)?.pid;
  }

  /** The groups of every command of this run that was seen. */
  groups(): ReadonlySet<number> {
    this.commandPid();
    return this.#commands;
  }

  command(): Promise<number> {
    return this.until(() => this.commandPid(), 'a command');
  }

  /** Of all that was seen of this run: what is not dead. */
  left(): number[] {
    this.#children();
    return [...this.#seen, this.pid].filter((pid) => !isDead(pid));
  }

  destroy(): void {
    for (const pid of this.left()) tryKill(pid, 'SIGKILL');
  }

  describe(): string {
    const said = this.lines.slice(-12).map(({ stream, text }) => `  ${stream}: ${text}`);
    return [`$ kle acquire ${this.args.join(' ')}`, ...said].join('\n');
  }

  #children(): { pid: number; watchdog: boolean }[] {
    const found = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === this.pid)
      .map(Number)
      .filter((pid) => !isDead(pid));
    const children = found.map((pid) => ({ pid, words: commandLine(pid) }));
    // Between fork and exec a child still looks like its parent.
    const own = commandLine(this.pid);
    const started = children.filter(({ words }) => words !== '' && words !== own);
    for (const { pid } of children) this.#seen.add(pid);
    return started.map(({ pid, words }) => ({ pid, watchdog: /watchdog\.c?js/.test(words) }));
  }

  #text(stream: SaidLine['stream']): string {
    return this.lines
      .filter((line) => line.stream === stream)
      .map(({ text }) => `${text}\n`)
      .join('');
  }

  #changed(): void {
    for (const look of [...this.#waiting]) look();
  }
}

function parentOf(pid: string): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[1]);
}

const commandLine = (pid: number): string => read(`/proc/${pid}/cmdline`);

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** No such process, or a zombie that its parent has not noticed. */
export function isDead(pid: number): boolean {
  const stat = parseStat(read(`/proc/${pid}/stat`));
  return stat === undefined || isZombie(stat);
}

/** Whatever lives of those groups. A zombie does not: nobody may have noticed its end yet. */
export function membersOf(groups: ReadonlySet<number>): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => parseStat(read(`/proc/${name}/stat`)))
    .flatMap((stat) => (stat && groups.has(stat.pgid) && !isZombie(stat) ? [stat.pid] : []));
}

/** There is no event for the end of a process that is not our child. */
export async function untilDead(pid: number): Promise<void> {
  while (!isDead(pid)) await new Promise((resolve) => setTimeout(resolve, 2));
}

export function tryKill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
