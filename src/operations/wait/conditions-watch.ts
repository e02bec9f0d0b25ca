/** Looks at conditions at every event and at every moment at which they may come true without one. */
import type { LeaseRef } from '../../lease/api.js';
import type { Now } from '../../lease/verdict.js';
import type { FollowEvent, Followed, FollowPorts } from '../follow/follow.js';
import { keyOf } from '../follow/follow-leases.js';
import type { Check, Conditions } from './conditions.js';

export class ConditionsWatch {
  readonly #ref: LeaseRef;
  readonly #conditions: Conditions;
  readonly #ports: Pick<FollowPorts, 'leases' | 'clock'>;
  readonly #onMet: (check: Check) => void;
  #followed: Followed | undefined;
  #done = false;
  #cancelTimer = () => {};

  /** `onMet` is called once. */
  constructor(
    ref: LeaseRef,
    conditions: Conditions,
    ports: Pick<FollowPorts, 'leases' | 'clock'>,
    onMet: (check: Check) => void,
  ) {
    this.#ref = ref;
    this.#conditions = conditions;
    this.#ports = ports;
    this.#onMet = onMet;
  }

  take(events: readonly FollowEvent[], followed: Followed): void {
    this.#followed = followed;
    this.#conditions.take(events);
    this.#look();
  }

  /** How it stands now; undefined before the first answer of the server. */
  check(): Check | undefined {
    const followed = this.#followed;
    return followed?.synced ? this.#conditions.check(followed.leases.get(keyOf(this.#ref)), this.#now()) : undefined;
  }

  stop(): void {
    this.#done = true;
    this.#cancelTimer();
  }

  #look(): void {
    if (this.#done) return;
    this.#cancelTimer();
    const check = this.check();
    if (check?.met && this.#followed?.down === null) {
      this.stop();
      this.#onMet(check);
    } else if (check?.dueMs != null) {
      const { clock } = this.#ports;
      this.#cancelTimer = clock.timer(Math.max(1, check.dueMs - clock.monoMs()), () => this.#look());
    }
  }

  #now(): Now {
    const { clock, leases } = this.#ports;
    return { monoMs: clock.monoMs(), wall: clock.wallMicros(), server: leases.serverTime() };
  }
}
