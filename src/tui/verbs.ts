/** What can be done to a Lease from the screen. The doing is given to the screen; here is how the two speak. */
import type { LeaseRef } from '../lease/api.js';
import type { LeaseRecord } from '../lease/record.js';

export interface VerbTarget {
  ref: LeaseRef;
  /** As it was last seen; null: there is no such Lease. */
  record: LeaseRecord | null;
}

export interface LeaseVerb {
  /** One letter that no other key of the screen has. */
  key: string;
  label: string;
  /** A sentence for the help page. */
  does: string;
  start(target: VerbTarget, talk: VerbTalk): RunningVerb;
}

export type Tone = 'plain' | 'result' | 'warning';

/** What a verb says and asks, in the panel of the screen. */
export interface VerbTalk {
  /** One line, wrapped where it is too long. */
  say(text: string, tone: Tone): void;
  /** What is passing, such as a wait; null: nothing. */
  passing(text: string | null): void;
  /** `given`: the answer that stands there already. Null: the person will not say. */
  ask(question: string, given: string): Promise<string | null>;
}

export interface RunningVerb {
  /** Resolves, in words of one line, when all is done or put back. Never rejects. */
  readonly over: Promise<string>;
  /** End early, and put back what was changed. Asked again: end at once. */
  interrupt(): void;
}
