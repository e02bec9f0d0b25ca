/** The machine as dialogues: an input at a time by a clock moved by hand, and the effects it must have. L/R/P 15/10/2 s. */
import { describe, expect, it } from 'vitest';
import type { Answer, ApiFailure } from '../lease/api.js';
import { formatMicroTime } from '../lease/micro-time.js';
import { type LeaseObject, type LeaseRecord, readLease } from '../lease/record.js';
import { initialState, leadsFor, step } from './machine.js';
import type { Effect, Input } from './protocol.js';
import { settingsOf } from './settings.js';

const DURATIONS = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 };
const CONFLICT: ApiFailure = { kind: 'conflict', exists: false, message: 'modified' };
const TIMEOUT: ApiFailure = { kind: 'timeout', afterMs: 5000, message: 'no answer' };
const BROKEN: ApiFailure = { kind: 'server', status: 500, retryAfterMs: null, message: 'broken' };
const GONE: ApiFailure = { kind: 'not-found', resource: 'leases', name: 'l', message: 'gone' };

interface LeaseText {
  holder?: string;
  version?: number;
  renewed?: number;
  uid?: string;
  seconds?: number;
  annotations?: Record<string, string>;
}

const time = (ms: number) => formatMicroTime(1_790_000_000_000_000n + BigInt(ms) * 1000n);

