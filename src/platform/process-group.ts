/**
 * A process group as the operating system sees it: is any of it alive, and signals to all of it at once.
 *
 * Why a group number can be trusted although numbers are used again: the kernel keeps the number of a group reserved while
 * any process, zombies included, has it as its group or session, so no new process gets the leader's number while a member
 * lives, even long after the leader was reaped. Only once the last member is reaped may the number return. From then on
 * two things tell a stranger from ours: a process with the leader's number but another start time, and members whose
 * session is not the group (ours called setsid). What remains is a stranger that called setsid itself, left children and
 * is gone, all between two looks: the numbers would have to go round once in those milliseconds.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** A group whose leader called setsid (`detached` in Node), so that its group, session and pid are one number. */
export interface ProcessGroup {
  readonly pgid: number;
  /** When the leader started, in the kernel's ticks since boot (field 22 of its stat); undefined where there is no /proc. */
  readonly leaderStart: number | undefined;
}

export interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly pgid: number;
  readonly session: number;
  readonly threads: number;
  readonly start: number;
}

/**
 * Sends a signal to every process of the group in one system call, so none can slip away by forking.
 * False when nothing could be signalled: there is no such group, or it runs as another user.
 */
export function signalGroup({ pgid }: ProcessGroup, signal: NodeJS.Signals): boolean {
  return kill(pgid, signal) === 'sent';
}

/** The group that a process just started leads. To be called before its exit can have been handled. */
export function groupLedBy(pid: number): ProcessGroup {
  return { pgid: pid, leaderStart: statOf(pid)?.start };
}

/**
 * The group of the process that was started with this variable in its environment and leads a session; of several, as its
 * descendants inherit it, the one that started first. Undefined where there is none yet, or no /proc.
 */
export function findMarkedGroup(name: string, value: string): ProcessGroup | undefined {
  const entry = `${name}=${value}`;
  const leaders = (allStats() ?? []).filter(({ pid, pgid, session }) => pid === pgid && pid === session);
  const [first] = leaders.filter(({ pid }) => environmentOf(pid).includes(entry)).sort((a, b) => a.start - b.start);
  return first && { pgid: first.pid, leaderStart: first.start };
}

/**
 * True unless no process of the group is left but zombies. Where the system does not show processes (no /proc), a group
 * of zombies counts as alive until they are reaped.
 */
export function groupAlive(group: ProcessGroup): boolean {
  // One cheap call settles the usual end; only a group that still has something in it is worth reading /proc for.
  if (kill(group.pgid, 0) === 'no-group') return false;
  // Mostly its leader lives, which one file tells: all of /proc takes milliseconds, and hundreds of them on a large machine.
  if (leaderLives(group)) return true;
  const stats = allStats();
  if (stats === undefined) return true;
  const leader = stats.find(({ pid }) => pid === group.pgid);
  if (leader && group.leaderStart !== undefined && leader.start !== group.leaderStart) return false;
  const members = stats.filter(({ pgid }) => pgid === group.pgid);
  // In the group and not to be seen: it ended between the two looks, or /proc hides the processes of other users.
  if (members.length === 0) return kill(group.pgid, 0) !== 'no-group';
  return members.some((member) => member.session === group.pgid && !isZombie(member));
}

function leaderLives({ pgid, leaderStart }: ProcessGroup): boolean {
  const leader = leaderStart === undefined ? undefined : statOf(pgid);
  return leader !== undefined && leader.start === leaderStart && leader.session === pgid && !isZombie(leader);
}

/** A process whose first thread has ended shows as a zombie while its other threads work on. */
export function isZombie({ state, threads }: ProcessStat): boolean {
  return (state === 'Z' || state === 'X') && threads <= 1;
}

/** Reads /proc/PID/stat. The second field is the program's name, which may hold spaces, brackets and line ends. */
export function parseStat(text: string): ProcessStat | undefined {
  const nameEnd = text.lastIndexOf(') ');
  const pid = Number.parseInt(text, 10);
  const [state, , pgid, session, ...rest] = text.slice(nameEnd + 2).split(' ');
  if (nameEnd < 0 || !state || pgid === undefined || session === undefined) return undefined;
  // rest[0] is field 7.
  const [threads, start] = [rest[20 - 7], rest[22 - 7]];
  const stat = {
    pid,
    state,
    pgid: Number(pgid),
    session: Number(session),
    threads: Number(threads),
    start: Number(start),
  };
  return Object.values(stat).some(Number.isNaN) ? undefined : stat;
}

function kill(pgid: number, signal: NodeJS.Signals | 0): 'sent' | 'no-group' | 'refused' {
  // kill(-1) is every process there is, kill(0) and kill(-0) our own group.
  if (!Number.isSafeInteger(pgid) || pgid <= 1) throw new RangeError(`not a process group: ${pgid}`);
  try {
    process.kill(-pgid, signal);
    return 'sent';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'no-group' : 'refused';
  }
}

/** Undefined where the system has no /proc of this kind. */
function allStats(): ProcessStat[] | undefined {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return undefined;
  }
  const stats = names
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== undefined);
  return stats.length === 0 ? undefined : stats;
}

/** Empty for a zombie, and for a process of another user. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}
