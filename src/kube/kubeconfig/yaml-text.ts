/** YAML as kubectl reads it, and where in the text a value stands. Loaded only when a file asks for it. */
import {
  type DocumentOptions,
  isAlias,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  type Node,
  type ParseOptions,
  parseDocument,
  type SchemaOptions,
} from 'yaml';
import { ConnectError } from '../http/connection.js';

export type Path = readonly (string | number)[];

/**
 * kubectl's parser (goyaml v2) is YAML 1.1 with merge keys, lets a repeated key win last, and has neither base-60
 * numbers nor dates: `2020-01-01` and `1:30` are strings.
 */
const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  merge: true,
  uniqueKeys: false,
  // The pretty form quotes the line, and lines of a kubeconfig hold secrets.
  prettyErrors: false,
  customTags: (tags) =>
    tags.filter((tag) => {
      if (typeof tag === 'string') return tag !== 'timestamp' && !tag.endsWith('Time');
      return tag.tag !== 'tag:yaml.org,2002:timestamp' && tag.format !== 'TIME';
    }),
};

/** The parser's own messages may quote the text, so each kind has words of ours. */
const PROBLEMS: Record<string, string> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag',
  BAD_ALIAS: 'a malformed alias',
  BAD_DIRECTIVE: 'a malformed % directive',
  BAD_DQ_ESCAPE: 'a malformed escape in a double-quoted string',
  BAD_INDENT: 'wrong indentation',
  BAD_SCALAR_START: 'a value cannot start with this character',
  BLOCK_AS_IMPLICIT_KEY: 'a nested map on the same line',
  BLOCK_IN_FLOW: 'a block inside { } or [ ]',
  KEY_OVER_1024_CHARS: 'a key that is too long (a missing colon?)',
  MISSING_CHAR: 'a character is missing: a closing quote, bracket, brace, comma or colon',
  MULTILINE_IMPLICIT_KEY: 'a key that spans lines (a missing colon or quote?)',
  TAB_AS_INDENT: 'a tab as indentation: YAML wants spaces',
  UNEXPECTED_TOKEN: 'something unexpected',
};

/** The first document as plain data. Throws ConnectError `file:line:column: what`. */
export function parseYaml(text: string, file: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...OPTIONS, lineCounter });
  const [error] = document.errors.filter(({ code }) => code !== 'MULTIPLE_DOCS');
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw new ConnectError(`${file}:${line}:${col}: this is not YAML: ${PROBLEMS[error.code] ?? error.code}`);
  }
  try {
    return document.toJS();
  } catch {
    throw new ConnectError(`${file}:1:1: this is not YAML: an alias without its anchor, or too many aliases`);
  }
}

/** Where the value at `path` starts, else the nearest thing around it. */
export function positionOf(text: string, path: Path): { line: number; column: number } {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...OPTIONS, lineCounter });
  const follow = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  let node: Node | null = document.contents;
  for (const step of path) {
    const parent = follow(node);
    const child: unknown = isMap(parent) || isSeq(parent) ? parent.get(step, true) : undefined;
    if (!isNode(child)) break;
    node = child;
  }
  const { line, col } = lineCounter.linePos(node?.range?.[0] ?? 0);
  return { line: line || 1, column: col || 1 };
}
