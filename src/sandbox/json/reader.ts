/**
 * Reads JSON as Go does where clients can tell: the words of the errors (encoding/json scanner.go), at most 10,000
 * levels, and members that occur twice remembered for field validation. JSON.parse does none of the three.
 */
import { type Json, type JsonObject, NumberLiteral, put } from './value.js';

/** Text that is not JSON; the message is Go's. */
export class JsonSyntaxError extends Error {}

const MAX_DEPTH = 10_000;
const duplicates = new WeakMap<object, string[]>();
const allMembers = new WeakMap<object, [key: string, value: Json][]>();

/** Members in the order of the text; those that occur more than once come as often. */
export function membersOf(object: JsonObject): readonly [key: string, value: Json][] {
  return allMembers.get(object) ?? Object.keys(object).map((key) => [key, object[key] ?? null]);
}

/** Members that occurred more than once in the text this object was read from; the last one counts. */
export function duplicateMembers(object: object): readonly string[] {
  return duplicates.get(object) ?? [];
}

export function readJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value();
  reader.skipSpace();
  if (reader.at < text.length) throw reader.invalid('after top-level value');
  return value;
}

function attach(container: JsonObject | Json[], key: string, value: Json): void {
  if (Array.isArray(container)) {
    container.push(value);
    return;
  }
  if (Object.hasOwn(container, key)) {
    if (!allMembers.has(container)) allMembers.set(container, [...membersOf(container)]);
    duplicates.set(container, [...duplicateMembers(container), key]);
  }
  allMembers.get(container)?.push([key, value]);
  put(container, key, value);
}

class Reader {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  skipSpace(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c === 32 || c === 10 || c === 13 || c === 9) this.at++;
      else return;
    }
  }

  invalid(context: string): JsonSyntaxError {
    if (this.at >= this.text.length) return new JsonSyntaxError('unexpected end of JSON input');
    return new JsonSyntaxError(`invalid character ${quoteByte(this.text, this.at)} ${context}`);
  }

  /** Without recursion: 10,000 levels are more than the stack holds. */
  value(): Json {
    const open: (JsonObject | Json[])[] = [];
    const keys: string[] = [];
    for (;;) {
      this.skipSpace();
      const opened = this.open(open.length);
      if (opened && !this.closes(opened)) {
        open.push(opened);
        keys.push(Array.isArray(opened) ? '' : this.key());
        continue;
      }
      let done: Json = opened ?? this.scalar();
      for (;;) {
        const container = open.at(-1);
        if (!container) return done;
        attach(container, keys.at(-1) ?? '', done);
        this.skipSpace();
        if (this.text[this.at] === ',') {
          this.at++;
          if (!Array.isArray(container)) keys[keys.length - 1] = this.key();
          break;
        }
        if (!this.closes(container)) {
          throw this.invalid(Array.isArray(container) ? 'after array element' : 'after object key:value pair');
        }
        done = container;
        open.pop();
        keys.pop();
      }
    }
  }

  private open(depth: number): JsonObject | Json[] | undefined {
    const c = this.text[this.at];
    if (c !== '{' && c !== '[') return undefined;
    if (depth >= MAX_DEPTH) throw this.invalid('exceeded max depth');
    this.at++;
    return c === '{' ? {} : [];
  }

  private closes(container: JsonObject | Json[]): boolean {
    this.skipSpace();
    const closes = this.text[this.at] === (Array.isArray(container) ? ']' : '}');
    if (closes) this.at++;
    return closes;
  }

  private key(): string {
    this.skipSpace();
    if (this.text[this.at] !== '"') throw this.invalid('looking for beginning of object key string');
    const key = this.string();
    this.skipSpace();
    if (this.text[this.at] !== ':') throw this.invalid('after object key');
    this.at++;
    return key;
  }

  private scalar(): Json {
    const c = this.text[this.at];
    if (c === '"') return this.string();
    if (c === 't') return this.literal('true', true);
    if (c === 'f') return this.literal('false', false);
    if (c === 'n') return this.literal('null', null);
    if (c === '-' || (c !== undefined && c >= '0' && c <= '9')) return this.number();
    throw this.invalid('looking for beginning of value');
  }

  private literal<T extends Json>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      this.at++;
      if (this.text[this.at] !== word[i]) throw this.invalid(`in literal ${word} (expecting '${word[i]}')`);
    }
    this.at++;
    return value;
  }

  private string(): string {
    const start = this.at;
    this.at++;
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c === 34) break;
      if (c === 92) this.escape();
      else if (Number.isNaN(c) || c < 32) throw this.invalid('in string literal');
      else this.at++;
    }
    this.at++;
    const text: string = JSON.parse(this.text.slice(start, this.at));
    return text.isWellFormed() ? text : text.toWellFormed();
  }

  private escape(): void {
    this.at++;
    if (this.text[this.at] !== 'u') {
      if (!'bfnrt\\/"'.includes(this.text[this.at] ?? '?')) throw this.invalid('in string escape code');
      this.at++;
      return;
    }
    this.at++;
    for (let i = 0; i < 4; i++, this.at++) {
      if (!/^[0-9a-fA-F]$/.test(this.text[this.at] ?? '')) throw this.invalid('in \\u hexadecimal character escape');
    }
  }

  private number(): number | NumberLiteral {
    const start = this.at;
    if (this.text[this.at] === '-') {
      this.at++;
      if (!this.isDigit()) throw this.invalid('in numeric literal');
    }
    if (this.text[this.at] === '0') this.at++;
    else this.digits();
    if (this.text[this.at] === '.') {
      this.at++;
      if (!this.isDigit()) throw this.invalid('after decimal point in numeric literal');
      this.digits();
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      this.at++;
      if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++;
      if (!this.isDigit()) throw this.invalid('in exponent of numeric literal');
      this.digits();
    }
    const text = this.text.slice(start, this.at);
    if (text === '-0') return 0;
    const value = Number(text);
    return String(value) === text && Number.isSafeInteger(value) ? value : new NumberLiteral(text);
  }

  private isDigit(): boolean {
    const c = this.text.charCodeAt(this.at);
    return c >= 48 && c <= 57;
  }

  private digits(): void {
    while (this.isDigit()) this.at++;
  }
}

/** Go scans bytes: of a character beyond ASCII it names the first byte of its UTF-8 form. */
function quoteByte(text: string, at: number): string {
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (char === "'") return `'\\''`;
  if (char === '"') return `'"'`;
  const byte = Buffer.from(char)[0] ?? 0;
  return `'${quoteGo(String.fromCharCode(byte)).slice(1, -1)}'`;
}

const NAMED: Record<string, string> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** A string as Go's %q prints it: error messages quote values this way. */
export function quoteGo(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (NAMED[char] !== undefined) out += NAMED[char];
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (isPrint(char)) out += char;
    else if (code < 0x10000) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${out}"`;
}

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space. */
export function isPrint(char: string): boolean {
  return char === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}
