/** This process as a candidate: the election, what is told of it, and what probes see. */
import { Election, type LeaderState } from '../../elector/election.js';
import type { LostReason, Report } from '../../elector/protocol.js';
import { type ElectorSettings, settingsOf } from '../../elector/settings.js';
import type { Term } from '../../elector/term.js';
import type { EventRecorder } from '../../kube/event-recorder.js';
import { sharedClock } from '../../platform/shared-clock.js';
import type { ProbeCounts, ProbeSnapshot } from '../../supervise/metrics.js';
import { reportText } from '../../view/text/acquire.js';
import type { Cluster, Context } from '../context.js';
import { CallFailed, endingOf } from '../errors.js';
import type { AcquireRequest } from './flags.js';

export interface CandidateOptions {
  context: Context;
  cluster: Cluster;
  namespace: string;
  lease: string;
  request: AcquireRequest;
  /** Undefined: no Events are recorded. */
  recorder: EventRecorder | undefined;
  /** Others and nobody; our own identity only where another process has it. */
  onHolder: (holder: string | null) => void;
}

const WAITING: readonly LeaderState['phase'][] = ['observing', 'waiting', 'standing-back'];

export class Candidate {
  readonly settings: ElectorSettings;
  readonly election: Election;
  readonly #options: CandidateOptions;
  readonly #counts: { -readonly [name in keyof ProbeCounts]: number } = {
    terms: 0,
    lost: 0,
    renewals: 0,
    failedRenewals: 0,
    starts: 0,
    watchdogRestarts: 0,
  };
  /** What CMD is doing, as far as probes want to know. */
  working: () => boolean = () => false;
  #term: Term | undefined;
  #competing = false;

  constructor(options: CandidateOptions) {
    const { request, namespace, lease, cluster, onHolder } = options;
    this.#options = options;
    this.settings = settingsOf(
      {
        namespace,
        name: lease,
        identity: request.identity,
        identityMadeUp: request.identityMadeUp,
        releaseOnStop: request.releaseOnStop,
      },
      request.durations,
    );
    this.election = new Election(
      this.settings,
      { api: cluster.leases, clock: sharedClock, random: Math.random },
      {
        onHolder: (holder, previous) => {
          if (this.#worthTelling(holder, previous)) onHolder(holder);
        },
        onReport: (report) => this.#report(report),
        onRenewed: () => {
          this.#counts.renewals += 1;
        },
      },
    );
  }

  /** Resolves with a term; rejects with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<Term> {
    this.#competing = true;
    const term = await this.election.acquire({ signal });
    this.#term = term;
    this.#counts.terms += 1;
    this.#options.recorder?.record(term.uid, `${this.settings.identity} became leader`);
    void term.lost.then((reason) => this.#ended(term, reason));
    return term;
  }

  count(name: 'starts' | 'watchdogRestarts', value?: number): void {
    this.#counts[name] = value ?? this.#counts[name] + 1;
  }

  snapshot(): ProbeSnapshot {
    const { state } = this.election;
    const leading = state.isLeader();
    return {
      live: true,
      namespace: this.settings.namespace,
      lease: this.settings.name,
      identity: this.settings.identity,
      candidate: this.#competing,
      holder: state.holder,
      leading,
      remainingMs: leading ? Math.floor(state.remainingMs) : null,
      token: leading ? (this.#term?.token ?? null) : null,
      working: this.working(),
      counts: this.#counts,
    };
  }

  #worthTelling(holder: string | null, previous: string | null): boolean {
    const { identity } = this.settings;
    if (holder === null) return previous !== null && previous !== identity;
    // With our own we lead, or are about to, unless we wait for it as for a stranger's.
    return holder !== identity || WAITING.includes(this.election.state.phase);
  }

  #ended(term: Term, reason: LostReason): void {
    if (reason !== 'stepped-down') this.#counts.lost += 1;
    this.#options.recorder?.record(term.uid, `${this.settings.identity} stopped leading`);
  }

  #report(report: Report): void {
    const { context } = this.#options;
    if (report.code === 'request-failed' && report.purpose === 'renew') this.#counts.failedRenewals += 1;
    const text = reportText(report, (failure) => endingOf(new CallFailed(failure)));
    void context.warn(text);
  }
}
