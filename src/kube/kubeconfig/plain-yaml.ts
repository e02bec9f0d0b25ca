/**
 * A reader for the YAML that tools write into kubeconfigs: block maps and lists of simple scalars. Loading a whole YAML
 * parser costs more than the request a command makes, so this one takes what it is certain about and leaves the rest.
 * Pure.
 */

type Value = string | boolean | null | Value[] | { [key: string]: Value };

interface Line {
  indent: number;
  text: string;
}

/** Leave it to the YAML parser. */
class NotPlain extends Error {}

const KEY_AND_VALUE = /^([A-Za-z][A-Za-z0-9_./-]*):(?: +(.*))?$/;
/** No space, no `#`, no quote or bracket, no colon at the end; starts so that it can be no number. */
const SCALAR = /^[A-Za-z/](?:[A-Za-z0-9_./+=@:~-]*[A-Za-z0-9_./+=@~-])?$/;
const QUOTED = /^(?:"([ !#-[\]-~]*)"|'([ -&(-~]*)')$/;
/** What YAML 1.1 takes for something else than a string. */
const WORD = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

/** The text as plain data, or undefined when it holds anything beyond the simplest: that says nothing about its worth. */
export function readPlainYaml(text: string): Value | undefined {
  try {
    const lines = split(text);
    const first = lines[0];
    if (!first) return undefined;
    const reader = new Reader(lines);
    const value = reader.block(first.indent);
    return reader.isDone() ? value : undefined;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

function split(text: string): Line[] {
  // A tab, a carriage return, anything beyond ASCII: rare enough to leave.
  if (/[^\n -~]/.test(text)) throw new NotPlain();
  const lines: Line[] = [];
  for (const [number, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd();
    const content = line.trimStart();
    if (content === '' || content.startsWith('#') || (number === 0 && line === '---')) continue;
    lines.push({ indent: line.length - content.length, text: content });
  }
  return lines;
}

class Reader {
  readonly #lines: Line[];
  #at = 0;
  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  isDone(): boolean {
    return this.#at === this.#lines.length;
  }

  block(indent: number): Value {
    return this.#lines[this.#at]?.text.startsWith('- ') ? this.#list(indent) : this.#map(indent);
  }

  #map(indent: number): Value {
    const map: { [key: string]: Value } = {};
    for (let line = this.#line(indent); line && !line.text.startsWith('-'); line = this.#line(indent)) {
      const [, key, value] = KEY_AND_VALUE.exec(line.text) ?? [];
      if (!key || WORD.test(key) || Object.hasOwn(map, key)) throw new NotPlain();
      this.#at++;
      map[key] = value ? this.#scalar(value) : this.#nested(indent);
    }
    return map;
  }

  #list(indent: number): Value {
    const list: Value[] = [];
    for (let line = this.#line(indent); line?.text.startsWith('- '); line = this.#line(indent)) {
      const item = line.text.slice(2).trimStart();
      if (KEY_AND_VALUE.test(item)) {
        // The map starts behind the dash, as if the dash were spaces.
        line.indent += line.text.length - item.length;
        line.text = item;
        list.push(this.#map(line.indent));
      } else {
        this.#at++;
        list.push(this.#scalar(item));
      }
    }
    return list;
  }

  /**
   * The next line if it stands exactly here. What stands deeper without a reason, as a value that goes on does, stops all
   * loops: then `isDone` fails.
   */
  #line(indent: number): Line | null {
    const line = this.#lines[this.#at];
    return line && line.indent === indent ? line : null;
  }

  /** Below `key:`. A list may stand as deep as its key. */
  #nested(indent: number): Value {
    const next = this.#lines[this.#at];
    if (next && next.indent > indent) return this.block(next.indent);
    if (next?.indent === indent && next.text.startsWith('- ')) return this.#list(indent);
    return null;
  }

  #scalar(text: string): Value {
    if (text === 'true' || text === 'false') return text === 'true';
    if (text === '{}') return {};
    if (text === '[]') return [];
    const quoted = QUOTED.exec(text);
    if (quoted) return quoted[1] ?? quoted[2] ?? '';
    if (!SCALAR.test(text) || WORD.test(text)) throw new NotPlain();
    return text;
  }
}
