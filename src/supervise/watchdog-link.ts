/** The supervisor's end of its watchdog: starts it, keeps it informed, replaces it when it has died or does not answer. */
import { type Helper, startHelper } from '../platform/child-process.js';
import type { Clock } from '../platform/clock.js';
import type { ProcessGroup } from '../platform/process-group.js';
import type { Moment } from './deadline.js';
import { type FromWatchdog, fromWatchdog, lineSplitter, type ToWatchdog, toLine } from './watchdog-messages.js';

export interface WatchdogOptions {
  readonly clock: Clock;
  /** Absolute path of the watchdog's program (dist/watchdog.js). */
  readonly script: string;
  /** The watchdog is about to end the group by its own decision. */
  onEnding(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** There is no watchdog and none could be started: work may not go on. */
  onFailed(): void;
  /** For tests and metrics: a watchdog with this process id is on guard. */
  onReady?(pid: number): void;
}

/** A new watchdog takes some 40 ms; one that takes this long will not come, ms. */
const READY_WITHIN_MS = 3_000;
/** A claim not acknowledged for this long means that the watchdog is stopped or hangs, ms. */
const RECEIPT_WITHIN_MS = 1_000;
/** So many deaths within so many milliseconds, and it is not tried again. */
const MOST_DEATHS = 5;
const DEATHS_WITHIN_MS = 10_000;

/** After a pause of ours its answers may lie unread: so much longer, ms. */
const READING_MS = 100;

export class WatchdogLink {
  /** Resolves to true when it is on guard, to false when there will be none. */
  readonly ready: Promise<boolean>;
  readonly #options: WatchdogOptions;
  #resolveReady: (ready: boolean) => void = () => {};
  readonly #ended: Promise<void>;
  #resolveEnded = () => {};
  #helper: Helper | undefined;
  #cancelTimer = () => {};
  #onGuard = false;
  #awaiting = false;
  #serial = 0;
  #receipt = 0;
  #starts = 0;
  #deaths: number[] = [];
  #closed = false;
  /** The latest of each message, told again to a successor; `stopping` before `group`, so that it sends no second TERM. */
  #claim: ToWatchdog | undefined;
  #stopping: ToWatchdog | undefined;
  #group: ToWatchdog | undefined;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    this.#ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#start();
  }

  /** How many had to be started after the first. */
  get restarts(): number {
    return Math.max(0, this.#starts - 1);
  }

  /** To be told at first, and of each renewal. */
  claim(deadline: Moment, drainMs: number): void {
    this.#claim = { type: 'claim', serial: ++this.#serial, deadline, drainMs };
    this.#say(this.#claim);
    this.#expectReceipt();
  }

  /** To be told directly before the command is started with this mark in its environment. */
  starting(mark: string): void {
    this.#say({ type: 'starting', mark });
  }

  group(group: ProcessGroup): void {
    this.#group = { type: 'group', group };
    this.#say(this.#group);
  }

  stopping(killAt: Moment): void {
    this.#stopping = { type: 'stopping', killAt };
    this.#say(this.#stopping);
  }

  /**
   * Lets it go; resolves when it has gone and all that it said was heard. Without `gone` it ends what is left of the group
   * first, and may outlive this process for that.
   */
  close(gone: boolean): Promise<void> {
    if (this.#closed) return this.#ended;
    this.#closed = true;
    this.#cancelTimer();
    if (!this.#helper) this.#resolveEnded();
    if (gone) {
      this.#say({ type: 'gone' });
      // A stopped watchdog would stay for ever, and there is nothing left for it to do.
      this.#cancelTimer = this.#options.clock.timer(RECEIPT_WITHIN_MS, () => this.#helper?.kill('SIGKILL'));
    }
    this.#helper?.input.end();
    return this.#ended;
  }

  #say(message: ToWatchdog): void {
    this.#helper?.input.write(toLine(message));
  }

  #start(): void {
    const helper = startHelper(this.#options.script);
    this.#helper = helper;
    this.#starts++;
    this.#cancelTimer();
    if (!helper) {
      this.#cancelTimer = this.#options.clock.timer(READING_MS, () => this.#died());
      return;
    }
    const split = lineSplitter((line) => this.#heard(fromWatchdog(line), helper));
    helper.output.on('data', split);
    helper.onEnd(() => this.#died());
    this.#cancelTimer = this.#options.clock.timer(READY_WITHIN_MS, () => helper.kill('SIGKILL'));
    for (const message of [this.#claim, this.#stopping, this.#group]) if (message) this.#say(message);
  }

  #heard(message: FromWatchdog | undefined, helper: Helper): void {
    if (message?.type === 'ending') this.#options.onEnding(message.signal);
    if (message?.type === 'receipt') this.#receipt = Math.max(this.#receipt, message.serial);
    if (message?.type !== 'ready') return;
    this.#cancelTimer();
    this.#onGuard = true;
    this.#expectReceipt();
    this.#resolveReady(true);
    this.#options.onReady?.(helper.pid);
  }

  /** One wait at a time: renewals that follow must not put it off. */
  #expectReceipt(): void {
    if (!this.#onGuard || this.#awaiting || this.#receipt >= this.#serial || this.#closed) return;
    this.#awaiting = true;
    const { clock } = this.#options;
    const serial = this.#serial;
    const unlessHeard = (fn: () => void) => () => {
      if (this.#receipt < serial) return fn();
      this.#awaiting = false;
      this.#expectReceipt();
    };
    const dismiss = unlessHeard(() => this.#helper?.kill('SIGKILL'));
    const readOn = unlessHeard(() => {
      this.#cancelTimer = clock.timer(READING_MS, dismiss);
    });
    this.#cancelTimer = clock.timer(RECEIPT_WITHIN_MS, readOn);
  }

  #died(): void {
    this.#helper = undefined;
    this.#onGuard = false;
    this.#awaiting = false;
    this.#cancelTimer();
    if (this.#closed) {
      this.#resolveEnded();
      return;
    }
    const nowMs = this.#options.clock.monoMs();
    this.#deaths = [...this.#deaths.filter((at) => nowMs - at < DEATHS_WITHIN_MS), nowMs];
    if (this.#deaths.length < MOST_DEATHS) {
      this.#start();
      return;
    }
    this.#resolveReady(false);
    this.#options.onFailed();
  }
}
