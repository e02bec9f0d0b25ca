import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  budgetOf,
  DEFAULT_DURATIONS,
  type Durations,
  drainOf,
  refusals,
  renewPeriodOf,
  stopBoundMs,
  stopWaitMs,
  warnings,
} from './timing.js';

const durations = (L: number, R: number, P: number, D?: number): Durations => ({
  leaseDurationMs: L * 1000,
  renewDeadlineMs: R * 1000,
  retryPeriodMs: P * 1000,
  ...(D !== undefined && { drainMs: D * 1000 }),
});
const codes = (given: Durations) => refusals(given).map(({ code }) => code);
const warned = (given: Durations) => warnings(given).map(({ code }) => code);

describe('refusals', () => {
  it.each<[string, Durations, string[]]>([
    ['the defaults', DEFAULT_DURATIONS, []],
    ['P = R', durations(15, 5, 5), ['retry-not-below-deadline']],
    ['P > R', durations(15, 5, 6), ['retry-not-below-deadline']],
    ['R + D + 0.25 = L', durations(15, 10, 2, 4.75), []],
    ['R + D + 0.25 > L by 1 ms', durations(15, 10, 2, 4.751), ['stops-after-lease']],
    ['R = L', durations(15, 15, 2), ['stops-after-lease']],
    ['R > L', durations(15, 16, 2), ['stops-after-lease']],
    ['fractional L', durations(15.5, 10, 2), ['lease-duration-not-whole-seconds']],
    ['no drain at all', durations(15, 10, 2, 0), []],
    ['zero P', durations(15, 10, 0), ['duration-not-positive']],
    ['negative D', durations(15, 10, 2, -1), ['duration-not-positive']],
    [
      'no numbers',
      durations(Number.NaN, Number.POSITIVE_INFINITY, 2),
      ['duration-not-positive', 'duration-not-positive'],
    ],
    ['L past int32', durations(2 ** 31, 10, 2), ['lease-duration-too-long']],
    [
      'everything wrong',
      durations(1.5, 2, 3),
      ['lease-duration-not-whole-seconds', 'retry-not-below-deadline', 'stops-after-lease'],
    ],
  ])('%s', (_, given, expected) => {
    expect(codes(given)).toEqual(expected);
  });

  it('leave only durations whose work has ended within the Lease', () => {
    const ms = fc.integer({ min: 1, max: 120_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), ms, ms, fc.option(fc.nat(60_000)), (seconds, R, P, D) => {
        const given = durations(seconds, R / 1000, P / 1000, D === null ? undefined : D / 1000);
        const { kle } = budgetOf(given);
        const ok = refusals(given).length === 0;
        expect(ok).toBe(P < R && given.renewDeadlineMs + drainOf(given) + 250 <= given.leaseDurationMs);
        if (!ok) return;
        expect(kle?.marginMs).toBeGreaterThanOrEqual(0);
        expect(kle?.toleratedClockRate).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe('warnings', () => {
  it('follow the arithmetic of client-go', () => {
    expect(warned(DEFAULT_DURATIONS)).toEqual([]);
    expect(warned(durations(12, 10, 2))).toEqual(['client-go-overlaps']);
    expect(warned(durations(13, 10, 2))).toEqual([]);
    expect(warnings(durations(15, 14, 10))).toContainEqual({
      code: 'client-go-overlaps',
      stopMs: 24_000,
      leaseDurationMs: 15_000,
      overlapMs: 9_000,
    });
    expect(warned(durations(15, 6, 5))).toEqual(['client-go-refuses']);
    expect(warned(durations(15, 6.001, 5))).toEqual([]);
  });
});

describe('budgetOf', () => {
  it('gives the figures of the defaults', () => {
    expect(budgetOf(DEFAULT_DURATIONS)).toEqual({
      durations: { ...DEFAULT_DURATIONS, drainMs: 2_500 },
      refusals: [],
      warnings: [],
      kle: {
        stopMs: 12_750,
        marginMs: 2_250,
        toleratedClockRate: 14.75 / 12.5,
        toleratedOutageMs: 8_000,
        crashTakeover: { leastMs: 15_000, mostMs: 15_050 },
        handOver: { leastMs: 0, mostMs: 250 },
      },
      // Stop 12 s, margin 3 s, ratio 1.25, crash 23.8 s: research/raft.md, sections 0 and 5.
      clientGo: {
        stopMs: 12_000,
        marginMs: 3_000,
        toleratedClockRate: 1.25,
        toleratedOutageMs: 8_000,
        crashTakeover: { leastMs: 15_000, mostMs: 23_800 },
        handOver: { leastMs: 0, mostMs: 4_400 },
      },
    });
  });

  it('gives the outage that OpenShift publishes for 137/107/26', () => {
    expect(budgetOf(durations(137, 107, 26)).clientGo?.toleratedOutageMs).toBe(78_000);
  });

  it('has no figures for what is no duration', () => {
    const budget = budgetOf(durations(15, 0, 2));
    expect([budget.kle, budget.clientGo, budget.refusals.length, budget.warnings]).toEqual([null, null, 1, []]);
  });
});

describe('drain and stop bound', () => {
  it('halve what L leaves after R, unless given', () => {
    expect(drainOf(DEFAULT_DURATIONS)).toBe(2_500);
    expect(drainOf(durations(15, 10, 2, 1))).toBe(1_000);
    expect(drainOf(durations(15, 16, 2))).toBe(0);
    expect(stopBoundMs(durations(15, 10, 2, 1))).toBe(11_250);
  });
});

describe('stopWaitMs', () => {
  it('is L + 2 renew periods, or P + R + the delay of answers', () => {
    const { leaseDurationMs } = DEFAULT_DURATIONS;
    expect(stopWaitMs({ leaseDurationMs, renewPeriodMs: 2_100 })).toBe(19_200);
    expect(stopWaitMs(DEFAULT_DURATIONS)).toBe(15_000);
    expect(stopWaitMs({ ...DEFAULT_DURATIONS, renewDeadlineMs: 14_000 })).toBe(17_000);
    expect(stopWaitMs({ ...DEFAULT_DURATIONS, answerDelayMs: 500 })).toBe(12_500);
  });

  it('covers every elector of the model at 15/10/2 and 15/14/10 (research/model.md)', () => {
    for (const [R, P] of [
      [10, 2],
      [14, 10],
    ] as const) {
      const needed = P + Math.ceil(R / P) * P;
      expect(stopWaitMs({ leaseDurationMs: 15_000, renewPeriodMs: P * 1000 })).toBeGreaterThanOrEqual(needed * 1000);
    }
  });

  it('takes a measured period up to the next tenth of a second', () => {
    expect([2_000, 2_000.1, 2_099, 0].map(renewPeriodOf)).toEqual([2_000, 2_100, 2_100, 0]);
  });
});
