/** What rounds do and expect, whatever their fault. */
import { tryKill } from '../acquire-run.js';
import { type Contender, drainOf, SLACK_MS, type Stage, stopBoundOf, type Timing } from '../acquire-stage.js';
import { ms } from '../worker-log.js';

/** A holder that somebody else cleared or replaced: drain and the lag of the leader's watch (S7). */
export const replaced = (timing: Timing) => drainOf(timing) + SLACK_MS;
/** The same while the leader's watch does not work. */
export const replacedUnseen = (timing: Timing) => stopBoundOf(timing) + SLACK_MS;
/** S8: what a process that was paused as a whole may do when it wakes. */
export const WAKING_MS = 50 + SLACK_MS / 2;

/** The Lease is left to expire: the next one has it L after the last renewal that it saw. */
export async function expires(stage: Stage, old: Contender, since: bigint): Promise<Contender> {
  const { contender, claimed } = await stage.successor(old, since);
  const last = stage.watch.looks.findLast((look) => look.holder === old.identity && look.mono < claimed)?.mono ?? 0n;
  const beyond = ms(claimed - last) - stage.timing.leaseMs;
  // Whoever was still starting counts from its first look, which is later than the last renewal.
  const looked = ({ run }: Contender) =>
    run.lines.some(({ mono, text }) => mono < last && text.endsWith(`held by ${old.identity}`));
  const awake = stage.contenders.filter((one) => one.identity !== old.identity).every(looked);
  stage.figures[awake ? 'takeover beyond L' : 'takeover beyond L, a standby just starting'] = beyond;
  // The watch may have seen the renewal that much later than the candidates did.
  if (beyond < -100) throw new Error(`taken ${(-beyond).toFixed(0)} ms before the Lease had expired`);
  if (beyond > 1000) throw new Error(`taken ${beyond.toFixed(0)} ms after the Lease had expired`);
  return contender;
}

/** The holder frees the Lease when its work is dead; a standby takes it at once. */
export async function handsOver(stage: Stage, old: Contender, since: bigint): Promise<Contender> {
  const { contender, claimed } = await stage.successor(old, since);
  const freed = stage.watch.looks.find((look) => look.mono >= since && look.holder === '');
  if (!freed) throw new Error(`${old.identity} did not free the Lease`);
  stage.figures['hand-over'] = ms(claimed - freed.mono);
  if (claimed - freed.mono > 2_000_000_000n) throw new Error(`the hand-over took ${ms(claimed - freed.mono)} ms`);
  return contender;
}

export async function ended(contender: Contender, code: number | NodeJS.Signals): Promise<void> {
  const end = await contender.run.until(() => contender.run.ended, 'its end');
  const came = end.signal ?? end.code;
  if (came !== code)
    throw new Error(`${contender.identity} ended with ${came}, not ${code}\n${contender.run.describe()}`);
}

/** Of the processes of a candidate that leads. */
export async function processes({ run }: Contender) {
  const watchdog = await run.until(() => run.watchdogPid(), 'a watchdog');
  return { supervisor: run.pid, watchdog, command: await run.command() };
}

export const now = () => process.hrtime.bigint();

export function send(signal: NodeJS.Signals, pids: readonly number[]): bigint {
  const at = now();
  for (const pid of pids) tryKill(pid, signal);
  return at;
}
