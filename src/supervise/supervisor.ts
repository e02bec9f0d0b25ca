/**
 * Work that may live only while a claim holds: claim false → TERM → KILL → nothing left of the group → `workStopped`. A
 * watchdog process does the same by the same clocks, in case this process is stopped or killed.
 *
 * Not covered: processes that leave the group; where there is no /proc also the moment between the kernel's start of the
 * command and the watchdog's hearing of it (some milliseconds), should this process be killed or stopped just then.
 */
import type { Clock } from '../platform/clock.js';
import { uniqueWord } from '../platform/own-process.js';
import { type Child, type ProcessEnd, startChild } from './child.js';
import { type Claim, deadlineOf, hasCome, momentNow } from './deadline.js';
import { nextLookMs, nextWork, type WorkInput, type WorkState, workState } from './machine.js';
import { type Cause, type Ending, endingOf, type Outcome } from './outcome.js';
import { WatchdogLink } from './watchdog-link.js';
import { MARK } from './watchdog-messages.js';

export interface SuperviseOptions {
  /** `sharedClock`: its numbers are the claim's and the watchdog's. */
  readonly clock: Clock;
  readonly claim: Claim;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Absolute path of the watchdog's program (dist/watchdog.js). */
  readonly watchdogScript: string;
  readonly onEvent?: (event: SuperviseEvent) => void;
  /** For tests: how the command is started. */
  readonly start?: typeof startChild;
}

export type SuperviseEvent =
  | { readonly type: 'watchdog'; readonly pid: number; readonly restarts: number }
  | { readonly type: 'started'; readonly pgid: number }
  /** TERM is about to be sent, or KILL when it is too late for that. */
  | { readonly type: 'ending'; readonly cause: Cause };

/** How often the claim is asked for its deadline; a renewal that is not announced is seen this late, ms. */
const LOOK_MS = 250;

const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** Starts the watchdog and then the command. */
export function supervise(options: SuperviseOptions): Supervision {
  return new Supervision(options);
}

export class Supervision {
  /** How it ended. Resolves also when the group could not be ended: see `deathConfirmed`. */
  readonly outcome: Promise<Outcome>;
  /** Resolves when nothing of the group is left, and not before: the Lease may be released then. */
  readonly workStopped: Promise<void>;
  readonly #options: SuperviseOptions;
  readonly #link: WatchdogLink;
  #work: WorkState;
  #child: Child | undefined;
  #cause: Cause | undefined;
  #leftBehind = false;
  #endedEarlyBy: NodeJS.Signals | undefined;
  #end: ProcessEnd | undefined;
  #cancelTimer = () => {};
  #forgetClaim = () => {};
  #resolveStopped = () => {};
  #resolveDoomed = () => {};
  /** Resolves with the first cause for which work ends or does not begin. */
  readonly #doomed: Promise<void>;
  #terminated: Promise<{ confirmed: boolean }> | undefined;

