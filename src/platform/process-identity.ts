/** Which process this is, and whether another one still lives: a pid alone names many processes over time. */
import { readFileSync } from 'node:fs';
import { parseStat } from './process-group.js';

export interface ProcessIdentity {
  pid: number;
  /** The kernel's ticks since boot (field 22 of /proc/PID/stat); null where there is no /proc. */
  start: number | null;
  /** Changes with each boot; null where the system does not tell it. */
  boot: string | null;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, start: startOf(process.pid), boot: bootId() };
}

/** Unknown is told as alive. */
export function isAlive({ pid, start, boot }: ProcessIdentity): boolean {
  const now = bootId();
  if (boot !== null && now !== null && boot !== now) return false;
  if (!Number.isSafeInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = statOf(pid);
  if (stat === undefined) return true;
  // Killed and not yet reaped.
  if (stat.state === 'Z' || stat.state === 'X') return false;
  return start === null || stat.start === start;
}

export function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

function startOf(pid: number): number | null {
  return statOf(pid)?.start ?? null;
}

function statOf(pid: number) {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}
