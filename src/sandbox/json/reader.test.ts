import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMicroTime, readTime } from './go-time.js';
import { duplicateMembers, quoteGo, readJson } from './reader.js';
import { isObject, NumberLiteral } from './value.js';

const refusal = (read: () => unknown): string => {
  try {
    read();
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('readJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(JSON.parse(JSON.stringify(readJson(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses what JSON.parse refuses, and never anything but a syntax error', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'{}[]",:0123.eE+-tfn\\u \n'.split('')), maxLength: 12 }),
        (text) => {
          const ours = refusal(() => readJson(text)) === 'accepted';
          const theirs = refusal(() => JSON.parse(text)) === 'accepted';
          expect(ours).toBe(theirs);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['', 'unexpected end of JSON input'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['ä', "invalid character 'Ã' looking for beginning of value"],
  ])('refuses %j in the words of Go', (text, message) => {
    expect(refusal(() => readJson(text))).toBe(message);
  });

  it('remembers members that occur twice, and the last one counts', () => {
    const value = readJson('{"a":1,"b":2,"a":3}');
    expect(value).toEqual({ a: 3, b: 2 });
    expect(isObject(value) && duplicateMembers(value)).toEqual(['a']);
  });

  it('keeps the text of numbers that are no plain integers', () => {
    expect(readJson('[15.0,1e1,15]')).toEqual([new NumberLiteral('15.0'), new NumberLiteral('1e1'), 15]);
  });

  it('reads 10,000 levels and gives up on one more', () => {
    expect(refusal(() => readJson('['.repeat(10_000) + ']'.repeat(10_000)))).toBe('accepted');
    expect(refusal(() => readJson('['.repeat(10_001)))).toBe("invalid character '[' exceeded max depth");
  });
});

describe('times', () => {
  it('know a year 0, as Go does', () => {
    expect(readMicroTime('0000-02-29T00:00:00.000000+01:00')).toBe('0000-02-28T23:00:00.000000Z');
    expect(() => readMicroTime('0000-02-30T00:00:00.000000Z')).toThrow(
      'parsing time "0000-02-30T00:00:00.000000Z": day out of range',
    );
  });

  it.each([
    ['2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00.000000Z'],
    ['2026-01-01T02:00:00.123456+02:00', '2026-01-01T00:00:00.123456Z'],
    ['2026-01-01T00:00:00,123456Z', '2026-01-01T00:00:00.123456Z'],
  ])('reads the MicroTime %s', (text, canonical) => {
    expect(readMicroTime(text)).toBe(canonical);
  });

  const layout = '2006-01-02T15:04:05.000000Z07:00';
  it.each([
    ['2026-01-01T00:00:00Z', `as "${layout}": cannot parse "Z" as ".000000"`],
    ['2026-01-01T00:00:00.123Z', `as "${layout}": cannot parse ".123Z" as ".000000"`],
    ['2026-01-01T00:00:00.1234567Z', `as "${layout}": cannot parse "7Z" as "Z07:00"`],
    ['', `as "${layout}": cannot parse "" as "2006"`],
  ])('refuses %j in the words of Go', (text, why) => {
    expect(refusal(() => readMicroTime(text))).toBe(`parsing time ${JSON.stringify(text)} ${why}`);
  });

  it('cuts the fraction of a Time', () => {
    expect(readTime('2026-01-01T00:00:00.9Z')).toBe('2026-01-01T00:00:00Z');
  });
});

describe('quoteGo', () => {
  it('quotes as %q', () => {
    expect(quoteGo('a"b\\c\n\u0001é\u200b')).toBe('"a\\"b\\\\c\\n\\x01é\\u200b"');
  });
});