function lease({ holder = 'other', version = 1, renewed = 0, uid = 'u1', seconds = 15, annotations }: LeaseText) {
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
class Elector {
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

function sent(effects: Effect[]): LeaseObject {
  const send = effects.find((one) => one.type === 'send');
  if (send?.type !== 'send' || send.request.verb === 'get')
    throw new Error(`nothing written: ${JSON.stringify(effects)}`);
  return send.request.lease;
}

const kinds = (effects: Effect[]) => effects.map((one) => (one.type === 'send' ? `send ${one.purpose}` : one.type));

const fence = (version: number, of: LeaseRecord, id = 'abcdefghij') =>
  lease({
    holder: `kle/${id}`,
    version,
    renewed: version,
    annotations: {
      'kle.dev/operation': JSON.stringify({ id, verb: 'release', phase: 'fence', previous: { spec: of.raw.spec } }),
    },
  });

describe('a candidate', () => {
  it('watches, and creates a Lease that nobody was ever seen to hold', () => {
    const me = new Elector();
    expect(me.input({ type: 'compete' })).toEqual([{ type: 'watch', on: true }]);
    me.random = 0.5;
    me.synced();
    expect(me.state.timers.try).toBe(1007.5);
    const effects = me.at('try');
    expect(sent(effects)).toMatchObject({ metadata: { name: 'l', namespace: 'ns' }, spec: { leaseTransitions: 0 } });
    expect(me.answers(me.written(effects, 7))).toContainEqual({
      type: 'elected',
      term: { token: '7', uid: 'u1', transitions: 0 },
    });
  });

  it('S2: waits for the longer of both durations from when it saw the spec, whatever renewTime says', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ renewed: -3_600_000, seconds: 20 }), 'added');
    me.synced();
    expect(me.state.timers).toEqual({ try: 21_003 });
  });

  it('S2: starts anew with each new spec, and not with an annotation', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.synced();
    me.monoMs = 5000;
    me.sees(lease({ version: 2, annotations: { a: 'b' } }));
    expect(me.state.timers).toEqual({ try: 16_003 });
    me.sees(lease({ version: 3, renewed: 4000 }));
    expect(me.state.timers).toEqual({ try: 20_003 });
  });

  it('S3: takes an expired Lease on the version it saw last, with uid, and counts the transition', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.sees(lease({ version: 2, annotations: { kept: 'yes' } }));
    me.synced();
    const body = sent(me.at('try'));
    expect(body.metadata).toMatchObject({ uid: 'u1', resourceVersion: '2', annotations: { kept: 'yes' } });
    expect(body.spec).toMatchObject({ holderIdentity: 'me', leaseDurationSeconds: 15, leaseTransitions: 4 });
  });

  it('L1: takes a free Lease within 15 ms, and lets it be when a winner shows', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.synced();
    me.random = 0.9;
    me.monoMs = 5000;
    me.sees(lease({ version: 2, holder: '', renewed: 5000 }));
    expect(me.state.timers).toEqual({ try: 5013.5 });
    me.monoMs = 5004;
    expect(kinds(me.sees(lease({ version: 3, holder: 'winner', renewed: 5001 })))).toEqual(['holder']);
    expect(me.state.timers).toEqual({ try: 20_017.5 });
  });

  it('L1: goes back to watching after a lost race, without a read', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 2, holder: '' }), 'added');
    me.synced();
    me.at('try');
    expect(me.answers(CONFLICT)).toEqual([]);
    expect(me.phase).toBe('waiting');
    expect(Object.keys(me.state.timers)).toEqual(['look']);
    me.sees(lease({ version: 3, holder: 'winner' }));
    expect(Object.keys(me.state.timers)).toEqual(['try']);
  });

  it('S2: waits after a deletion of what it saw held, and not of what was free', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.synced();
    me.monoMs = 6000;
    me.sees(lease({ version: 2 }), 'deleted');
    expect(me.state.timers).toEqual({ try: 16_003 });
    me.sees(lease({ version: 3, holder: '', uid: 'u2' }), 'added');
    me.sees(lease({ version: 4, holder: '', uid: 'u2' }), 'deleted');
    expect(me.state.timers).toEqual({ try: 6003 });
  });

  it('S2: waits in full when a read finds the Lease gone, since others may have renewed it unseen', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.input({ type: 'watch-ended', failure: null });
    me.monoMs = 10_000;
    me.at('look');
    me.answers(GONE);
    expect(me.state.timers.try).toBe(me.monoMs + 15_003);
  });

  it('S2: adopts a made-up identity at once, and a given one as a stranger', () => {
    for (const [madeUp, tryAt] of [
      [true, 1000],
      [false, 16_003],
    ] as const) {
      const me = new Elector({ madeUp });
      me.input({ type: 'compete' });
      me.sees(lease({ holder: 'me' }), 'added');
      me.synced();
      if (madeUp) expect(me.state.flight?.purpose).toBe('take');
      else expect(me.state.timers.try).toBe(tryAt);
    }
  });

  it('STEP-DOWN: adopts a given identity at once when its own watch saw the hand-over follow the fence', () => {
    const me = new Elector({ madeUp: false });
    me.input({ type: 'compete' });
    me.sees(lease({ version: 1 }), 'added');
    me.synced();
    me.sees(fence(2, lease({ version: 1 })));
    const mark = JSON.stringify({ id: 'abcdefghij', verb: 'release', phase: 'handover' });
    const effects = me.sees(
      lease({
        version: 3,
        holder: 'me',
        renewed: 9,
        annotations: { 'kle.dev/operation': mark, 'kle.dev/stopped': 'x' },
      }),
    );
    expect(kinds(effects)).toEqual(['holder', 'send take']);
    expect(sent(effects).metadata.annotations).toEqual({});
    expect(sent(effects).spec).toMatchObject({ leaseTransitions: 3 });
  });

  it('recognises its own write when the answer is lost, and counts from when that was sent', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.synced();
    const record = me.written(me.at('try'), 7);
    me.monoMs += 3000;
    expect(kinds(me.sees(record, 'added'))).toContain('elected');
    expect(me.leadsFor).toBe(7000);
  });

  it('with a given identity leaves it to the answer while one may come', () => {
    const me = new Elector({ madeUp: false });
    me.input({ type: 'compete' });
    me.synced();
    const record = me.written(me.at('try'), 7);
    expect(kinds(me.sees(record, 'added'))).toEqual(['holder']);
    expect(kinds(me.answers(TIMEOUT, true))).toContain('elected');
  });

  it('polls as client-go does when it may not watch, and says so once', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.random = 0.5;
    expect(kinds(me.input({ type: 'watch-ended', failure: null }))).toEqual(['report', 'send look']);
    me.answers(lease({ version: 1 }));
    expect(me.state.timers.look).toBe(1000 + 2000 * 1.6);
  });

  it('gives back what it won after nobody wanted it any more', () => {
    const me = new Elector();
    me.input({ type: 'compete' });
    me.synced();
    const record = me.written(me.at('try'), 7);
    expect(me.input({ type: 'withdraw' })).toEqual([]);
    const effects = me.answers(record);
    expect(kinds(effects)).toEqual(['holder', 'send release']);
    expect(kinds(me.answers(me.written(effects, 8)))).toEqual(['holder', 'ended', 'watch']);
    expect(me.phase).toBe('resting');
  });
});

