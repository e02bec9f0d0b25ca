import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeaseRecord } from './record.js';
import { mark, OPERATION_ID, type Sample, sampleLease, wallAt } from './testing.js';
import { isFence, judge, type Looks, type Now } from './verdict.js';

const ms = fc.integer({ min: -100_000, max: 100_000 });
const anySample: fc.Arbitrary<Sample> = fc.record({
  holder: fc.constantFrom('a', '', null, `kle/${OPERATION_ID}`),
  renewMs: fc.option(ms),
  stampMs: ms,
  seconds: fc.integer({ min: -1, max: 60 }),
  manager: fc.constantFrom('m', null),
  annotations: fc.constantFrom({}, mark('release', 'fence')),
});
const anyLooks: fc.Arbitrary<Looks | null> = fc
  .option(
    fc.record({
      firstMs: fc.nat(100_000),
      lastMs: fc.nat(100_000),
      changeSeen: fc.boolean(),
      stampFrozen: fc.boolean(),
    }),
  )
  .map((looks) => looks && { ...looks, lastMs: Math.max(looks.firstMs, looks.lastMs) });
const anyNow: fc.Arbitrary<Now> = fc
  .record({ monoMs: fc.integer({ min: 100_000, max: 200_000 }), wallMs: ms, width: fc.nat(2000), known: fc.boolean() })
  .map(({ monoMs, wallMs, width, known }) => ({
    monoMs,
    wall: wallAt(wallMs),
    server: known ? { earliest: wallAt(wallMs), latest: wallAt(wallMs + width) } : undefined,
  }));

const noServer = (atMs: number): Now => ({ monoMs: atMs, wall: wallAt(atMs) });
const withServer = (atMs: number, doubtMs = 0): Now => ({
  monoMs: atMs,
  wall: wallAt(-9e9),
  server: { earliest: wallAt(atMs - doubtMs), latest: wallAt(atMs + doubtMs) },
});
const seenChange = (firstMs: number, lastMs: number): Looks => ({
  firstMs,
  lastMs,
  changeSeen: true,
  stampFrozen: false,
});

