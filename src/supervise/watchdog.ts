/**
 * The watchdog: a second process that ends the work's group when the supervisor is stopped or killed.
 *
 * - Supervisor stopped: no more renewals arrive, and it acts by the clocks: TERM D before KILL (a little later than the
 *   supervisor would, so that a supervisor that runs is alone in sending it), KILL 0.25 s before the deadline.
 * - Supervisor gone (end of its pipe, however it went): nobody will renew the Lease and nobody has released it, so it stays
 *   ours for others until it runs out. TERM at once, KILL after the drain, but never later than if it were stopped.
 * - Machine or whole tree paused: compared by both clocks at each look; past the moment of KILL there is no TERM before it.
 *
 * It lives in a session of its own, ignores what would end it but KILL, and ends when the supervisor is gone and so is the
 * group. It outlives the supervisor only while something of the group is left to end.
 */
import type { Clock } from '../platform/clock.js';
import type { Parent } from '../platform/own-process.js';
import type { ProcessGroup } from '../platform/process-group.js';
import { hasCome, type Moment, momentNow } from './deadline.js';
import { nextLookMs, nextWork, type WorkInput, type WorkState, workState } from './machine.js';
import { lineSplitter, type ToWatchdog, toLine, toWatchdog } from './watchdog-messages.js';

export interface WatchdogPorts {
  readonly clock: Clock;
  readonly parent: Parent;
  signalGroup(group: ProcessGroup, signal: NodeJS.Signals): boolean;
  groupAlive(group: ProcessGroup): boolean;
  /** The group of a command that was started with this mark. */
  findGroup(mark: string): ProcessGroup | undefined;
  exit(code: number): void;
}

/**
 * A suspended machine's timers do not run on: the boot clock has to be looked at to notice on resume, of which 50 ms are
 * promised. Each look costs about 0.2 ms of processor time, nearly all of it for waking up.
 */
export const BOOT_LOOK_MS = 30;
/** How long the supervisor has for its own TERM before the watchdog sends one. */
export const TERM_LAG_MS = 100;
/** Between looks at a group that was sent KILL, ms: soon at first, seldom once the kernel holds it fast. */
const FIRST_DEATH_LOOK_MS = 3;
const LONGEST_DEATH_LOOK_MS = 200;
/** How long the command of a supervisor that has gone is looked for: the kernel may be starting it still. */
const SEARCH_MS = 2_000;

export class Watchdog {
  readonly #ports: WatchdogPorts;
  #state: WorkState | undefined;
  #group: ProcessGroup | undefined;
  #mark: string | undefined;
  #supervisorGone = false;
  /** When a supervisor went that was just starting its command, monotonic ms. */
  #searchSinceMs: number | undefined;
  #deathLookMs = FIRST_DEATH_LOOK_MS;
  #cancelTimer = () => {};

  constructor(ports: WatchdogPorts) {
    this.#ports = ports;
    ports.parent.onText(lineSplitter((line) => this.#heard(toWatchdog(line))));
    ports.parent.onGone(() => {
      this.#supervisorGone = true;
      this.#searchSinceMs = ports.clock.monoMs();
      this.#input({ type: 'stop', now: this.#now() });
    });
    ports.parent.write(toLine({ type: 'ready' }));
  }

  #heard(message: ToWatchdog | undefined): void {
    const now = this.#now();
    switch (message?.type) {
      case 'claim':
        this.#ports.parent.write(toLine({ type: 'receipt', serial: message.serial }));
        if (!this.#group && (this.#state?.phase ?? 'running') === 'running') {
          this.#state = workState(message.deadline, message.drainMs, TERM_LAG_MS);
        }
        this.#input({ type: 'extended', deadline: message.deadline, now });
        break;
      case 'starting':
        this.#mark = message.mark;
        this.#settle();
        break;
      case 'group':
        this.#mark = undefined;
        this.#group = message.group;
        // A successor is told late, of a group that may be due already.
        if (this.#state?.phase === 'killing') this.#end(message.group, 'SIGKILL');
        this.#input({ type: 'look', now });
        break;
      case 'stopping':
        this.#input({ type: 'stopped-elsewhere', killAt: message.killAt, now });
        break;
      case 'gone':
        this.#input({ type: 'group-dead' });
    }
  }

  #input(input: WorkInput): void {
    const group = this.#group;
    // Before there is a group, time alone decides nothing: what is due is done when it comes to be known.
    if (this.#state && (group || input.type === 'stopped-elsewhere' || input.type === 'group-dead')) {
      const { state, effects } = nextWork(this.#state, input);
      this.#state = state;
      if (group) for (const effect of effects) this.#end(group, effect === 'term' ? 'SIGTERM' : 'SIGKILL');
    }
    this.#settle();
  }

  #end(group: ProcessGroup, signal: 'SIGTERM' | 'SIGKILL'): void {
    // The number may be a stranger's from the moment the last member was reaped.
    if (!this.#aliveOrDone(group)) return;
    // Said first, so that the supervisor knows why its child ended before it learns that it did.
    this.#ports.parent.write(toLine({ type: 'ending', signal }));
    this.#ports.signalGroup(group, signal);
    // A stopped process does not act on TERM until it is told to go on.
    if (signal === 'SIGTERM') this.#ports.signalGroup(group, 'SIGCONT');
  }

  /** A group seen dead once is never looked at or signalled again. */
  #aliveOrDone(group: ProcessGroup): boolean {
    const alive = this.#ports.groupAlive(group);
    if (!alive && this.#state) this.#state = nextWork(this.#state, { type: 'group-dead' }).state;
    return alive;
  }

  /** Leaves when there is nothing to watch any more, else looks again in time. */
  #settle(): void {
    this.#cancelTimer();
    const state = this.#state;
    const over = !state || state.phase === 'dead' || (!this.#group && !this.#searching());
    if (over && this.#supervisorGone) this.#ports.exit(0);
    else if (!over) this.#cancelTimer = this.#ports.clock.timer(this.#waitMs(state), () => this.#look());
  }

  #waitMs(state: WorkState): number {
    const next = nextLookMs(state, this.#now());
    if (next !== undefined && next > 0) return Math.min(next, BOOT_LOOK_MS);
    this.#deathLookMs = Math.min(this.#deathLookMs * 1.5, LONGEST_DEATH_LOOK_MS);
    return this.#deathLookMs;
  }

  /** Between the start of a command and word of its group. */
  #searching(): boolean {
    if (this.#mark === undefined) return false;
    return !this.#searchSinceMs || this.#ports.clock.monoMs() - this.#searchSinceMs < SEARCH_MS;
  }

  /** The supervisor said that it starts a command, and then no more. */
  #search(): void {
    if (this.#mark === undefined || !this.#state || this.#group) return;
    if (!this.#supervisorGone && !hasCome(this.#state.termAt, this.#now())) return;
    this.#group = this.#ports.findGroup(this.#mark);
    if (this.#group && this.#supervisorGone) this.#input({ type: 'stop', now: this.#now() });
  }

  #look(): void {
    this.#search();
    const group = this.#group;
    const killing = this.#state?.phase === 'killing';
    // While the supervisor lives, it is the one to find that the group has ended; reading /proc for that costs.
    if (group && (killing || this.#supervisorGone) && this.#aliveOrDone(group) && killing) {
      this.#ports.signalGroup(group, 'SIGKILL');
    }
    this.#input({ type: 'look', now: this.#now() });
  }

  #now(): Moment {
    return momentNow(this.#ports.clock);
  }
}