describe('a leader', () => {
  it('renews every P, and keeps acquireTime and transitions', () => {
    const me = new Elector();
    const { record } = me.leads();
    me.monoMs = 1010;
    expect(me.state.timers).toEqual({ deadline: 11_000, renew: 3000 });
    const effects = me.at('renew');
    const { acquireTime, leaseTransitions } = record.raw.spec ?? {};
    expect(sent(effects).spec).toMatchObject({ acquireTime, leaseTransitions, renewTime: time(3000) });
    expect(effects).toContainEqual(expect.objectContaining({ deadlineMs: 8000 }));
    me.monoMs = 4500;
    me.answers(me.written(effects, 8));
    expect(me.leadsFor).toBe(8500);
  });

  it('S1: answers no at R by either clock, and an answer that comes then saves nothing', () => {
    const me = new Elector();
    me.leads();
    const renewal = me.at('renew');
    me.monoMs = 10_999;
    expect(me.leadsFor).toBe(1);
    me.monoMs = 11_000;
    expect(me.leadsFor).toBe(0);
    const effects = me.answers(me.written(renewal, 8));
    expect(effects).toContainEqual({ type: 'lost', reason: 'renew-deadline-exceeded' });
    expect(effects).toContainEqual({ type: 'stop-work', byMs: 13_500, kill: false });
    expect(kinds(effects)).not.toContain('send release');
  });

  it('S3: no renewal outlives R', () => {
    const me = new Elector();
    me.leads();
    me.at('renew');
    me.monoMs = 8000;
    expect(me.answers(TIMEOUT, true)).toContainEqual(expect.objectContaining({ purpose: 'renew', deadlineMs: 11_000 }));
  });

  it('S8: woken past the deadline, it kills at once and sends nothing', () => {
    const me = new Elector();
    me.leads();
    me.suspendedMs = 60_000;
    expect(me.leadsFor).toBe(0);
    expect(me.input({ type: 'woken' })).toEqual([
      { type: 'lost', reason: 'paused' },
      { type: 'stop-work', byMs: 1000, kill: true },
    ]);
  });

  it('S8: a suspend counts on the timers too', () => {
    const me = new Elector();
    me.leads();
    me.suspendedMs = 4000;
    me.input({ type: 'woken' });
    expect(me.state.timers.deadline).toBe(7000);
  });

  it('S4: claim, work, release, and the release on the version it knows', () => {
    const me = new Elector();
    me.leads();
    expect(kinds(me.input({ type: 'step-down' }))).toEqual(['lost', 'stop-work']);
    expect(me.phase).toBe('draining');
    const effects = me.input({ type: 'work-stopped' });
    expect(sent(effects)).toMatchObject({
      metadata: { uid: 'u1', resourceVersion: '7' },
      spec: { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 },
    });
    expect(me.answers(me.written(effects, 8))).toContainEqual({ type: 'ended', release: 'freed' });
  });

  it('S4: after a conflict on release it reads, and frees only what is still its own', () => {
    const me = new Elector();
    me.leads();
    me.input({ type: 'step-down' });
    me.input({ type: 'work-stopped' });
    expect(kinds(me.answers(CONFLICT))).toEqual(['send look']);
    const effects = me.answers(lease({ version: 9, holder: 'other' }));
    expect(effects).toContainEqual({ type: 'ended', release: 'not-ours' });
  });

  it('S4: kills work that does not end, and does not release before it has', () => {
    const me = new Elector();
    me.leads();
    me.input({ type: 'step-down' });
    expect(me.at('kill')).toEqual([{ type: 'stop-work', byMs: 3500, kill: true }]);
    me.monoMs = 60_000;
    expect(me.input({ type: 'woken' })).toEqual([]);
    expect(kinds(me.input({ type: 'work-stopped' }))).toEqual(['send release']);
  });

  it('L2: one failure of each kind loses nothing', () => {
    for (const failure of [BROKEN, TIMEOUT, { kind: 'throttled', retryAfterMs: 30_000, message: '' } as ApiFailure]) {
      const me = new Elector();
      me.leads();
      me.at('renew');
      me.monoMs += 100;
      expect(kinds(me.answers(failure, true))).toEqual(['report']);
      expect(me.state.timers.renew).toBeLessThanOrEqual(6000);
      me.answers(me.written(me.at('renew'), 8));
      expect(me.phase).toBe('leading');
    }
  });

  it('L2: after a conflict it reads and renews at once, unless the watch has told already', () => {
    const me = new Elector();
    const { record } = me.leads();
    me.at('renew');
    expect(kinds(me.answers(CONFLICT))).toEqual(['send look']);
    const annotated = readLease({ ...record.raw, metadata: { ...record.raw.metadata, resourceVersion: '8' } });
    const again = me.answers(annotated);
    expect(sent(again).metadata.resourceVersion).toBe('8');
  });

  it('stops for another holder, and for nobody', () => {
    for (const holder of ['other', '']) {
      const me = new Elector();
      me.leads();
      expect(me.sees(lease({ version: 8, holder }))).toContainEqual({ type: 'lost', reason: 'holder-changed' });
    }
  });

  it('tells another process with its own identity from itself', () => {
    const me = new Elector({ madeUp: false });
    me.leads();
    const twin = lease({ version: 8, holder: 'me', renewed: 77 });
    expect(me.sees(twin)).toContainEqual({ type: 'lost', reason: 'holder-changed' });
  });

  it('S2: creates its deleted Lease again at once with its own spec, and has lost if another is there', () => {
    const me = new Elector();
    const { record } = me.leads();
    me.monoMs = 2000;
    const effects = me.sees(lease({ version: 8, holder: 'me' }), 'deleted');
    const { acquireTime } = record.raw.spec ?? {};
    expect(sent(effects)).toMatchObject({ metadata: { name: 'l' }, spec: { acquireTime, leaseTransitions: 0 } });
    expect(kinds(me.answers({ ...CONFLICT, exists: true }))).toEqual(['send look']);
    expect(me.answers(lease({ version: 10, uid: 'u2' }))).toContainEqual({ type: 'lost', reason: 'lease-deleted' });
  });

  it('counts a renewal whose answer was lost once the Lease shows it', () => {
    const me = new Elector();
    me.leads();
    const record = me.written(me.at('renew'), 8);
    me.monoMs = 5000;
    me.sees(record);
    expect(me.leadsFor).toBe(8000);
  });
});

