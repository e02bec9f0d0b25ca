/**
 * The wall clock of one process, moved while it runs, through libfaketime. Monotonic and boot clocks stay real, as in a
 * real step. Works on Node and Rust, and on what they start (the environment is inherited); has no effect on Go, which
 * asks the kernel without libc.
 *
 *   const faketime = await findFaketime();                  // null: said on stderr why not
 *   test.skipIf(faketime === null)('…', async () => {
 *     const wall = await faketime.clock();
 *     startElector({ …, env: wall.env });
 *     await wall.step(3_600_000);                           // an hour ahead of the real clock from now on
 *     await wall.remove();
 *   });
 *
 * `rate` makes the monotonic clock of a process, timers included, run at another rate; the boot clock stays real.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Faketime {
  readonly library: string;
  /** At the real time until the first step. */
  clock(): Promise<WallClock>;
  /** Its monotonic clock and its timers run so many times as fast as they should. */
  rate(factor: number): Promise<WallClock>;
}

export interface WallClock {
  /** To be added to a child's environment. */
  readonly env: { readonly [name: string]: string };
  /** Sets the distance from the real clock, past or ahead; seen at the next look at the clock. */
  step(offsetMs: number): Promise<void>;
  remove(): Promise<void>;
}

/** A clock so far from the real one; undefined where none is wanted, or none can be had. */
export async function setClock(
  faketime: Faketime | null,
  offsetMs: number | undefined,
): Promise<WallClock | undefined> {
  if (faketime === null || offsetMs === undefined) return undefined;
  const wall = await faketime.clock();
  await wall.step(offsetMs);
  return wall;
}

const HOUR_MS = 3_600_000;
/** Debian's folder of each architecture lies below the first two; the others are Fedora's and those of `make install`. */
const PARENTS = ['/usr/lib', '/lib'];
const FOLDERS = ['/usr/lib/faketime', '/usr/lib64/faketime', '/usr/local/lib/faketime'];
/** The one for programs with threads, which Node is. */
const FILE = 'libfaketimeMT.so.1';

let found: Promise<Faketime | null> | undefined;

/** Looked for and tried out once per process: what is there may be for another architecture or another libc. */
export function findFaketime(say: (line: string) => void = toStderr): Promise<Faketime | null> {
  found ??= find(say);
  return found;
}

async function find(say: (line: string) => void): Promise<Faketime | null> {
  if (process.platform !== 'linux') return none(say, `this is ${process.platform}, not Linux`);
  const libraries = await installed();
  for (const library of libraries) {
    const rate = (factor: number) => openClock(library, factor);
    const faketime = { library, clock: () => openClock(library), rate };
    if (await moves(faketime)) return faketime;
  }
  if (libraries.length > 0) return none(say, `${libraries.join(', ')} did not move the clock of a Node process`);
  return none(say, `no ${FILE} (on Debian: apt-get install libfaketime)`);
}

function none(say: (line: string) => void, why: string): null {
  say(`wall-clock steps are not tested: ${why}`);
  return null;
}

async function installed(): Promise<string[]> {
  const below = await Promise.all(
    PARENTS.map(async (parent) => (await list(parent)).map((name) => join(parent, name))),
  );
  const folders = [...below.flat().map((folder) => join(folder, 'faketime')), ...FOLDERS];
  const there = await Promise.all([...new Set(folders)].map(async (folder) => [folder, await list(folder)] as const));
  return there.filter(([, names]) => names.includes(FILE)).map(([folder]) => join(folder, FILE));
}

function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function openClock(library: string, rate?: number): Promise<WallClock> {
  const folder = await mkdtemp(join(tmpdir(), 'kle-faketime-'));
  const file = join(folder, 'offset');
  const clock: WallClock = {
    env: {
      LD_PRELOAD: [library, process.env.LD_PRELOAD].filter(Boolean).join(':'),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      ...(rate === undefined && { FAKETIME_DONT_FAKE_MONOTONIC: '1' }),
    },
    async step(offsetMs) {
      // Renamed when whole: it is read at every look at the clock.
      const next = `${file}.next`;
      const offset = `${offsetMs < 0 ? '-' : '+'}${(Math.abs(offsetMs) / 1000).toFixed(3)}`;
      await writeFile(next, `${offset}${rate === undefined ? '' : ` x${rate}`}\n`);
      await rename(next, file);
    },
    async remove() {
      await rm(folder, { recursive: true, force: true });
      await sweep();
    },
  };
  await clock.step(0);
  return clock;
}

const SHARED = '/dev/shm';

/** libfaketime shares its state with nobody here, but makes the files for it, and a killed process leaves them behind. */
async function sweep(): Promise<void> {
  // In this order: what is made from here on is not looked at.
  const names = await list(SHARED);
  const running = new Set(await list('/proc'));
  for (const name of names) {
    const pid = /^(?:sem\.)?faketime_(?:sem|shm)_(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !running.has(pid)) await rm(join(SHARED, name), { force: true });
  }
}

async function moves(faketime: Faketime): Promise<boolean> {
  const clock = await faketime.clock();
  try {
    await clock.step(HOUR_MS);
    return Math.abs((await dateOf(clock)) - Date.now() - HOUR_MS) < HOUR_MS / 2;
  } finally {
    await clock.remove();
  }
}

async function dateOf(clock: WallClock): Promise<number> {
  const child = spawn(process.execPath, ['-p', 'Date.now()'], {
    env: { ...process.env, ...clock.env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  await new Promise((resolve) => child.on('close', resolve).on('error', resolve));
  return text === '' ? Number.NaN : Number(text);
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
