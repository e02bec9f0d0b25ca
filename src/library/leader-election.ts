/** The library's front: options checked at once, the cluster reached at the first need, an election run on both. */
import { Election, type ElectionListeners } from '../elector/election.js';
import type { Report } from '../elector/protocol.js';
import { settingsOf } from '../elector/settings.js';
import { NotLeader } from '../elector/term.js';
import { warnings } from '../lease/timing.js';
import { environment } from '../platform/environment.js';
import { hostName } from '../platform/host-name.js';
import { sharedClock } from '../platform/shared-clock.js';
import { failureText } from '../view/messages.js';
import { reportText } from '../view/text/acquire.js';
import { warningText } from '../view/text/timing.js';
import { connectLeases } from './connect.js';
import { ObserveTimeout, OptionError } from './errors.js';
import { ObservedApi } from './observed-api.js';
import { type Checked, checkOptions } from './options.js';
import type { LeaderElectionOptions, LeaderState, SharedLeases, Term, Tried, Warning } from './types.js';

interface Running {
  election: Election;
  api: ObservedApi;
  /** Ends the connection if it is ours. */
  disconnect(): void;
}

/**
 * One candidate for one Lease. It leads one term at a time, and may compete again after each. `close()` it in the end.
 */
export class LeaderElection {
  /** As it was given or made up. */
  readonly identity: string;
  /** To be had before `acquire`, and valid for as long as this object is. */
  readonly state: LeaderState;
  readonly #options: LeaderElectionOptions;
  readonly #checked: Checked;
  #running: Running | null = null;
  #starting: Promise<Running> | null = null;
  #closed: Promise<void> | null = null;

  /** Throws OptionError, which names the option and the rule. Makes no request and reads no file. */
  constructor(options: LeaderElectionOptions) {
    this.#checked = checkOptions(options, environment().POD_NAME, hostName());
    this.#options = { ...options };
    this.identity = this.#checked.identity;
    this.state = this.#handle();
  }

  /**
   * Resolves with a term once this process leads. Rejects with the signal's reason when that is aborted first (by then
   * nothing of ours is left on the Lease, as far as the server could be asked), with ObserveTimeout, with ConnectError
   * when the kubeconfig leads nowhere, and with an Error while it competes, leads or still works already. Failing
   * requests do not end it: they are tried again, and told to `onWarning`.
   */
  async acquire(options: { signal?: AbortSignal | undefined } = {}): Promise<Term> {
    const { signal } = options;
    signal?.throwIfAborted();
    const running = await this.#run();
    signal?.throwIfAborted();
    const giveUp = new AbortController();
    const onAbort = () => giveUp.abort(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const stopTiming = this.#timeObservation(running.api, giveUp);
    try {
      return await running.election.acquire({ signal: giveUp.signal });
    } finally {
      stopTiming();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /**
   * Looks once and writes at most once: renews this object's own claim, takes a Lease that is free or has expired while
   * this object looked on, or says for how long it must be left alone. For callers with a rhythm of their own; the claim
   * lasts for `renewDeadline` from each success, and nothing renews it in between. Not together with `acquire`.
   *
   * `ownIsOurs`: renew a Lease with our given identity although another process may have written it. Only for
   * identities of which there is one process at a time.
   */
  async tryAcquireOrRenew(options: { signal?: AbortSignal | undefined; ownIsOurs?: boolean } = {}): Promise<Tried> {
    const { signal, ownIsOurs } = options;
    signal?.throwIfAborted();
    const { election } = await this.#run();
    signal?.throwIfAborted();
    return election.tryAcquireOrRenew({ ...(signal && { signal }), ...(ownIsOurs !== undefined && { ownIsOurs }) });
  }

  /**
   * Ends the claim if there is one, waits until the term's work was said to have ended (`workStopped`, `stepDown`,
   * `asyncDispose`), frees the Lease, and is done for good. A waiting `acquire` rejects.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const running = this.#running ?? (await this.#starting?.catch(() => null));
    await running?.election.close();
    running?.disconnect();
  }

  async #run(): Promise<Running> {
    if (this.#closed) throw new Error('this election is closed');
    if (this.#running) return this.#running;
    // One that failed is tried anew by the next call.
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    this.#running = await this.#starting;
    if (this.#closed) throw new Error('this election is closed');
    return this.#running;
  }

  async #start(): Promise<Running> {
    const { api: shared, kubeConfig } = this.#options;
    const own = shared ? null : await connectLeases(kubeConfig);
    const namespace = this.#checked.namespace ?? own?.namespace ?? (shared as Partial<SharedLeases>).namespace;
    if (namespace === undefined) throw new OptionError('namespace', 'missing', 'namespace: needed with this api');
    const { name, identity, identityMadeUp, durations, releaseOnStop } = this.#checked;
    const settings = settingsOf({ namespace, name, identity, identityMadeUp, releaseOnStop }, durations);
    const api = new ObservedApi((own ?? shared) as SharedLeases, sharedClock);
    for (const warning of warnings(durations)) {
      this.#warn({ code: 'timing', message: warningText(warning), failure: null });
    }
    const ports = { api, clock: sharedClock, random: Math.random };
    return { election: new Election(settings, ports, this.#listeners()), api, disconnect: () => own?.close() };
  }

  #listeners(): ElectionListeners {
    const { onHolder } = this.#options;
    return {
      // Outside the election's own step, which an error of a listener must not tear.
      onHolder: (holder, previous) => queueMicrotask(() => onHolder?.(holder, previous)),
      onReport: (report) => this.#warn(warningOf(report)),
    };
  }

  #warn(warning: Warning): void {
    const { onWarning } = this.#options;
    if (onWarning) queueMicrotask(() => onWarning(warning));
  }

  /** Calls itself off by the returned function. */
  #timeObservation(api: ObservedApi, giveUp: AbortController): () => void {
    const limitMs = this.#checked.observeTimeoutMs;
    if (limitMs === undefined) return () => {};
    api.restart();
    let cancel = () => {};
    const arm = () => {
      const leftMs = api.learnedMs + limitMs - sharedClock.monoMs();
      if (leftMs <= 0) giveUp.abort(new ObserveTimeout(limitMs, api.failure));
      else cancel = sharedClock.timer(leftMs, arm);
    };
    arm();
    return () => cancel();
  }

  #handle(): LeaderState {
    const state = () => this.#running?.election.state;
    return {
      isLeader: () => state()?.isLeader() ?? false,
      get holder() {
        return state()?.holder ?? null;
      },
      get remainingMs() {
        return state()?.remainingMs ?? 0;
      },
      check: () => {
        const known = state();
        if (!known) throw new NotLeader(null);
        known.check();
      },
    };
  }
}

function warningOf(report: Report): Warning {
  const failure = 'failure' in report ? report.failure : null;
  // What the command line would try (other flags) is no help here; rights are.
  const words = (of: Parameters<typeof failureText>[0]) => {
    const { message, tries } = failureText(of);
    return { message, tries: of.kind === 'forbidden' ? tries : [] };
  };
  return { code: report.code, message: reportText(report, words), failure };
}