  constructor(options: SuperviseOptions) {
    const { clock, claim, watchdogScript, onEvent } = options;
    this.#options = options;
    const now = momentNow(clock);
    this.#work = workState(deadlineOf(claim, now), claim.drainMs);
    this.workStopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    this.#doomed = new Promise((resolve) => {
      this.#resolveDoomed = resolve;
    });
    this.#link = new WatchdogLink({
      clock,
      script: watchdogScript,
      onEnding: () => this.#watchdogActs(),
      onFailed: () => this.#stop('unguarded'),
      onReady: (pid) => onEvent?.({ type: 'watchdog', pid, restarts: this.#link.restarts }),
    });
    this.#link.claim(this.#work.deadline, claim.drainMs);
    this.#follow(claim);
    this.outcome = this.#run();
  }

  /** Sends a signal to the whole group of the command. Before there is one, a signal to end means that none is started. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child) this.#child.signalGroup(signal);
    if (this.#child || !ENDING_SIGNALS.includes(signal)) return;
    this.#endedEarlyBy ??= signal;
    this.#resolveDoomed();
  }

  /** True while something of the command's group lives. */
  get running(): boolean {
    return this.#child?.groupAlive() ?? false;
  }

  get watchdogRestarts(): number {
    return this.#link.restarts;
  }

  /** Compares claim and clocks now: after this process stood still, before it does anything else. */
  look(): void {
    this.#cancelTimer();
    if (this.#cause) return;
    const { clock, claim } = this.#options;
    const now = momentNow(clock);
    if (claim.signal.aborted) {
      this.#stop('claim');
    } else if (claim.deadlineMs() !== this.#work.deadline.monoMs) {
      this.#input({ type: 'extended', deadline: deadlineOf(claim, now), now }, 'deadline');
      // Only what we believe ourselves is passed on.
      if (!this.#cause) this.#link.claim(this.#work.deadline, claim.drainMs);
    } else {
      this.#input({ type: 'look', now }, 'deadline');
    }
    const waitMs = Math.min(nextLookMs(this.#work, now) ?? LOOK_MS, LOOK_MS);
    if (!this.#cause) this.#cancelTimer = clock.timer(waitMs, () => this.look());
  }

  #follow(claim: Claim): void {
    const onAbort = () => this.#stop('claim');
    const forget = claim.onRenewed?.(() => this.look());
    claim.signal.addEventListener('abort', onAbort, { once: true });
    this.#forgetClaim = () => {
      forget?.();
      claim.signal.removeEventListener('abort', onAbort);
    };
    this.look();
  }

  async #run(): Promise<Outcome> {
    const { clock, command, env, onEvent, start = startChild } = this.#options;
    await Promise.race([this.#link.ready, this.#doomed]);
    this.look();
    if (this.#cause) return this.#withoutWork(this.#ending());
    if (this.#endedEarlyBy) return this.#withoutWork({ kind: 'signalled', signal: this.#endedEarlyBy });
    const mark = uniqueWord();
    this.#link.starting(mark);
    const started = await start(clock, command, { ...env, [MARK]: mark });
    if (!started.ok) {
      return this.#withoutWork({ kind: started.problem, command: command[0] ?? '', errno: started.errno });
    }
    const { child } = started;
    this.#link.group(child.group);
    this.#child = child;
    if (this.#cause) this.#terminate();
    onEvent?.({ type: 'started', pgid: child.group.pgid });
    const ended = child.ended.then((end) => this.#commandEnded(child, end));
    await this.#doomed;
    return this.#afterWork(child, ended);
  }

  #commandEnded(child: Child, end: ProcessEnd): void {
    this.#end = end;
    // That it ended by itself only counts while the claim holds.
    this.look();
    if (this.#cause) return;
    this.#leftBehind = child.groupAlive();
    this.#stop('ended');
  }

  #watchdogActs(): void {
    this.#stop('watchdog');
    // Its word and the end of the command may be heard in either order. At `killAt` it acts because we told it to.
    const { clock } = this.#options;
    if (this.#cause === 'ended' && !hasCome(this.#work.killAt, momentNow(clock))) this.#cause = 'watchdog';
  }

  #stop(cause: Cause): void {
    this.#input({ type: 'stop', now: momentNow(this.#options.clock) }, cause);
  }

  /** Signals go out before this returns, so that nothing else of this process runs between a cause and them. */
  #input(input: WorkInput, cause: Cause): void {
    const { state, effects } = nextWork(this.#work, input);
    this.#work = state;
    if (effects.length === 0 || this.#cause) return;
    this.#cause = cause;
    this.#cancelTimer();
    this.#forgetClaim();
    this.#terminate();
    this.#resolveDoomed();
  }

  #terminate(): void {
    if (!this.#child) return;
    const { killAt } = this.#work;
    this.#link.stopping(killAt);
    this.#terminated = this.#child.terminate(killAt);
    if (this.#cause) this.#options.onEvent?.({ type: 'ending', cause: this.#cause });
  }

  async #afterWork(child: Child, ended: Promise<void>): Promise<Outcome> {
    const deathConfirmed = (await this.#terminated)?.confirmed ?? false;
    if (deathConfirmed) {
      this.#resolveStopped();
      // Hears what the watchdog said last, too.
      await Promise.all([ended, this.#link.close(true)]);
    } else {
      void this.#awaitDeath(child);
    }
    return { ...this.#ending(), deathConfirmed, leftBehind: this.#leftBehind };
  }

  /** The watchdog stays on guard meanwhile, and goes on when this process ends. */
  async #awaitDeath(child: Child): Promise<void> {
    const { clock } = this.#options;
    while (child.groupAlive()) await new Promise<void>((resolve) => clock.timer(LOOK_MS, resolve));
    this.#resolveStopped();
    await this.#link.close(true);
  }

  async #withoutWork(ending: Ending): Promise<Outcome> {
    this.#cancelTimer();
    this.#forgetClaim();
    this.#resolveStopped();
    await this.#link.close(true);
    return { ...ending, deathConfirmed: true, leftBehind: false };
  }

  #ending(): Ending {
    return endingOf(this.#cause ?? 'deadline', this.#end, this.#options.claim.signal);
  }
}
