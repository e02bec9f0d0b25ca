/**
 * Operations as procedures without I/O. A procedure is a generator: it changes nothing but its own state, puts effects
 * into the view's outbox, yields the monotonic time at which it wants to be woken (null: only by an input), and gets the
 * next input. So a whole release is a dialogue that tests can hold word by word (mitmproxy's layers are built so).
 */
import type { Answer, ApiFailure, LeaseRef, LeaseWatchEvent } from '../../lease/api.js';
import type { LeaseObject, LeaseRecord } from '../../lease/record.js';
import type { EventFacts, JournalOperation, JournalResult, PodFacts } from '../ports.js';
import type { Step } from './steps.js';

/** A question to another port than LeaseApi. */
export type Question =
  | { ask: 'pod'; ref: LeaseRef }
  | { ask: 'node-ready'; name: string }
  | { ask: 'events'; lease: LeaseRef }
  | { ask: 'evict'; pod: { namespace: string; name: string; uid: string } };

export type Told =
  | { ask: 'pod'; answer: Answer<PodFacts> }
  | { ask: 'node-ready'; answer: Answer<boolean> }
  | { ask: 'events'; answer: Answer<EventFacts[]> }
  | { ask: 'evict'; answer: Answer<undefined> };

export type Effect =
  | { do: 'put'; id: number; lease: LeaseObject; timeoutMs: number }
  | { do: 'get'; id: number; timeoutMs: number }
  /** The answer is of no interest any more. */
  | { do: 'abort'; id: number }
  | { do: 'journal-begin'; id: number; operation: JournalOperation }
  | { do: 'journal-sending'; id: number; operation: string }
  | { do: 'journal-settle'; id: number; operation: string }
  | { do: 'ask'; id: number; question: Question }
  | { do: 'tell'; step: Step };

export type Input =
  | { type: 'begin' }
  | { type: 'event'; event: LeaseWatchEvent }
  /** The watch ended by itself, since trying again cannot help. */
  | { type: 'watch-ended'; failure: ApiFailure | null }
  | { type: 'answer'; id: number; answer: Answer<LeaseRecord> }
  | { type: 'journal'; id: number; result: JournalResult }
  | { type: 'told'; id: number; told: Told }
  | { type: 'timer' }
  | { type: 'interrupt' };

/** Yields when to wake it. */
export type Procedure<T> = Generator<number | null, T, Input>;

/** The earliest of several moments; null: none. */
export function earliest(...times: (number | null | undefined)[]): number | null {
  const known = times.filter((time): time is number => time !== null && time !== undefined && Number.isFinite(time));
  return known.length === 0 ? null : Math.min(...known);
}
