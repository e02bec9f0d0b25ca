import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cut, safe, safeLines, width } from './safe.js';

const anyText = fc.string({ unit: 'binary' });

it('leaves nothing that a terminal obeys or that hides or turns text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const char of safe(text)) {
        const code = char.codePointAt(0) ?? 0;
        expect(code < 0x20 || (code >= 0x7f && code < 0xa0)).toBe(false);
        expect(code >= 0x202a && code <= 0x202e).toBe(false);
        expect(code >= 0x2066 && code <= 0x2069).toBe(false);
        expect([0x2028, 0x2029, 0x200e, 0x200f, 0x061c, 0xfeff].includes(code)).toBe(false);
      }
    }),
    { numRuns: 2000 },
  );
});

it('changes nothing else', () => {
  for (const text of ['web-7d9f_0c1e', 'größe', '主机', '👩‍🚀'.replace(/\u200d/g, ''), 'a b', '\\n'])
    expect(safe(text)).toBe(text);
});

it('names what it replaced', () => {
  expect(safe('\u001b[31mroot\u001b[0m\r\n')).toBe('\\u{1b}[31mroot\\u{1b}[0m\\u{d}\\u{a}');
  expect(safe('a\u202eb\u009bc\u2028')).toBe('a\\u{202e}b\\u{9b}c\\u{2028}');
  expect(safe('\ud800')).toBe('\\u{d800}');
  expect(safeLines('a\u001b\nb')).toBe('a\\u{1b}\nb');
});

it('cuts to the column', () => {
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('abcd', 4)).toBe('abcd');
  expect(cut('主机名称', 5)).toBe('主机…');
  expect(cut('abc', 0)).toBe('');
  fc.assert(
    fc.property(anyText, fc.nat(40), (text, columns) => {
      expect(width(cut(safe(text), columns))).toBeLessThanOrEqual(columns);
    }),
  );
});
