/** What a leader holds. It is valid for as long as its clocks say so, and it ends in this order: claim, work, Lease (S4). */
import type { Reading } from './moment.js';
import type { LostReason, ReleaseOutcome, TermFacts } from './protocol.js';

/** Thrown by `check()`, and the reason of a term's aborted signal. */
export class NotLeader extends Error {
  override readonly name = 'NotLeader';
  /** The known leader; null when nobody is known to lead. */
  readonly holder: string | null;
  /** Why this process leads no more; null when it did not lead. */
  readonly reason: LostReason | null;

  constructor(holder: string | null, reason: LostReason | null = null) {
    super(holder === null ? 'not the leader; nobody is known to lead' : `not the leader; ${holder} is`);
    this.holder = holder;
    this.reason = reason;
  }
}

/** Told when the work must end, and a second time if it must be killed at once. */
export interface StopWork {
  reason: LostReason;
  /** What grace is left. */
  withinMs: number;
  kill: boolean;
}

export interface Term extends TermFacts {
  /** Aborted with NotLeader when the claim ends, before `lost` resolves. */
  readonly signal: AbortSignal;
  /** Resolves after `isLeader()` already answers false. */
  readonly lost: Promise<LostReason>;
  /** Resolves when the Lease has been dealt with too. */
  readonly ended: Promise<ReleaseOutcome>;
  /** Milliseconds for which the claim holds if no renewal succeeds any more; computed from the clocks at each question. */
  readonly remainingMs: number;
  /** When the last successful renewal was sent, on both clocks; after the claim has ended, the last one of the term (S1). */
  readonly renewed: Reading;
  isLeader(): boolean;
  /** For owners of a child process: when to send TERM, when KILL. At most one listener. */
  onStopWork(listener: (stop: StopWork) => void): void;
  /** Told with each renewal until when the claim holds, in monotonic milliseconds. At most one listener. */
  onClaim(listener: (untilMs: number) => void): void;
  /**
   * Says that nothing of the work is left. Until then the Lease is not released and no other term can begin. Before the
   * claim has ended it ends the claim too.
   */
  workStopped(): void;
  /**
   * Ends the claim, waits for `work` (or for `workStopped()` when it is not given), frees the Lease and leaves it to
   * others for a while (L4). Without a word that the work has ended the Lease is left to expire.
   */
  stepDown(work?: PromiseLike<unknown>): Promise<ReleaseOutcome>;
  /** For `await using`: at the end of the block the work has ended. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a term needs of its election. */
export interface TermOwner {
  remainingMs(): number;
  /** Null once the claim has ended. */
  renewed(): Reading | null;
  holder(): string | null;
  monoMs(): number;
  stepDown(): void;
  workStopped(): void;
}

/** The side of a term that its election sees. */
export class LiveTerm implements Term {
  readonly token: string;
  readonly uid: string;
  readonly transitions: number;
  readonly lost: Promise<LostReason>;
  readonly ended: Promise<ReleaseOutcome>;
  readonly #owner: TermOwner;
  readonly #abort = new AbortController();
  #tellLost: (reason: LostReason) => void = () => {};
  #tellEnded: (outcome: ReleaseOutcome) => void = () => {};
  #listener: ((stop: StopWork) => void) | null = null;
  #claimListener: ((untilMs: number) => void) | null = null;
  #untilMs: number | null = null;
  #reason: LostReason | null = null;
  #stop: StopWork | null = null;
  #over = false;
  #renewed: Reading;

  constructor(facts: TermFacts, renewed: Reading, owner: TermOwner) {
    this.token = facts.token;
    this.uid = facts.uid;
    this.transitions = facts.transitions;
    this.#owner = owner;
    this.#renewed = renewed;
    this.lost = new Promise((resolve) => {
      this.#tellLost = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#tellEnded = resolve;
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get remainingMs(): number {
    return this.#reason === null ? this.#owner.remainingMs() : 0;
  }

  get renewed(): Reading {
    this.#renewed = this.#owner.renewed() ?? this.#renewed;
    return this.#renewed;
  }

  isLeader(): boolean {
    return this.remainingMs > 0;
  }

  onStopWork(listener: (stop: StopWork) => void): void {
    this.#listener = listener;
    if (this.#stop) listener(this.#stop);
  }

  onClaim(listener: (untilMs: number) => void): void {
    this.#claimListener = listener;
    if (this.#untilMs !== null && this.#reason === null) listener(this.#untilMs);
  }

  workStopped(): void {
    if (this.#over) return;
    if (this.#reason === null) this.#owner.stepDown();
    this.#owner.workStopped();
  }

  async stepDown(work?: PromiseLike<unknown>): Promise<ReleaseOutcome> {
    if (this.#reason === null && !this.#over) this.#owner.stepDown();
    if (work) {
      // Work that ends with an error has ended.
      await Promise.resolve(work).catch(() => {});
      this.workStopped();
    }
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.workStopped();
    await this.ended;
  }

  claim(untilMs: number): void {
    this.#untilMs = untilMs;
    this.#claimListener?.(untilMs);
  }

  /** The claim is false already. */
  lose(reason: LostReason): void {
    this.#reason = reason;
    this.#abort.abort(new NotLeader(this.#owner.holder(), reason));
    this.#tellLost(reason);
  }

  stopWork(byMs: number, kill: boolean): void {
    const withinMs = Math.max(0, byMs - this.#owner.monoMs());
    this.#stop = { reason: this.#reason ?? 'stepped-down', withinMs, kill };
    this.#listener?.(this.#stop);
  }

  end(outcome: ReleaseOutcome): void {
    this.#over = true;
    this.#tellEnded(outcome);
  }
}
