/** What users of the library see. Stands alone: the published declarations are these, and import nothing. */
import type { LostReason, ReleaseOutcome } from '../elector/protocol.js';
import type { ApiFailure, LeaseApi } from '../lease/api.js';

/** Milliseconds as a number, or a Go duration such as `'15s'`, `'1m30s'`, `'250ms'`. */
export type Duration = number | string;

/**
 * As much of the KubeConfig of `@kubernetes/client-node` (0.20 to 2.x) as is used. Its credentials are asked for again
 * as they age, beside the requests and not before them.
 */
export interface KubeConfigLike {
  getCurrentCluster(): {
    server: string;
    skipTLSVerify?: boolean | undefined;
    tlsServerName?: string | undefined;
    proxyUrl?: string | undefined;
  } | null;
  getCurrentContext?(): string;
  getContextObject?(name: string): { namespace?: string | undefined } | null;
  /** Sets `ca`, `cert`, `key`, `auth` and `headers` as a request by that user has them. */
  applyToHTTPSOptions(options: object): Promise<void> | void;
}

export interface LeaderElectionOptions {
  /**
   * How to reach the cluster: a KubeConfig, the path of a kubeconfig file, or nothing: as kubectl would (KUBECONFIG,
   * `~/.kube/config`, in a Pod its service account).
   */
  kubeConfig?: KubeConfigLike | string | undefined;
  /** In place of `kubeConfig`: a connection that elections share (`connectLeases`). It is not closed by `close()`. */
  api?: LeaseApi | undefined;
  /** Default: that of the kubeconfig's context or of the Pod. Needed with an `api` that does not come from `connectLeases`. */
  namespace?: string | undefined;
  /** The Lease's name. It is created when it does not exist. */
  name: string;
  /** Default: POD_NAME or the host's name, `_`, ten random characters. One that is given must be this process's alone. */
  identity?: string | undefined;
  /** L, whole seconds: how long others leave a silent Lease alone. Default 15 s. */
  leaseDuration?: Duration | undefined;
  /** R: how long to lead without a successful renewal, from when the last one was sent. Default 10 s. */
  renewDeadline?: Duration | undefined;
  /** P: how often to renew. Default 2 s. */
  retryPeriod?: Duration | undefined;
  /** D: how long the work may take to end after R; R + D + 0.25 s must not exceed L. Default (L − R) / 2. */
  drainTimeout?: Duration | undefined;
  /** `acquire` gives up when nothing could be learned from the server for this long. Default: never. */
  observeTimeout?: Duration | undefined;
  /** Free the Lease once the work of a term has ended. Default true; false leaves it to expire. */
  releaseOnStop?: boolean | undefined;
  /** Null: nobody leads, as far as is known. */
  onHolder?: ((holder: string | null, previous: string | null) => void) | undefined;
  /** What keeps this election from going as it should. Each is said once until it has changed. */
  onWarning?: ((warning: Warning) => void) | undefined;
}

export interface Warning {
  /**
   * `request-failed`: it is tried again. `watch-refused`: the Lease is polled instead. `standing-back`: the Lease is left
   * to others for now. `timing`: another elector with these durations would not do well.
   */
  code: 'request-failed' | 'watch-refused' | 'standing-back' | 'timing';
  /** One line for people. Parts of it are the server's words. */
  message: string;
  failure: ApiFailure | null;
}

export type { LostReason, ReleaseOutcome };

/** What is known without asking the server. Computed from the clocks at each question, so never true after a pause. */
export interface LeaderState {
  isLeader(): boolean;
  /** Who leads, as far as is known; null before anything is known and when nobody does. */
  readonly holder: string | null;
  /** Milliseconds for which the claim holds if no renewal succeeds any more; 0 when this process does not lead. */
  readonly remainingMs: number;
  /** Throws NotLeader, which names the known leader. */
  check(): void;
}

/** What a leader holds. It ends in this order: the claim, the work, the Lease. */
export interface Term {
  /**
   * Fencing token: a decimal number of up to 64 bits that grows from term to term of one Lease. Hand it to what the work
   * changes, and have that refuse a smaller one than it has seen. Void after etcd was restored from a backup.
   */
  readonly token: string;
  /** The Lease's. */
  readonly uid: string;
  readonly transitions: number;
  /** Aborted with NotLeader when the claim ends, before `lost` resolves. */
  readonly signal: AbortSignal;
  /**
   * Why it ended. Resolves after `isLeader()` already answers false; never rejects. `paused`: this process, or its
   * machine, stood still past the deadline.
   */
  readonly lost: Promise<LostReason>;
  /** Resolves when the Lease has been dealt with too. Never rejects. */
  readonly ended: Promise<ReleaseOutcome>;
  readonly remainingMs: number;
  isLeader(): boolean;
  /**
   * Says that nothing of the work is left. Until then the Lease is not freed and no other term of this election begins.
   * While the claim holds, it ends the claim too.
   */
  workStopped(): void;
  /**
   * Ends the claim (`signal` is aborted), waits for `work`, frees the Lease and leaves it to others for a while. Without
   * `work` the caller says when by `workStopped()`; until then this does not resolve.
   */
  stepDown(work?: PromiseLike<unknown>): Promise<ReleaseOutcome>;
  /** For `await using`: the block has ended, and so has the work. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What came of one `tryAcquireOrRenew()`. */
export type Tried =
  /** The claim holds for `remainingMs` from now on: R from when the write was sent. */
  | {
      outcome: 'acquired' | 'renewed';
      term: { token: string; uid: string; transitions: number };
      remainingMs: number;
    }
  /** `takeableInMs`: when it may be taken, if nothing changes. */
  | { outcome: 'held'; holder: string | null; takeableInMs: number }
  /** Somebody else wrote in between. */
  | { outcome: 'conflict' }
  /** `mayHaveApplied`: the write may have arrived. */
  | { outcome: 'failed'; failure: ApiFailure; mayHaveApplied: boolean };

/** A connection that several elections use at once. */
export interface SharedLeases extends LeaseApi {
  /** The namespace of the kubeconfig's context or of the Pod, else `default`. */
  readonly namespace: string;
  /** Ends its sockets. Close the elections first. */
  close(): void;
}

/** Which rule an option breaks. */
export type OptionRule =
  | 'missing'
  | 'wrong-type'
  | 'not-a-duration'
  | 'contradiction'
  | 'not-a-name'
  | 'reserved'
  | 'duration-not-positive'
  | 'lease-duration-not-whole-seconds'
  | 'lease-duration-too-long'
  | 'retry-not-below-deadline'
  | 'stops-after-lease';
