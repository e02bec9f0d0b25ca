import fc from 'fast-check';
import { expect, it } from 'vitest';
import { durationFlag, parseDuration } from './duration.js';
import { UsageError } from './errors.js';

it.each([
  ['15s', 15_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['-30s', -30_000],
  ['+1s', 1000],
  ['250ms', 250],
  ['.5s', 500],
  ['1h0m0.5s', 3_600_500],
  ['0', 0],
  ['2us', 0.002],
])('reads %s as %d ms', (text, ms) => {
  expect(parseDuration(text)).toBeCloseTo(ms, 9);
});

it.each(['', '15', '1d', 's', '1m 30s', '--1s', '1e3s', '1s2', 'infinity'])('refuses %j', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

it('tells how to write a bare number', () => {
  try {
    durationFlag('observe', '15');
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).tries).toEqual(['write the unit, for example --observe=15s']);
  }
});

it('refuses what is shorter than the least', () => {
  expect(() => durationFlag('observe', '10ms', 1000)).toThrow('--observe: must be at least 1s');
  expect(durationFlag('observe', '1s', 1000)).toBe(1000);
});

it('adds up its parts', () => {
  const parts = fc.record({ h: fc.nat(99), m: fc.nat(99), s: fc.nat(99), ms: fc.nat(999) });
  fc.assert(
    fc.property(parts, ({ h, m, s, ms }) => {
      expect(parseDuration(`${h}h${m}m${s}s${ms}ms`)).toBe(((h * 60 + m) * 60 + s) * 1000 + ms);
    }),
  );
});
