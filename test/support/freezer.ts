/** The kernel's freezer (cgroup v2): it stops a set of processes in one moment, and unlike SIGSTOP they are not told. */
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Freezer {
  /** Moves those processes, and what they start from now on, into a group of their own. */
  box(pids: readonly number[]): Box;
}

export interface Box {
  freeze(): void;
  thaw(): void;
  /** Once its processes have ended. */
  remove(): Promise<void>;
}

let count = 0;

/** Null, with a line that says why, where there is none or we may not use it. */
export function findFreezer(say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`)) {
  try {
    const parent = ownGroup();
    const probe = join(parent, `kle-test-${process.pid}`);
    mkdirSync(probe);
    try {
      writeFileSync(join(probe, 'cgroup.freeze'), '0');
    } finally {
      rmdirSync(probe);
    }
    return { box: (pids: readonly number[]) => boxOf(parent, pids) } satisfies Freezer;
  } catch (error) {
    say(`frozen processes are not tested: ${(error as Error).message}`);
    return null;
  }
}

/** Where cgroup v2 is mounted, and which of its groups is ours. */
function ownGroup(): string {
  const mount = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((line) => / - cgroup2 /.test(line))
    ?.split(' ')[4];
  const group = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (mount === undefined || group === undefined) throw new Error('no cgroup v2 here');
  return join(mount, group);
}

function boxOf(parent: string, pids: readonly number[]): Box {
  const path = join(parent, `kle-test-${process.pid}-${++count}`);
  mkdirSync(path);
  for (const pid of pids) writeFileSync(join(path, 'cgroup.procs'), String(pid));
  const set = (value: string) => writeFileSync(join(path, 'cgroup.freeze'), value);
  return {
    freeze: () => set('1'),
    thaw: () => set('0'),
    async remove() {
      set('0');
      // There is no event for the last zombie's end that is worth its code.
      for (let tries = 0; tries < 500; tries++) {
        try {
          return rmdirSync(path);
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    },
  };
}
