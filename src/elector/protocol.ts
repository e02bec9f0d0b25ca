/** What goes into the machine and what comes out of it, as data. */
import type { Answer, ApiFailure, LeaseRef, LeaseWatchEvent } from '../lease/api.js';
import type { LeaseObject, LeaseRecord } from '../lease/record.js';

export type Input =
  /** Somebody wants to lead. */
  | { type: 'compete' }
  /** Nobody wants to lead any more, though a term that began goes on. */
  | { type: 'withdraw' }
  /** End the term and make way for others. */
  | { type: 'step-down' }
  /** End the term, free the Lease, and be done for good. */
  | { type: 'stop' }
  /** Nothing of the work of the last term is left. */
  | { type: 'work-stopped' }
  /** The machine was suspended: the boot clock moved and the monotonic one did not. */
  | { type: 'woken' }
  | { type: 'timer'; purpose: TimerPurpose }
  | { type: 'answer'; id: number; answer: Answer<LeaseRecord> }
  | { type: 'watch'; event: LeaseWatchEvent }
  /** The watch ended by itself, since trying again cannot help. */
  | { type: 'watch-ended'; failure: ApiFailure | null };

export type TimerPurpose =
  | 'try'
  | 'look'
  | 'stand-back'
  | 'renew'
  | 'deadline'
  | 'kill'
  | 'retry'
  | 'give-up'
  | 'watch';

export type Purpose = 'look' | 'take' | 'create' | 'renew' | 'recreate' | 'release' | 'notice';

export type Request =
  | { verb: 'get'; ref: LeaseRef }
  | { verb: 'create'; lease: LeaseObject }
  | { verb: 'replace'; lease: LeaseObject };

export type LostReason = 'renew-deadline-exceeded' | 'holder-changed' | 'lease-deleted' | 'stepped-down' | 'paused';

/** What became of the Lease when a term had ended. */
export type ReleaseOutcome =
  | 'freed'
  /** Somebody else's, or gone: there was nothing to free. */
  | 'not-ours'
  /** `releaseOnStop` is off. */
  | 'kept'
  /** The request may or may not have arrived. */
  | 'unconfirmed';

export interface TermFacts {
  /** resourceVersion of the first write of the term, or of the version in which that write was recognised (S5). */
  token: string;
  uid: string;
  transitions: number;
}

export type Report =
  /** Said once until the verb succeeds. */
  | { code: 'request-failed'; purpose: Purpose; failure: ApiFailure }
  /** Said once. */
  | { code: 'watch-refused'; failure: ApiFailure | null }
  /** Leaves the Lease to others for now, to `fence` (its id) or after a step-down. */
  | { code: 'standing-back'; fence: string | null };

export type Effect =
  /** No answer is waited for beyond `deadlineMs`, monotonic (S3). */
  | { type: 'send'; id: number; purpose: Purpose; request: Request; deadlineMs: number }
  | { type: 'abort'; id: number }
  /** Monotonic; null clears it. */
  | { type: 'timer'; purpose: TimerPurpose; atMs: number | null }
  | { type: 'watch'; on: boolean }
  /** The work may start. */
  | { type: 'elected'; term: TermFacts }
  /** The claim holds until then (monotonic) if no renewal succeeds any more: for a watchdog beside this process (S9). */
  | { type: 'claim'; untilMs: number }
  /** The claim is false from here on. */
  | { type: 'lost'; reason: LostReason }
  /** The work must have ended by `byMs` (monotonic); `kill`: at once, without any more grace. */
  | { type: 'stop-work'; byMs: number; kill: boolean }
  /** The term is over in every respect. */
  | { type: 'ended'; release: ReleaseOutcome }
  | { type: 'holder'; holder: string | null; previous: string | null }
  | { type: 'report'; report: Report }
  | { type: 'stopped' };
