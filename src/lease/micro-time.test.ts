import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EARLIEST, formatMicroTime, isStrictMicroTime, LATEST, microsToMs, parseMicroTime } from './micro-time.js';

const anyTime = fc.bigInt({ min: EARLIEST, max: LATEST });
const two = (n: number) => String(n).padStart(2, '0');

describe('formatMicroTime and parseMicroTime', () => {
  it('are inverse over the years 0001 to 9999', () => {
    fc.assert(
      fc.property(anyTime, (micros) => {
        const text = formatMicroTime(micros);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
        expect(parseMicroTime(text)).toBe(micros);
      }),
      { numRuns: 2000 },
    );
  });

  it('agree with Date where Date has the precision', () => {
    fc.assert(
      fc.property(anyTime, (micros) => {
        const ms = microsToMs(micros);
        const iso = formatMicroTime(micros);
        expect(`${iso.slice(0, 23)}Z`).toBe(new Date(ms).toISOString());
        expect(parseMicroTime(new Date(ms).toISOString())).toBe(BigInt(ms) * 1000n);
      }),
      { numRuns: 2000 },
    );
  });

  it('keep the order of times', () => {
    fc.assert(
      fc.property(anyTime, anyTime, (a, b) => {
        expect(formatMicroTime(a) < formatMicroTime(b)).toBe(a < b);
      }),
    );
  });

  it.each([
    ['0001-01-01T00:00:00.000000Z', EARLIEST],
    ['1970-01-01T00:00:00.000000Z', 0n],
    ['1969-12-31T23:59:59.999999Z', -1n],
    ['2000-02-29T12:00:00.000001Z', 951_825_600_000_001n],
    ['2100-02-28T00:00:00.000000Z', 4_107_456_000_000_000n],
    ['9999-12-31T23:59:59.999999Z', LATEST],
  ])('%s', (text, micros) => {
    expect(parseMicroTime(text)).toBe(micros);
    expect(formatMicroTime(micros)).toBe(text);
  });

  it('refuses to print what four year digits cannot write', () => {
    expect(() => formatMicroTime(EARLIEST - 1n)).toThrow(RangeError);
    expect(() => formatMicroTime(LATEST + 1n)).toThrow(RangeError);
  });
});

describe('parseMicroTime', () => {
  it('takes offsets: the same instant in another notation', () => {
    const offset = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });
    const inner = fc.bigInt({ min: EARLIEST + 86_400_000_000n, max: LATEST - 86_400_000_000n });
    fc.assert(
      fc.property(inner, offset, (micros, minutes) => {
        const local = formatMicroTime(micros + BigInt(minutes) * 60_000_000n).slice(0, -1);
        const size = Math.abs(minutes);
        const zone = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
        expect(parseMicroTime(local + zone)).toBe(micros);
      }),
    );
  });

  it('cuts fraction digits past the sixth and fills up to it, as Go does', () => {
    expect(parseMicroTime('1970-01-01T00:00:00.1Z')).toBe(100_000n);
    expect(parseMicroTime('1970-01-01T00:00:00.1234569Z')).toBe(123_456n);
    expect(parseMicroTime('1970-01-01T00:00:00.123456999Z')).toBe(123_456n);
    expect(parseMicroTime('1970-01-01T00:00:00,5Z')).toBe(500_000n);
    expect(parseMicroTime('1970-01-01T00:00:01Z')).toBe(1_000_000n);
  });

  it.each([
    '',
    '2026-01-02',
    '2026-02-29T00:00:00.000000Z',
    '1900-02-29T00:00:00.000000Z',
    '2026-04-31T00:00:00.000000Z',
    '2026-06-31T00:00:00.000000Z',
    '2026-09-31T00:00:00.000000Z',
    '2026-11-31T00:00:00.000000Z',
    '2026-13-01T00:00:00.000000Z',
    '2026-00-01T00:00:00.000000Z',
    '2026-01-00T00:00:00.000000Z',
    '2026-01-01T24:00:00.000000Z',
    '2026-01-01T00:60:00.000000Z',
    '2026-01-01T00:00:60.000000Z',
    '2026-01-01t00:00:00.000000Z',
    '2026-01-01T00:00:00.000000z',
    '2026-01-01T00:00:00.000000',
    '2026-01-01T00:00:00.000000+0100',
    '2026-01-01T00:00:00.000000+25:00',
    '2026-01-01T00:00:00.000000+00:61',
    '2026-01-01T00:00:00.1234567890Z',
    '2026-01-01T00:00:00.Z',
    '0000-12-31T23:59:59.999999Z',
    '0001-01-01T00:00:00.000000+00:01',
    '9999-12-31T23:59:59.999999-00:01',
    ' 2026-01-01T00:00:00.000000Z',
    '2026-01-01T00:00:00.000000Z\n',
    '+002026-01-01T00:00:00.000000Z',
  ])('refuses %j', (text) => {
    expect(parseMicroTime(text)).toBeUndefined();
    expect(isStrictMicroTime(text)).toBe(false);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseMicroTime(text)));
  });
});

describe('isStrictMicroTime', () => {
  // Each line was given to Go 1.26: time.Parse("2006-01-02T15:04:05.000000Z07:00", text).
  it.each([
    ['2026-01-02T03:04:05.123456Z', true],
    ['2026-01-02T03:04:05,123456Z', true],
    ['2026-01-02T3:04:05.123456Z', true],
    ['2026-01-02T03:04:05.123456+05:30', true],
    ['2026-01-02T03:04:05.123456-00:00', true],
    ['2026-01-02T03:04:05.123456+24:00', true],
    ['2026-01-02T03:04:05.123456+23:60', true],
    ['2026-01-02T03:04:05.123456+25:00', false],
    ['2026-01-02T03:04:05Z', false],
    ['2026-01-02T03:04:05.123Z', false],
    ['2026-01-02T03:04:05.12345Z', false],
    ['2026-01-02T03:04:05.1234567Z', false],
    ['2026-01-02T03:04:05.123456789Z', false],
    ['2026-01-02T03:4:5.123456Z', false],
    ['2026-1-2T03:04:05.123456Z', false],
  ])('%s: %s', (text, strict) => {
    expect(isStrictMicroTime(text)).toBe(strict);
  });
});

describe('microsToMs', () => {
  it('rounds towards the past', () => {
    expect([1999n, 1000n, 0n, -1n, -1000n, -1001n].map(microsToMs)).toEqual([1, 1, 0, -1, -1, -2]);
  });
});
