/** The machine's state: one phase out of ten, and what outlives phases. Nothing in it is changed in place. */
import type { Micros } from '../lease/micro-time.js';
import type { Reading } from './moment.js';
import type { Policy } from './policy.js';
import type { LostReason, Purpose, TermFacts, TimerPurpose } from './protocol.js';
import type { ElectorSettings } from './settings.js';
import type { Sight } from './sight.js';

export interface Term extends TermFacts {
  /** As it stands in the Lease: with the identity it tells this term from any other. */
  acquireTime: Micros;
}

export type Phase =
  /** Nobody wants to lead. */
  | { name: 'resting' }
  /** Wants to lead and does not know the Lease yet. */
  | { name: 'observing'; lookAtMs: number }
  | Waiting
  /** A request to take or create the Lease is under way, or has left doubt that a last look must settle. */
  | { name: 'trying' }
  /** Made way for others: does not try although it wants to lead. */
  | { name: 'standing-back'; lookAtMs: number | null }
  | Leading
  | Draining
  | Releasing
  | Notifying
  | { name: 'stopped' };

/** Somebody holds the Lease, or its turn has not come yet. */
export interface Waiting {
  name: 'waiting';
  /** When the present spec was first seen in this phase: from here an open Lease is tried. */
  readyMs: number;
  jitterMs: number;
  /** Backing off from a failure until then. */
  notBeforeMs: number;
  /** When to read the Lease; null: the watch tells. */
  lookAtMs: number | null;
  /** The version at hand was tried and was not the newest, or may have been replaced by our own write. */
  spent: boolean;
}

export interface Leading {
  name: 'leading';
  term: Term;
  /** Both clocks when the last renewal that succeeded was sent. */
  renewed: Reading;
  renewAtMs: number;
  /** When to read the Lease; null: no need. */
  lookAtMs: number | null;
  /** In a row. */
  conflicts: number;
}

/** The claim is false and the work is told to end. Nothing is sent. */
export interface Draining {
  name: 'draining';
  term: Term;
  renewed: Reading;
  reason: LostReason;
  /** Monotonic; by then the work is killed. */
  byMs: number;
  killed: boolean;
}

/** The work has ended. */
export interface Releasing {
  name: 'releasing';
  term: Term;
  /** Null: the Lease was taken when nobody wanted it any more, and no work began. */
  reason: LostReason | null;
  retryAtMs: number;
  untilMs: number;
  /** Read the Lease before the next try. */
  look: boolean;
}

/** The work has ended and the fence waits for our word. */
export interface Notifying {
  name: 'notifying';
  term: Term;
  fence: string;
  retryAtMs: number;
  untilMs: number;
  look: boolean;
}

/** The one request that is under way. */
export interface Flight {
  id: number;
  purpose: Purpose;
  sent: Reading;
  /** The newest version known when it was sent. */
  seenVersion: string | null;
}

/** A write of ours, to be known again when its answer is lost. */
export interface Attempt {
  id: number;
  sent: Reading;
  /** The newest version known when it was sent; what it makes is newer. */
  seenVersion: string | null;
  creates: boolean;
  /** A creation that proves nothing any more, since somebody else held the Lease after it was sent. */
  overtaken: boolean;
  acquireTime: Micros | null;
  renewTime: Micros | null;
}

export interface StandBack {
  fence: string | null;
  /** Monotonic; null while the fence is kept. */
  endedMs: number | null;
}

export interface ElectorState {
  settings: ElectorSettings;
  policy: Policy;
  phase: Phase;
  sight: Sight;
  wanted: boolean;
  stopAsked: boolean;
  /** Work was started and its end has not been reported. */
  working: boolean;
  watch: 'off' | 'opening' | 'live' | 'down' | 'refused';
  /** When to try the watch again after it was refused. */
  watchAtMs: number | null;
  flight: Flight | null;
  nextId: number;
  attempts: Attempt[];
  standBack: StandBack | null;
  /** The last term of this process, to know a fence that deposed it. */
  lastTerm: Term | null;
  /** What is set, by purpose; monotonic. */
  timers: Partial<Record<TimerPurpose, number>>;
  /** What was reported and has not been put right since. */
  told: string[];
}
