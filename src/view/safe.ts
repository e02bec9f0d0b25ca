/** Text from outside (holders, annotations, server messages) made harmless for a terminal. */
import { eastAsianWidth } from 'get-east-asian-width';

// C0, DEL, C1; then bidi controls, line separators, zero-width and tag characters, which reorder or hide what is shown;
// then lone surrogates.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

/** Nearly all text is this, and it needs no further look: a list of thousands of Leases is judged by it. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Control, bidi and line-separator characters as `\u{…}`; the rest unchanged. Never longer than one line. */
export function safe(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text.replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** `safe`, for several lines of text: line feeds stay, each line is made safe. */
export function safeLines(text: string): string {
  return text.split('\n').map(safe).join('\n');
}

/** How many terminal columns safe text takes: wide East Asian characters and emoji two, combining marks none. */
export function width(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let columns = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    columns += code < 0x300 ? 1 : columnsOf(char, code);
  }
  return columns;
}

/** Text cut to at most `columns` columns, the last one an ellipsis where something is missing. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let out = '';
  let used = 0;
  for (const char of text) {
    used += width(char);
    if (used > columns - 1) break;
    out += char;
  }
  return columns > 0 ? `${out}…` : '';
}

function columnsOf(char: string, code: number): number {
  return /\p{Mark}/u.test(char) ? 0 : eastAsianWidth(code);
}
