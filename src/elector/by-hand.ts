/** A claim that its owner renews by calling, one look and at most one write at a time. */
import { isAbsent } from '../lease/absence.js';
import type { Answer, LeaseApi } from '../lease/api.js';
import type { LeaseRecord } from '../lease/record.js';
import type { Moment, Reading } from './moment.js';
import { claimAfter, type HandClaim, planOnce, remainingOf, type Tried } from './once.js';
import { type Sight, seeAbsence, seeRecord } from './sight.js';
import type { ElectorState } from './state.js';

export class ByHand {
  readonly #api: LeaseApi;
  readonly #moment: () => Moment;
  #claim: HandClaim | null = null;

  constructor(api: LeaseApi, moment: () => Moment) {
    this.#api = api;
    this.#moment = moment;
  }

  remainingMs(state: ElectorState, now: Reading): number {
    return remainingOf(this.#claim, state, now);
  }

  /** `sight`: what is known afterwards, which counts for the next time. */
  async tryOnce(
    before: ElectorState,
    ownIsOurs: boolean,
    signal: AbortSignal | undefined,
  ): Promise<{ tried: Tried; sight: Sight }> {
    const { identity, requestMs } = before.settings;
    const call = { timeoutMs: requestMs, ...(signal && { signal }) };
    const found = await this.#look(before, call);
    if ('outcome' in found) return { tried: found, sight: before.sight };
    const state = { ...before, sight: found };
    if (found.record?.holder !== identity) this.#claim = null;
    const { now } = this.#moment();
    const holds = this.remainingMs(state, now) > 0 && found.record?.uid === this.#claim?.term.uid;
    const plan = planOnce(state, this.#moment(), ownIsOurs || holds);
    if (!('verb' in plan)) return { tried: plan, sight: found };
    const sent = this.#moment().now;
    const answer = await this.#api[plan.verb](plan.lease, call);
    if (!answer.ok) return { tried: refused(answer), sight: found };
    this.#claim = claimAfter(answer.value, sent, this.#claim, plan.outcome === 'renewed');
    const us = { identity, policy: state.policy };
    const sight = seeRecord(found, answer.value, { atMs: answer.times.receivedMs }, us) ?? found;
    const remainingMs = this.remainingMs(state, this.#moment().now);
    return { tried: { outcome: plan.outcome, term: this.#claim.term, remainingMs }, sight };
  }

  async #look(
    { settings, sight, policy }: ElectorState,
    call: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<Sight | Tried> {
    const { namespace, name, identity } = settings;
    const askedMs = this.#moment().now.monoMs;
    const answer = await this.#api.get({ namespace, name }, call);
    const look = { atMs: answer.times.receivedMs, askedMs };
    if (answer.ok) return seeRecord(sight, answer.value, look, { identity, policy }) ?? sight;
    return isAbsent(answer.failure) ? (seeAbsence(sight, null, look) ?? sight) : refused(answer);
  }
}

function refused({ failure, mayHaveApplied }: Extract<Answer<LeaseRecord>, { ok: false }>): Tried {
  return failure.kind === 'conflict' ? { outcome: 'conflict' } : { outcome: 'failed', failure, mayHaveApplied };
}
