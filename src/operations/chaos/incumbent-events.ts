/**
 * What the deposed holder says in Events while its Lease is held. They come before its work has ended, so they are told
 * and prove nothing (fact 2).
 */
import type { LeaseRef } from '../../lease/api.js';
import type { Micros } from '../../lease/micro-time.js';
import type { LeaseView } from '../lease-view.js';
import type { Lookout } from './keep.js';
import { tell } from './steps.js';

const LOOK_EVERY_MS = 3_000;

export class IncumbentEvents implements Lookout {
  readonly proof = false;
  readonly #lease: LeaseRef;
  readonly #holder: string;
  readonly #since: Micros;
  readonly #told = new Set<string>();
  #asked: number | null = null;
  #nextMs: number;
  #over = false;

  /** `since`: server's clock; older Events are not of this operation. */
  constructor(lease: LeaseRef, holder: string, since: Micros, nowMs: number) {
    this.#lease = lease;
    this.#holder = holder;
    // Events carry whole seconds.
    this.#since = since - 1_000_000n;
    this.#nextMs = nowMs + LOOK_EVERY_MS;
  }

  nextMs(): number | null {
    return this.#asked !== null || this.#over ? null : this.#nextMs;
  }

  ask(view: LeaseView): void {
    if (this.#asked !== null || this.#over || view.nowMs < this.#nextMs) return;
    this.#asked = view.newId();
    view.emit({ do: 'ask', id: this.#asked, question: { ask: 'events', lease: this.#lease } });
  }

  take(view: LeaseView): void {
    const told = this.#asked === null ? undefined : view.answerTo(this.#asked);
    if (told?.ask !== 'events') return;
    this.#asked = null;
    this.#nextMs = view.nowMs + LOOK_EVERY_MS;
    const { answer } = told;
    if (!answer.ok) {
      this.#over = answer.failure.kind === 'forbidden' || answer.failure.kind === 'not-found';
      return;
    }
    for (const { at, reason, message, count } of answer.value) {
      const key = `${reason} ${message} ${count}`;
      if (at === null || at < this.#since || !message.startsWith(this.#holder) || this.#told.has(key)) continue;
      this.#told.add(key);
      tell(view, { step: 'incumbent-event', reason, message });
    }
  }
}
