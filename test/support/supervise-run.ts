/** Runs the supervisor fixture as a real process, reads what it and its work say, and leaves no process behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { isZombie, parseStat } from '../../src/platform/process-group.js';
import type { Outcome } from '../../src/supervise/outcome.js';
import { type Exit, onLines } from './child.js';

export interface FixtureOptions {
  readonly watchdog: string;
  /** R: TERM this long after the last renewal, ms. */
  readonly holdMs: number;
  readonly drainMs: number;
  readonly renewMs: number;
  readonly renewForMs?: number;
}

export interface Said {
  readonly type: string;
  readonly atMs: number;
  readonly deadlineMs?: number;
  readonly pid?: number;
  readonly pgid?: number;
  readonly restarts?: number;
  readonly cause?: string;
  readonly signal?: string;
  readonly running?: boolean;
  readonly outcome?: Outcome;
  readonly code?: number;
  readonly again?: boolean;
}

export interface Programs {
  readonly folder: string;
  readonly fixture: string;
  readonly watchdog: string;
  readonly worker: string;
  remove(): void;
}

/** The programs as files of their own, built as scripts/build.mjs builds the watchdog: one CommonJS file. */
export function buildPrograms(): Programs {
  const folder = mkdtempSync(join(tmpdir(), 'kle-supervise-'));
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const bundle = (name: string, file: string, format: 'cjs' | 'esm' = 'cjs') => {
    const outfile = join(folder, format === 'cjs' ? `${name}.cjs` : `${name}.mjs`);
    const common = { bundle: true, platform: 'node', target: 'node20', minify: true } as const;
    buildSync({ ...common, absWorkingDir: root, entryPoints: [file], outfile, format });
    return outfile;
  };
  return {
    folder,
    watchdog: bundle('watchdog', 'src/supervise/watchdog-main.ts'),
    fixture: bundle('fixture', 'test/support/supervise-fixture.ts', 'esm'),
    worker: bundle('worker', 'test/support/supervise-worker.ts'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A list that grows and can be waited for. */
export class Record<T> {
  readonly all: T[] = [];
  #waiting: (() => void)[] = [];

  add(item: T): void {
    this.all.push(item);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** The first item, from index `from` on, that fits. */
  async find(fits: (item: T) => boolean, from = 0): Promise<T> {
    for (let index = from; ; index++) {
      while (index >= this.all.length) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      const item = this.all[index];
      if (item !== undefined && fits(item)) return item;
    }
  }
}

export interface Line {
  readonly word: string;
  /** Of the shared monotonic clock. */
  readonly atMs: number;
}

export class Run {
  readonly process: ChildProcess;
  readonly said = new Record<Said>();
  readonly lines = new Record<Line>();
  readonly exited: Promise<Exit>;
  stderr = '';
  readonly #pids = new Set<number>();
  readonly #orders: Duplex;

  constructor(programs: Programs, options: Partial<FixtureOptions>, command: readonly string[], env = process.env) {
    const full = { watchdog: programs.watchdog, holdMs: 800, drainMs: 300, renewMs: 100, ...options };
    const args = [programs.fixture, JSON.stringify(full), ...command];
    this.process = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env, detached: true });
    const [, stdout, stderr, orders] = this.process.stdio as unknown as [null, Readable, Readable, Duplex];
    this.#orders = orders;
    orders.on('error', () => {});
    onLines(stdout.setEncoding('utf8'), (line) => this.line(line));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    onLines(orders.setEncoding('utf8'), (line) => this.#hear(JSON.parse(line)));
    this.exited = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve({ code, signal })));
    this.#note(this.process.pid);
  }

  line(line: string): void {
    const [word = '', nanos = ''] = line.split(' ');
    this.#note(Number(/-pid-(\d+)/.exec(word)?.[1]));
    this.lines.add({ word, atMs: Number(nanos) / 1e6 });
  }

  order(text: string): void {
    this.#orders.write(`${text}\n`);
  }

  kill(pid: number | undefined, signal: NodeJS.Signals): void {
    if (!pid) throw new Error('no process to signal');
    process.kill(pid, signal);
  }

  event(type: string, from = 0): Promise<Said> {
    return this.said.find((said) => said.type === type, from);
  }

  /** The work writes: resolves with its group and its watchdog. */
  async working(word = 'work'): Promise<{ pgid: number; watchdog: number }> {
    await this.lines.find((line) => line.word === word);
    const pgid = (await this.event('started')).pgid ?? 0;
    return { pgid, watchdog: (await this.event('watchdog')).pid ?? 0 };
  }

  /** The deadline that the watchdog knows: of the last renewal before the supervisor ended or stood still. */
  lastDeadlineMs(): number {
    return this.said.all.findLast((said) => said.deadlineMs !== undefined)?.deadlineMs ?? Number.NaN;
  }

  lastWriteMs(): number {
    return this.lines.all.at(-1)?.atMs ?? Number.NaN;
  }

  /** Every process ever seen of this run that is not dead. */
  alive(): number[] {
    return [...this.#pids].filter((pid) => !isDead(pid));
  }

  /** Ends what is left. Only after `alive` was looked at: a test must not need it. */
  destroy(): void {
    for (const pid of this.alive()) process.kill(pid, 'SIGKILL');
  }

  #hear(said: Said): void {
    this.#note(said.pid);
    this.#note(said.pgid);
    this.said.add(said);
  }

  #note(pid: number | undefined): void {
    if (pid) this.#pids.add(pid);
  }
}

/** No such process, or a zombie that its parent has not noticed. */
export function isDead(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return stat !== undefined && isZombie(stat);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform === 'linux';
  }
}

/** Resolves when the process is dead. There is no event for a process that is not our child. */
export async function untilDead(pid: number): Promise<void> {
  while (!isDead(pid)) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Resolves when the process stands still by STOP (or is gone). */
export async function untilStopped(pid: number): Promise<void> {
  while (!isDead(pid) && statOf(pid)?.state !== 'T') await new Promise((resolve) => setTimeout(resolve, 2));
}

const statOf = (pid: number) => parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
