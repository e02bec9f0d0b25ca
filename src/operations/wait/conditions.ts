/** What `kle wait --for` and `kle watch --until` wait for, and whether it is so. */
import type { LeaseHistory } from '../../lease/history.js';
import { looksAt } from '../../lease/history.js';
import type { LeaseRecord } from '../../lease/record.js';
import { judge, type Looks, type Now, type Verdict } from '../../lease/verdict.js';
import type { FollowEvent } from '../follow/follow.js';

export type Condition =
  /** The state, as `kle status` tells it. */
  | { type: 'held' | 'released' | 'expired' | 'absent' }
  /** Held, and by that identity. */
  | { type: 'holder'; holder: string }
  /** A term began while we watched: another holder, or the same one anew. */
  | { type: 'transition' }
  /** Held by one holder for so long, seen by us without a gap. */
  | { type: 'stable'; forMs: number };

export interface ConditionCheck {
  condition: Condition;
  met: boolean;
}

export interface Check {
  met: boolean;
  each: ConditionCheck[];
  verdict: Verdict;
  record: LeaseRecord | null;
  /** When it may change without any event; null: never. */
  dueMs: number | null;
}

/** The conditions on one Lease and what of its past they ask about. All of them must hold at one moment, or with `any` one. */
export class Conditions {
  readonly #conditions: readonly Condition[];
  readonly #any: boolean;
  #transitions = 0;
  #steadySinceMs: number | null = null;

  constructor(conditions: readonly Condition[], any: boolean) {
    this.#conditions = conditions;
    this.#any = any;
  }

  /** Events of the one Lease, in order. */
  take(events: readonly FollowEvent[]): void {
    for (const event of events) {
      if (event.type === 'acquired') this.#transitions += 1;
      if (STEADY_FROM.has(event.type) || (event.type === 'renewed' && this.#steadySinceMs === null)) {
        this.#steadySinceMs = event.atMs;
      }
      if (STEADY_UNTIL.has(event.type) || isAssignment(event)) this.#steadySinceMs = null;
    }
  }

  /** `history` undefined: the Lease is not there, and never was while we watched. */
  check(history: LeaseHistory | undefined, now: Now): Check {
    return this.checkRecord(history?.record ?? null, history ? looksAt(history, now.monoMs) : null, now);
  }

  /** The same on a single look. */
  checkRecord(record: LeaseRecord | null, looks: Looks | null, now: Now): Check {
    const verdict = judge(record, looks, now);
    const each = this.#conditions.map((condition) => ({
      condition,
      met: this.#isMet(condition, record, verdict, now.monoMs),
    }));
    const met = this.#any ? each.some((one) => one.met) : each.every((one) => one.met);
    return { met, each, verdict, record, dueMs: this.#dueMs(verdict, now.monoMs) };
  }

  #isMet(condition: Condition, record: LeaseRecord | null, verdict: Verdict, nowMs: number): boolean {
    switch (condition.type) {
      case 'holder':
        return verdict.state === 'held' && record?.holder === condition.holder;
      case 'transition':
        return this.#transitions > 0;
      case 'stable':
        return (
          verdict.state === 'held' && this.#steadySinceMs !== null && nowMs - this.#steadySinceMs >= condition.forMs
        );
      default:
        return verdict.state === condition.type;
    }
  }

  #dueMs(verdict: Verdict, nowMs: number): number | null {
    const since = this.#steadySinceMs;
    const dues = this.#conditions.flatMap((condition) => {
      if (condition.type === 'stable') return since === null ? [] : [since + condition.forMs];
      if (condition.type === 'expired' && verdict.expiresInMs !== null) return [nowMs + verdict.expiresInMs];
      return [];
    });
    const coming = dues.filter((dueMs) => dueMs > nowMs);
    return coming.length > 0 ? Math.min(...coming) : null;
  }
}

/** Somebody else wrote another holder in; it leads only once it writes itself. */
const isAssignment = (event: FollowEvent): boolean => event.type === 'changed' && event.holder !== event.previousHolder;

type EventType = FollowEvent['type'];
/** A holder is there from here on; what was before is unknown or was another. */
const STEADY_FROM: ReadonlySet<EventType> = new Set<EventType>(['seen', 'recreated', 'acquired', 'reconnected']);
const STEADY_UNTIL: ReadonlySet<EventType> = new Set<EventType>([
  'released',
  'fenced',
  'expired',
  'deleted',
  'disconnected',
]);
