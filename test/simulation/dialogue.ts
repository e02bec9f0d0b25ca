/** Dialogues with the machine: an input at a time, by a clock moved by hand. L/R/P 15/10/2 s. */

import { initialState, leadsFor, step } from '../../src/elector/machine.js';
import type { Effect, Input } from '../../src/elector/protocol.js';
import { settingsOf } from '../../src/elector/settings.js';
import type { Answer, ApiFailure } from '../../src/lease/api.js';
import { formatMicroTime } from '../../src/lease/micro-time.js';
import { type LeaseObject, type LeaseRecord, readLease } from '../../src/lease/record.js';

const DURATIONS = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 };
export const CONFLICT: ApiFailure = { kind: 'conflict', exists: false, message: 'modified' };
export const EXISTS: ApiFailure = { kind: 'conflict', exists: true, message: 'exists' };
export const TIMEOUT: ApiFailure = { kind: 'timeout', afterMs: 5000, message: 'no answer' };
export const BROKEN: ApiFailure = { kind: 'server', status: 500, retryAfterMs: null, message: 'broken' };
export const GONE: ApiFailure = { kind: 'not-found', resource: 'leases', name: 'l', message: 'gone' };

interface LeaseText {
  holder?: string;
  version?: number;
  renewed?: number;
  uid?: string;
  seconds?: number;
  annotations?: Record<string, string>;
}

export const time = (ms: number) => formatMicroTime(1_790_000_000_000_000n + BigInt(ms) * 1000n);

export function lease({
  holder = 'other',
  version = 1,
  renewed = 0,
  uid = 'u1',
  seconds = 15,
  annotations,
}: LeaseText) {
  return readLease({
    metadata: {
      name: 'l',
      namespace: 'ns',
      uid,
      resourceVersion: String(version),
      ...(annotations && { annotations }),
    },
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: seconds,
      acquireTime: time(renewed),
      renewTime: time(renewed),
      leaseTransitions: 3,
    },
  });
}

/** One elector and its clocks. Each call answers with the effects, timers left out. */
export class Elector {
  state;
  monoMs = 1000;
  suspendedMs = 0;
  /** Of 15 ms of jitter: 3. */
  random = 0.2;

  constructor(given: { identity?: string; madeUp?: boolean } = {}) {
    const { identity = 'me', madeUp = true } = given;
    this.state = initialState(settingsOf({ namespace: 'ns', name: 'l', identity, identityMadeUp: madeUp }, DURATIONS));
  }

  input(input: Input): Exclude<Effect, { type: 'timer' }>[] {
    const now = { monoMs: this.monoMs, bootMs: this.monoMs + this.suspendedMs };
    const serverNow = 1_790_000_000_000_000n + BigInt(Math.round(this.monoMs * 1000));
    const { state, effects } = step(this.state, input, { now, serverNow, random: this.random });
    this.state = state;
    return effects.filter((one): one is Exclude<Effect, { type: 'timer' }> => one.type !== 'timer');
  }

  /** Moves the clock to a timer and fires it. */
  at(purpose: keyof typeof this.state.timers) {
    const atMs = this.state.timers[purpose];
    if (atMs === undefined) throw new Error(`no timer ${purpose} in ${JSON.stringify(this.state.timers)}`);
    this.monoMs = Math.max(this.monoMs, atMs);
    return this.input({ type: 'timer', purpose });
  }

  sees(record: LeaseRecord, type: 'added' | 'modified' | 'deleted' = 'modified') {
    return this.input({ type: 'watch', event: { type, record, atMs: this.monoMs, found: false } });
  }

  synced(version = 1) {
    return this.input({
      type: 'watch',
      event: { type: 'synced', resourceVersion: String(version), atMs: this.monoMs },
    });
  }

  answers(result: LeaseRecord | ApiFailure, mayHaveApplied = false) {
    const times = { sentMs: this.monoMs, receivedMs: this.monoMs };
    const answer: Answer<LeaseRecord> =
      'raw' in result ? { ok: true, value: result, times } : { ok: false, failure: result, mayHaveApplied, times };
    return this.input({ type: 'answer', id: this.state.flight?.id ?? -1, answer });
  }

  /** The server takes the write that is under way. */
  written(effects: Effect[], version: number, uid = 'u1'): LeaseRecord {
    const body = sent(effects);
    return readLease({ ...body, metadata: { ...body.metadata, uid, resourceVersion: String(version) } });
  }

  /** A term that began on an absent Lease with token 7. */
  leads() {
    this.monoMs = 997;
    this.input({ type: 'compete' });
    this.synced();
    const record = this.written(this.at('try'), 7);
    return { record, effects: this.answers(record) };
  }

  get phase() {
    return this.state.phase.name;
  }

  get leadsFor() {
    return leadsFor(this.state, { monoMs: this.monoMs, bootMs: this.monoMs + this.suspendedMs });
  }
}

export function sent(effects: Effect[]): LeaseObject {
  const send = effects.find((one) => one.type === 'send');
  if (send?.type !== 'send' || send.request.verb === 'get')
    throw new Error(`nothing written: ${JSON.stringify(effects)}`);
  return send.request.lease;
}

export const kinds = (effects: Effect[]) =>
  effects.map((one) => (one.type === 'send' ? `send ${one.purpose}` : one.type));

export const fence = (version: number, of: LeaseRecord, id = 'abcdefghij') =>
  lease({
    holder: `kle/${id}`,
    version,
    renewed: version,
    annotations: {
      'kle.dev/operation': JSON.stringify({ id, verb: 'release', phase: 'fence', previous: { spec: of.raw.spec } }),
    },
  });
