/** What a chaos verb came to, as data: view/json-operations.ts and view/text/*.ts show it, the cli takes its exit code. */
import type { ApiFailure, LeaseRef } from '../../lease/api.js';
import type { Micros } from '../../lease/micro-time.js';
import type { Plan, Refusal } from './plan.js';
import type { Step } from './steps.js';

/** `put-back`: interrupted, and the Lease is its old holder's again. */
export type ReleaseOutcome =
  | 'handed-over'
  | 'freed'
  | 'returned'
  | 'taken'
  | 'not-held'
  | 'refused'
  | 'unverified'
  | 'put-back';
export type StealOutcome = 'held-and-freed' | 'left' | 'lost' | 'refused' | 'unverified' | 'put-back';
export type SkewOutcome = 'not-fooled' | 'fooled' | 'refused' | 'unverified';

/** What an operation may end with, whatever the verb. */
export interface Ending {
  /** Who leads now, by an own write that was seen; null: nobody, or it is not known. */
  to: string | null;
  /** Lease time from the fence (or expiry, or clear) to the new holder's first own write; null: not seen. */
  leaderlessMs: number | null;
  /** Bounds on how long no work was done; null where nobody can say. */
  workGapMinMs: number | null;
  workGapMaxMs: number | null;
  /** Bound on two leaders, under `assumes`; never a measurement. */
  possibleOverlapMs: number;
  /** Fencing token of the new holder: resourceVersion of its first own write. */
  token: string | null;
  /** Of `returned`: is it the same process as before? Null: cannot be told. */
  sameProcess: boolean | null;
  refusal: Refusal | null;
  /** Why it could not be done or established. */
  failure: ApiFailure | null;
  interrupted: boolean;
  /** Something of ours may be on the Lease still: exit code 6, the journal stays. */
  leftChanged: boolean;
  /** With what `kle undo` finds it; null: nothing was written that could be put back. */
  undoId: string | null;
}

export interface Report<Outcome extends string> extends Ending {
  lease: LeaseRef;
  from: string | null;
  outcome: Outcome;
  plan: Plan | null;
  steps: Step[];
}

export type ReleaseReport = Report<ReleaseOutcome>;
export type StealReport = Report<StealOutcome>;

export interface SkewReport extends Report<SkewOutcome> {
  skewed: { at: string | null; from: string; to: string }[];
  takeovers: Takeover[];
}

/** Somebody took the Lease while its holder renewed it: both terms, as the Lease had them. */
export interface Takeover {
  from: string;
  to: string;
  /** Server's clock. */
  at: Micros | null;
  transitions: { from: number | null; to: number | null };
}

export const NO_ENDING: Ending = {
  to: null,
  leaderlessMs: null,
  workGapMinMs: null,
  workGapMaxMs: null,
  possibleOverlapMs: 0,
  token: null,
  sameProcess: null,
  refusal: null,
  failure: null,
  interrupted: false,
  leftChanged: false,
  undoId: null,
};

/** The part of a report that a procedure decides. */
export type Ended<Outcome extends string> = Ending & { outcome: Outcome };

export const ended = <Outcome extends string>(outcome: Outcome, more: Partial<Ending> = {}): Ended<Outcome> => ({
  ...NO_ENDING,
  ...more,
  outcome,
});