describe('judge, for any record, looks and clocks', () => {
  it('calls it held or fenced exactly while something is left of the duration', () => {
    fc.assert(
      fc.property(anySample, anyLooks, anyNow, (sample, looks, now) => {
        const verdict = judge(sampleLease(sample), looks, now);
        const alive = verdict.state === 'held' || verdict.state === 'fenced';
        expect(alive).toBe(verdict.expiresInMs !== null && verdict.expiresInMs > 0);
        expect(verdict.state === 'expired').toBe(verdict.expiresInMs !== null && verdict.expiresInMs <= 0);
        expect(verdict.basis !== null).toBe(verdict.expiresInMs !== null);
      }),
      { numRuns: 1000 },
    );
  });

  it('calls it malformed only where nothing can judge a holder', () => {
    fc.assert(
      fc.property(anySample, anyLooks, anyNow, (sample, looks, now) => {
        const record = sampleLease(sample);
        if (judge(record, looks, now).state !== 'malformed') return;
        const hasDuration = (sample.seconds ?? 0) > 0;
        const hasClock = record.renewTime !== null || (record.renewal !== null && now.server && !looks?.stampFrozen);
        const watched = looks !== null && looks.lastMs - looks.firstMs >= (sample.seconds ?? 0) * 1000;
        expect(record.holder).toBeTruthy();
        expect(hasDuration && (hasClock || watched)).toBeFalsy();
      }),
      { numRuns: 1000 },
    );
  });

  it('does not let a skewed renewTime change what was observed', () => {
    fc.assert(
      fc.property(anySample, ms, anyLooks, anyNow, (sample, renewMs, looks, now) => {
        const verdict = judge(sampleLease(sample), looks, now);
        fc.pre(verdict.basis === 'observed');
        const skewed = judge(sampleLease({ ...sample, renewMs, stampMs: sample.stampMs ?? 0 }), looks, now);
        const { problems: _a, ...expected } = verdict;
        const { problems: _b, ...actual } = skewed;
        expect(actual).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('does not take an annotation for a sign of life', () => {
    fc.assert(
      fc.property(anySample, fc.dictionary(fc.string(), fc.string()), anyLooks, anyNow, (sample, notes, looks, now) => {
        const annotations = { ...notes, ...sample.annotations };
        const verdict = judge(sampleLease({ ...sample, annotations, rv: '2' }), looks, now);
        expect(verdict).toEqual(judge(sampleLease(sample), looks, now));
      }),
    );
  });
});

describe('judge by the server clock', () => {
  it('never calls expired what was renewed less than the duration ago, whatever the holder wrote', () => {
    const doubt = fc.nat(1999);
    fc.assert(
      fc.property(fc.nat(9_999), fc.nat(14_999), doubt, doubt, ms, (renewedMs, ageMs, early, late, renewMs) => {
        const nowMs = renewedMs + ageMs;
        const server = { earliest: wallAt(nowMs - early), latest: wallAt(nowMs + late) };
        const record = sampleLease({ renewMs, stampMs: renewedMs });
        const verdict = judge(record, null, { monoMs: 0, wall: 0n, server });
        expect(verdict).toMatchObject({ state: 'held', basis: 'server-clock' });
        expect(verdict.renewedAgoMs).toBeLessThanOrEqual(ageMs);
      }),
      { numRuns: 1000 },
    );
  });

  it('calls it expired once the stamped second, the duration and the doubt are over', () => {
    const record = sampleLease({ renewMs: 5_500 });
    expect(judge(record, null, withServer(20_999, 0)).state).toBe('held');
    expect(judge(record, null, withServer(21_000, 0)).state).toBe('expired');
    expect(judge(record, null, withServer(21_999, 1000)).state).toBe('held');
    expect(judge(record, null, withServer(22_000, 1000)).state).toBe('expired');
  });

  it('is not used where the stamp is shared, absent or frozen, or the server time unknown', () => {
    const basis = (record: LeaseRecord, looks: Looks | null, now: Now) => judge(record, looks, now).basis;
    const record = sampleLease({ renewMs: 0 });
    const looks = { firstMs: 900, lastMs: 1000, changeSeen: false, stampFrozen: true };
    expect(basis(record, null, withServer(1000))).toBe('server-clock');
    expect(basis(record, looks, withServer(1000))).toBe('writer-clock');
    expect(basis(record, null, noServer(1000))).toBe('writer-clock');
    expect(basis(sampleLease({ manager: null }), null, withServer(1000))).toBe('writer-clock');
    const shared = { ...record, renewal: record.renewal && { ...record.renewal, shared: true } };
    expect(basis(shared, null, withServer(1000))).toBe('writer-clock');
  });
});

describe('judge by observation', () => {
  const record = sampleLease({ renewMs: -1e7, stampMs: -1e7 });

  it('believes a change that it saw over every clock', () => {
    const verdict = judge(record, seenChange(1_000, 4_000), withServer(4_000));
    expect(verdict).toMatchObject({ state: 'held', basis: 'observed', renewedAgoMs: 3_000, expiresInMs: 12_000 });
  });

  it('calls it expired only when it saw it unchanged for the whole duration', () => {
    const fresh = sampleLease({ renewMs: 16_000 });
    const unseen = { ...seenChange(1_000, 16_000), changeSeen: false };
    expect(judge(fresh, unseen, withServer(16_000))).toMatchObject({ state: 'expired', basis: 'observed' });
    const short = { ...seenChange(1_000, 15_999), changeSeen: false };
    expect(judge(fresh, short, withServer(15_999))).toMatchObject({ state: 'held', basis: 'server-clock' });
    const cutOff = seenChange(1_000, 9_000);
    expect(judge(fresh, cutOff, withServer(17_000))).toMatchObject({ state: 'held', basis: 'server-clock' });
  });
});

describe('the age of what was never seen to change', () => {
  const looks = { ...seenChange(1_000, 17_000), changeSeen: false };

  it('is a bound: the time watched, or more where the stamp tells of more', () => {
    const shared = sampleLease({ renewMs: -1e7, manager: null });
    expect(judge(shared, looks, withServer(17_000))).toMatchObject({ renewedAgoMs: 16_000, atLeast: true });
    const stamped = sampleLease({ stampMs: -60_000 });
    expect(judge(stamped, looks, withServer(17_000))).toMatchObject({ renewedAgoMs: 76_000, atLeast: true });
  });

  it('is no bound once a change was seen', () => {
    const seen = judge(sampleLease({ stampMs: -60_000 }), seenChange(1_000, 17_000), withServer(17_000));
    expect(seen).toMatchObject({ state: 'expired', renewedAgoMs: 16_000, atLeast: false });
  });
});

describe('what watching must not invent', () => {
  const watched = { ...seenChange(1_000, 20_000), changeSeen: false };

  it('a renewal of a released Lease: its age is that of the last write', () => {
    const free = sampleLease({ holder: '', seconds: 1, renewMs: -60_000, stampMs: -60_000, manager: null });
    expect(judge(free, watched, withServer(20_000))).toMatchObject({ state: 'released', renewedAgoMs: 80_000 });
  });

  it('a disagreement of clocks once it is settled', () => {
    const skewed = sampleLease({ renewMs: 3_600_000, stampMs: -60_000 });
    const codes = (looks: Looks) => judge(skewed, looks, withServer(20_000)).problems.map(({ code }) => code);
    expect(codes({ ...watched, lastMs: 2_000 })).toContain('renewal-times-disagree');
    expect(codes(watched)).not.toContain('renewal-times-disagree');
  });
});

describe('judge, states', () => {
  it('needs no clock for absent and released', () => {
    expect(judge(null, null, noServer(0))).toMatchObject({ state: 'absent', basis: null, expiresInMs: null });
    for (const holder of ['', null]) {
      expect(judge(sampleLease({ holder }), null, noServer(0))).toMatchObject({ state: 'released', basis: null });
    }
    expect(judge(sampleLease({ spec: { holderIdentity: 7 } }), null, noServer(0)).state).toBe('malformed');
    expect(judge(sampleLease({ seconds: 0 }), null, noServer(0)).state).toBe('malformed');
  });

  it('tells of times in the future, and of clocks that disagree about the holder', () => {
    const ahead = judge(sampleLease({ renewMs: 60_000, stampMs: 0 }), null, withServer(0));
    expect(ahead.problems).toContainEqual({ code: 'time-in-future', field: 'renewTime', byMs: 60_000 });
    const behind = judge(sampleLease({ renewMs: -3_600_000, stampMs: 0 }), null, withServer(1_000));
    expect(behind.problems).toContainEqual({
      code: 'renewal-times-disagree',
      serverClockAgoMs: 0,
      writerClockAgoMs: 3_601_000,
    });
    expect(behind.state).toBe('held');
    expect(judge(sampleLease({ renewMs: 900, stampMs: 900 }), null, withServer(1_000)).problems).toEqual([]);
  });
});

describe('a fence', () => {
  const fence: Sample = { holder: `kle/${OPERATION_ID}`, annotations: mark('release', 'fence') };
  const stateOf = (sample: Sample, atMs = 1_000) => judge(sampleLease(sample), null, noServer(atMs)).state;

  it('is a kle holder with its own mark, until it expires', () => {
    expect(stateOf(fence)).toBe('fenced');
    expect(isFence(sampleLease(fence))).toBe(true);
    expect(stateOf(fence, 15_000)).toBe('expired');
  });

  it.each<[string, Sample]>([
    ['no mark', { holder: fence.holder ?? '' }],
    ['a mark of another operation', { ...fence, annotations: mark('release', 'fence', '0123456789') }],
    ['a steal', { ...fence, annotations: mark('steal', 'fence') }],
    ['a hand-over', { ...fence, annotations: mark('release', 'handover') }],
    ['the mark under another holder', { ...fence, holder: OPERATION_ID }],
  ])('is a holder like any other with %s', (_, sample) => {
    expect(stateOf(sample)).toBe('held');
  });
});
