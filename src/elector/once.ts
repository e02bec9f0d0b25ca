/** One look and at most one write: renew, take, create, or say until when to wait. By the same rules as the machine (S2). */
import type { ApiFailure } from '../lease/api.js';
import type { LeaseObject, LeaseRecord } from '../lease/record.js';
import { termOf } from './leader.js';
import { elapsedMs, type Moment, type Reading } from './moment.js';
import type { TermFacts } from './protocol.js';
import type { ElectorState } from './state.js';
import { offerOf } from './takeover.js';
import { holderOf } from './turn.js';
import * as writes from './writes.js';

export type Tried =
  /** `remainingMs`: for how long the claim holds (R from when the write was sent). */
  | { outcome: 'acquired' | 'renewed'; term: TermFacts; remainingMs: number }
  /** `takeableInMs`: when to try again, if nothing changes. */
  | { outcome: 'held'; holder: string | null; takeableInMs: number }
  /** Somebody else wrote in between. */
  | { outcome: 'conflict' }
  /** `mayHaveApplied`: the write may have arrived. */
  | { outcome: 'failed'; failure: ApiFailure; mayHaveApplied: boolean };

export interface OncePlan {
  verb: 'create' | 'replace';
  outcome: 'acquired' | 'renewed';
  lease: LeaseObject;
}

/** A claim that is renewed by hand. */
export interface HandClaim {
  term: TermFacts;
  renewed: Reading;
}

/** `ownIsOurs`: a record with our identity is renewed although another process may have written it. */
export function planOnce(state: ElectorState, moment: Moment, ownIsOurs: boolean): OncePlan | Tried {
  const { settings, sight } = state;
  const { record } = sight;
  const own = record !== null && record.holder === settings.identity;
  if (record && own && ownIsOurs) {
    const term = { ...termOf(record), acquireTime: record.acquireTime ?? moment.serverNow };
    const lease = writes.renewal(record, settings, term, moment.serverNow);
    return { verb: 'replace', outcome: 'renewed', lease };
  }
  const offer = offerOf(state, moment);
  const takeableInMs = Math.max(0, (offer?.atMs ?? moment.now.monoMs) - moment.now.monoMs);
  if (takeableInMs > 0) return { outcome: 'held', holder: holderOf(record), takeableInMs };
  return record
    ? { verb: 'replace', outcome: 'acquired', lease: writes.acquisition(record, settings, moment.serverNow) }
    : { verb: 'create', outcome: 'acquired', lease: writes.creation(settings, moment.serverNow) };
}

/** The token of a claim stays that of its first write (S5). */
export function claimAfter(written: LeaseRecord, sent: Reading, before: HandClaim | null, renewed: boolean): HandClaim {
  const { token, uid, transitions } = termOf(written);
  const term = renewed && before ? { ...before.term, uid } : { token, uid, transitions };
  return { term, renewed: sent };
}

export const remainingOf = (claim: HandClaim | null, state: ElectorState, now: Reading): number =>
  claim ? Math.max(0, state.policy.claimMs(state.settings) - elapsedMs(claim.renewed, now)) : 0;
