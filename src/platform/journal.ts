/**
 * What an operation leaves on this machine before its first write, so that `kle undo` can put the Lease back after a kill:
 * one file per operation in `$XDG_STATE_HOME/kle/operations` (default `~/.local/state`), removed when nothing is left to
 * undo. Folder 0700, files 0600, created exclusively, no symbolic links, nothing of another user's; synced before kle goes
 * on. No credential and no path is in it.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileProblem } from './files.js';
import { bootId, isAlive, ownIdentity, type ProcessIdentity } from './process-identity.js';
import { sharedClock } from './shared-clock.js';

/** One operation as it stands in its file; `T` is what the operation itself remembers. */
export interface JournalFile<T> {
  operation: T;
  server: string;
  context: string | null;
  process: ProcessIdentity;
  /** CLOCK_MONOTONIC in milliseconds, comparable within one boot. */
  startedMs: number;
  /** Of the last note before a taking PUT; null: none was about to be sent. */
  sendingMs: number | null;
}

export interface JournalEntryRead<T> {
  operation: T;
  server: string;
  context: string | null;
  alive: boolean;
  /** Since the last note before a taking PUT; null: another boot, or no such note. */
  sentAgoMs: number | null;
}

type Result = { ok: true } | { ok: false; problem: string };

const NAME = /^([a-z0-9]{10})\.jsonl$/;
const LONGEST = 64 * 1024;
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/** Why the folder cannot be used, or its path. Made where it is missing. */
export function journalFolder(env: NodeJS.ProcessEnv): { ok: true; path: string } | { ok: false; problem: string } {
  const state = env.XDG_STATE_HOME || (env.HOME ? join(env.HOME, '.local', 'state') : '');
  if (state === '') return { ok: false, problem: 'neither XDG_STATE_HOME nor HOME is set' };
  if (!isAbsolute(state)) return { ok: false, problem: 'XDG_STATE_HOME is no absolute path' };
  const path = join(state, 'kle', 'operations');
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    for (const folder of [join(state, 'kle'), path]) {
      const stat = lstatSync(folder);
      if (!stat.isDirectory()) return { ok: false, problem: 'the state folder is a symbolic link or no folder' };
      const uid = process.getuid?.();
      if (uid !== undefined && stat.uid !== uid) return { ok: false, problem: 'the state folder is another user’s' };
      if ((stat.mode & 0o022) !== 0) return { ok: false, problem: 'others may write in the state folder' };
    }
    return { ok: true, path };
  } catch (error) {
    return { ok: false, problem: fileProblem(error) };
  }
}

/** Writes the journals of this process. `about`: where its requests go. */
export class Journal<T extends { id: string }> {
  readonly #env: NodeJS.ProcessEnv;
  readonly #about: { server: string; context: string | null };

  constructor(env: NodeJS.ProcessEnv, about: { server: string; context: string | null }) {
    this.#env = env;
    this.#about = about;
  }

  async begin(operation: T): Promise<Result> {
    const folder = journalFolder(this.#env);
    if (!folder.ok) return folder;
    const { CREAT, EXCL, WRONLY } = { CREAT: constants.O_CREAT, EXCL: constants.O_EXCL, WRONLY: constants.O_WRONLY };
    const head = { ...this.#about, process: ownIdentity(), startedMs: Math.round(sharedClock.monoMs()), operation };
    return attempt(() => {
      writeLine(join(folder.path, `${operation.id}.jsonl`), CREAT | EXCL | WRONLY | NO_LINK, head);
      syncFolder(folder.path);
    });
  }

  async sending(id: string): Promise<Result> {
    const folder = journalFolder(this.#env);
    if (!folder.ok) return folder;
    const flags = constants.O_WRONLY | constants.O_APPEND | NO_LINK;
    const note = { sendingMs: Math.round(sharedClock.monoMs()) };
    return attempt(() => writeLine(join(folder.path, `${id}.jsonl`), flags, note));
  }

  /** Removes the file. That it could not be removed leaves an entry whose Lease says that nothing is left to undo. */
  async settle(id: string): Promise<void> {
    settle(this.#env, id);
  }
}

/** Reads what operations left behind. What cannot be read or parsed is not an operation of ours. */
export class JournalFolder<T> {
  readonly #env: NodeJS.ProcessEnv;
  readonly #check: (value: unknown) => T | null;

  constructor(env: NodeJS.ProcessEnv, check: (value: unknown) => T | null) {
    this.#env = env;
    this.#check = check;
  }

  async entries(): Promise<JournalEntryRead<T>[]> {
    const folder = journalFolder(this.#env);
    if (!folder.ok) return [];
    const names = readdirSync(folder.path).filter((name) => NAME.test(name));
    return names.sort().flatMap((name) => this.#read(join(folder.path, name)) ?? []);
  }

  async settle(id: string): Promise<void> {
    settle(this.#env, id);
  }

  #read(path: string): JournalEntryRead<T> | null {
    const file = readJournal(path);
    const operation = file && this.#check(file.operation);
    if (!file || !operation) return null;
    const boot = bootId();
    const sameBoot = boot !== null && boot === file.process.boot;
    const sentAgoMs = sameBoot && file.sendingMs !== null ? sharedClock.monoMs() - file.sendingMs : null;
    return { operation, server: file.server, context: file.context, alive: isAlive(file.process), sentAgoMs };
  }
}

function readJournal(path: string): JournalFile<unknown> | null {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | NO_LINK);
    const stat = fstatSync(fd);
    const uid = process.getuid?.();
    if (!stat.isFile() || stat.size > LONGEST || (uid !== undefined && stat.uid !== uid)) return null;
    // A last line without its end was being written when the process was killed.
    const lines = readFileSync(fd, 'utf8').split('\n').slice(0, -1);
    return journalOf(lines.map((line) => JSON.parse(line) as Record<string, unknown>));
  } catch {
    return null;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function journalOf([head, ...notes]: Record<string, unknown>[]): JournalFile<unknown> | null {
  if (!head) return null;
  const { server, context, startedMs, operation } = head;
  const made = head.process as Partial<ProcessIdentity> | undefined;
  if (typeof server !== 'string' || typeof startedMs !== 'number' || typeof made?.pid !== 'number') return null;
  const sending = notes.map((note) => note.sendingMs).filter((ms) => typeof ms === 'number');
  return {
    operation,
    server,
    context: typeof context === 'string' ? context : null,
    process: {
      pid: made.pid,
      start: typeof made.start === 'number' ? made.start : null,
      boot: typeof made.boot === 'string' ? made.boot : null,
    },
    startedMs,
    sendingMs: sending.at(-1) ?? null,
  };
}

function writeLine(path: string, flags: number, value: object): void {
  const fd = openSync(path, flags, 0o600);
  try {
    writeSync(fd, `${JSON.stringify(value)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** So that the name of a new file survives a crash of the machine. */
function syncFolder(path: string): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } catch {
    // Some file systems know no sync of folders.
  } finally {
    closeSync(fd);
  }
}

function settle(env: NodeJS.ProcessEnv, id: string): void {
  const folder = journalFolder(env);
  if (!folder.ok || !NAME.test(`${id}.jsonl`)) return;
  try {
    unlinkSync(join(folder.path, `${id}.jsonl`));
  } catch {
    // Gone, or not to be removed: its Lease says that it is over.
  }
}

function attempt(fn: () => void): Result {
  try {
    fn();
    return { ok: true };
  } catch (error) {
    return { ok: false, problem: fileProblem(error) };
  }
}