describe('a fence', () => {
  it('L4: work stops, then the notice, and no way back while it is kept and for L after', () => {
    const me = new Elector();
    const { record } = me.leads();
    expect(me.sees(fence(8, record))).toContainEqual({ type: 'lost', reason: 'stepped-down' });
    const effects = me.input({ type: 'work-stopped' });
    expect(sent(effects)).toMatchObject({
      metadata: { resourceVersion: '8', annotations: { 'kle.dev/stopped': 'abcdefghij' } },
    });
    expect(sent(effects).spec).toMatchObject({ holderIdentity: 'kle/abcdefghij' });
    me.input({ type: 'compete' });
    me.answers(me.written(effects, 9));
    me.monoMs = 5000;
    me.sees(lease({ version: 10, holder: '', renewed: 5000 }), 'added');
    me.synced();
    expect(me.phase).toBe('standing-back');
    expect(me.state.timers).toEqual({ 'stand-back': 20_000 });
  });

  it('L4: another holder ends the standing back', () => {
    const me = new Elector();
    const { record } = me.leads();
    me.sees(fence(8, record));
    me.input({ type: 'work-stopped' });
    me.input({ type: 'compete' });
    expect(me.sees(lease({ version: 9, holder: 'next' }))).toContainEqual({ type: 'ended', release: 'not-ours' });
    me.sees(lease({ version: 10, holder: '', renewed: 9 }), 'added');
    expect(me.phase).toBe('waiting');
  });

  it('gets no word from a process whose term it did not replace', () => {
    const me = new Elector();
    me.leads();
    const effects = me.sees(fence(8, lease({ holder: 'other' })));
    expect(effects).toContainEqual({ type: 'lost', reason: 'stepped-down' });
    expect(me.input({ type: 'work-stopped' })).toContainEqual({ type: 'ended', release: 'not-ours' });
  });

  it('is only a holder like any other without its mark', () => {
    const me = new Elector();
    me.leads();
    expect(me.sees(lease({ version: 8, holder: 'kle/abcdefghij' }))).toContainEqual({
      type: 'lost',
      reason: 'holder-changed',
    });
  });
});
