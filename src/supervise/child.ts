/**
 * The work: a command in a process group of its own, and how to be sure that nothing of it is left. A process that leaves
 * the group (setsid, setpgid) is not covered: nothing short of a cgroup holds it.
 */
import { type ProcessEnd, type Started, shellCode, startGroup } from '../platform/child-process.js';
import type { Clock } from '../platform/clock.js';
import { groupAlive, type ProcessGroup, signalGroup } from '../platform/process-group.js';
import { type Moment, momentNow, until } from './deadline.js';

export type { ProcessEnd, ProcessGroup };
export { shellCode };

export interface Child {
  readonly group: ProcessGroup;
  /** How the command itself ended. Others of its group may live on. */
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal to the whole group; false when there is nobody to take it. */
  signalGroup(signal: NodeJS.Signals): boolean;
  /** False once no process of the group is left but zombies. Never true again after that. */
  groupAlive(): boolean;
  /**
   * TERM to the group now, KILL at `killAt` (at once when that has come), and resolves when it is dead, or to
   * `confirmed: false` when something of it still shows five seconds after KILL.
   */
  terminate(killAt: Moment): Promise<{ readonly confirmed: boolean }>;
}

export type StartedChild = { readonly ok: true; readonly child: Child } | Extract<Started, { ok: false }>;

/** What a process that ignores KILL for so long waits for is a device or a file server, ms. */
const CONFIRM_WITHIN_MS = 5_000;
/** Between looks at a dying group, ms: soon at first. */
const FIRST_LOOK_MS = 1;
const LONGEST_LOOK_MS = 20;

/** Starts CMD with our streams and the given environment. */
export async function startChild(
  clock: Clock,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<StartedChild> {
  const started = await startGroup(command, env);
  if (!started.ok) return started;
  const { group, ended } = started;
  let dead = false;
  const alive = () => {
    // Once dead the number may be given to strangers, so it is neither asked about nor signalled again.
    dead ||= !groupAlive(group);
    return !dead;
  };
  const signal = (name: NodeJS.Signals) => alive() && signalGroup(group, name);
  const child: Child = {
    group,
    ended,
    signalGroup: signal,
    groupAlive: alive,
    terminate: (killAt) => terminate(clock, child, killAt),
  };
  return { ok: true, child };
}

/** Asks the group to end. A stopped process acts on TERM only when told to go on. */
export function askToEnd(child: Child): void {
  child.signalGroup('SIGTERM');
  child.signalGroup('SIGCONT');
}

async function terminate(clock: Clock, child: Child, killAt: Moment): Promise<{ confirmed: boolean }> {
  if (until(killAt, momentNow(clock)) > 0) askToEnd(child);
  let waitMs = FIRST_LOOK_MS;
  let killedAtMs: number | undefined;
  // The end of the command itself is an event; that of the others has to be looked for, and mostly comes soon after it.
  let wake = () => {};
  void child.ended.then(() => {
    waitMs = FIRST_LOOK_MS;
    wake();
  });
  while (child.groupAlive()) {
    const now = momentNow(clock);
    const leftMs = until(killAt, now);
    if (leftMs <= 0) {
      if (killedAtMs === undefined) waitMs = FIRST_LOOK_MS;
      killedAtMs ??= now.monoMs;
      // Again at each look: harmless, and a process that had changed its user may be ours to end by now.
      child.signalGroup('SIGKILL');
      if (now.monoMs - killedAtMs > CONFIRM_WITHIN_MS) return { confirmed: false };
    }
    await new Promise<void>((resolve) => {
      const cancel = clock.timer(leftMs > 0 ? Math.min(waitMs, leftMs) : waitMs, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
    waitMs = Math.min(waitMs * 1.3, LONGEST_LOOK_MS);
  }
  return { confirmed: true };
}
