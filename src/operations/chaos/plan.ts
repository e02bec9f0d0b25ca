/**
 * What a chaos verb is going to do, as data: `--dry-run`, the screen's prediction, drills and tests read the same object.
 * Wording is in view/text/plan.ts.
 */
import type { LeaseRef } from '../../lease/api.js';
import type { ElectorFamily } from '../../lease/fingerprint.js';
import type { LeaseRole } from '../../lease/record.js';
import type { Fooled, Span } from '../reactions.js';

export type ReleaseWay = 'fence' | 'evict' | 'prefer' | 'clear' | 'identity';

/** Why a wait is as long as it is. */
export type WaitReason =
  /** L + 2 × renew period: covers every known elector whose renewDeadline is less than its leaseDuration. */
  | { code: 'lease-and-two-periods'; leaseDurationMs: number; renewPeriodMs: number }
  /** P + R + A, as its operator gave them. */
  | { code: 'given-deadline'; renewDeadlineMs: number; retryPeriodMs: number; answerDelayMs: number }
  /** Nobody held it, so nobody has to stop. */
  | { code: 'nobody-to-stop' };

export type PlanStep =
  | { step: 'fence'; holder: string; leaseDurationSeconds: number; renewEveryMs: number }
  | { step: 'take'; holder: string; leaseDurationSeconds: number; renewEveryMs: number }
  /** `silentMs`: how much of the wait is over already, in silence that was watched. */
  | {
      step: 'stop-wait';
      forMs: number;
      because: WaitReason;
      silentMs: number;
      shortenedByNotice: boolean;
      shortenedByPod: boolean;
    }
  /** `forMs` null: until interrupted. */
  | { step: 'hold'; forMs: number | null; atLeastMs: number }
  | { step: 'free' }
  | { step: 'leave' }
  | { step: 'hand-over'; to: string; leaseDurationSeconds: number; takeBackAfterMs: number }
  | { step: 'clear' }
  | { step: 'evict'; pod: string; uid: string }
  | { step: 'prefer'; to: string }
  | { step: 'shift-time'; byMs: number; follow: boolean; forMs: number }
  | { step: 'shift-duration'; leaseDurationSeconds: number; follow: boolean; forMs: number }
  | { step: 'put-back' }
  | { step: 'verify'; forMs: number };

/** What a promise rests on. Told before consent and in the result. */
export type Assumption =
  | { code: 'deadline-below-duration'; leaseDurationMs: number }
  | { code: 'answers-within'; ms: number | null }
  | { code: 'work-ends-with-elector'; ms: number | null }
  | { code: 'not-paused' }
  | { code: 'notice-is-honest' }
  /** For writers without compare-and-swap. */
  | { code: 'reaches-the-api'; family: ElectorFamily }
  | { code: 'writers-compare-and-swap' }
  | { code: 'releases-after-its-work' }
  | { code: 'work-begins-with-own-write' };

export type PlanWarning =
  /** `--via prefer`: who leads next is decided by the strategy of the server's coordinator. */
  | { code: 'coordinator-decides' }
  /** The server says that this user may not do what the plan does. */
  | { code: 'right-missing'; verb: string; resource: string; namespace: string }
  /** No other Pod of its controller is running, and no candidate is known. */
  | { code: 'no-other-candidate' }
  | { code: 'candidates-unknown' }
  /** This family does not see an empty holder, or waits its whole duration for it. */
  | { code: 'ignores-empty-holder'; family: ElectorFamily; waitMs: number | null }
  | { code: 'no-compare-and-swap'; family: ElectorFamily }
  /** Its old leader goes on as a candidate under the same name, and may be the first to take what is freed. */
  | { code: 'old-leader-contends'; family: ElectorFamily }
  | { code: 'family-unknown' }
  /** With this duration a killed kle would let a standby take the Lease before the incumbent must have stopped. */
  | { code: 'duration-below-stop-wait'; durationMs: number; stopWaitMs: number }
  | { code: 'overlap-allowed'; ms: number }
  /** A kle killed during the fence: families that go by their own duration may take it early. */
  | { code: 'kill-unsafe-own-duration'; family: ElectorFamily };

/** Why nothing is done. Exit code 3. */
export type Refusal =
  | { code: 'not-an-election'; role: LeaseRole }
  | { code: 'coordinated' }
  | { code: 'not-coordinated' }
  | { code: 'other-holder'; expected: string; holder: string | null }
  | { code: 'held-by-operation'; id: string }
  | { code: 'to-is-incumbent'; to: string }
  | { code: 'malformed'; what: string }
  | { code: 'server-clock-unknown'; uncertainMs: number | null }
  | { code: 'journal-unwritable'; problem: string }
  | { code: 'pod-not-unique'; matches: number }
  | { code: 'pod-not-evictable'; pod: string; why: 'not-running' | 'mirror' | 'deleting' }
  | { code: 'budget-forbids'; pod: string; message: string }
  | { code: 'not-expired'; expiresInMs: number | null }
  | { code: 'changed-meanwhile'; holder: string | null }
  | { code: 'preference-dropped' }
  | { code: 'holder-late'; byMs: number }
  | { code: 'identity-too-long' }
  | { code: 'not-held-by'; identity: string; holder: string | null }
  | { code: 'time-out-of-range' }
  | { code: 'consent-refused' };

export interface Prediction {
  /** From the fence (or clear, or eviction) until somebody leads. */
  leaderless: Span;
  /** Two leaders: at most so long, under the assumptions. */
  possibleOverlapMs: number;
  /** Share of runs in which the same holder has the Lease again afterwards. */
  returns: { oneStandby: number; twoStandbys: number } | null;
  /** When this family usually stops, counted from the taking. */
  usualStop: Span;
  /** A kle that is killed while it holds the Lease, and not undone, leaves nobody leading for about so long after that. */
  afterKillMs: number | null;
  wouldFool: Fooled[];
}

/** What is known of the Lease when the plan is made. */
export interface PlanFacts {
  lease: LeaseRef;
  uid: string;
  resourceVersion: string;
  holder: string;
  leaseDurationMs: number;
  /** It was watched unchanged for so long, beyond its duration: expired. Null: it is renewed, or nobody holds it. */
  expiredForMs: number | null;
  /** Measured; null: not needed. */
  renewPeriodMs: number;
  /** The holder's clock less the server's. */
  offsetMs: number;
  family: ElectorFamily;
  confidence: 'likely' | 'possible' | null;
  transitions: number | null;
}

export interface Plan {
  verb: 'release' | 'steal' | 'skew';
  /** Of a release. */
  way: ReleaseWay | null;
  lease: LeaseRef;
  /** Null: nobody holds it. */
  from: string | null;
  to: string | null;
  facts: PlanFacts | null;
  steps: PlanStep[];
  stopWaitMs: number;
  renewEveryMs: number;
  prediction: Prediction;
  assumes: Assumption[];
  warnings: PlanWarning[];
}
