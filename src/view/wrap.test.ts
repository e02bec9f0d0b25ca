import fc from 'fast-check';
import { expect, it } from 'vitest';
import { safe, width } from './safe.js';
import { wrap } from './wrap.js';

it('breaks between words and keeps the indent of lists', () => {
  expect(wrap('short', 10)).toEqual(['short']);
  expect(wrap('  1. fence: hold the Lease as kle/abc', 20)).toEqual([
    '  1. fence: hold the',
    '     Lease as',
    '     kle/abc',
  ]);
  expect(wrap('- never two leaders', 12)).toEqual(['- never two', '  leaders']);
});

it('breaks a word that is wider than the line', () => {
  expect(wrap('abcdefgh ij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  expect(wrap('日本語テキスト', 4)).toEqual(['日本', '語テ', 'キス', 'ト']);
});

it('loses nothing but blanks, and no line is too wide', () => {
  const line = fc.array(fc.oneof(fc.string(), fc.constantFrom(' ', 'word', '日本', '- ')), { maxLength: 20 });
  fc.assert(
    fc.property(line, fc.integer({ min: 2, max: 60 }), (parts, columns) => {
      const text = safe(parts.join(''));
      const lines = wrap(text, columns);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(columns);
    }),
  );
});
