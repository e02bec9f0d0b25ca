/**
 * The command line, brought into the one form oclif reads right. oclif 4 takes `--yes=false` for yes and forgets where
 * `--` stood, so both are settled here, before it sees anything.
 */
import { UsageError } from './errors.js';
import { suggestion } from './suggest.js';

export interface Argv {
  /** For oclif: no `--`, no `--boolean=value`, no short flags. */
  words: string[];
  /** What stood after the first `--`; undefined when there was none. Never a Lease. */
  command: string[] | undefined;
}

export interface FlagShape {
  type: 'boolean' | 'option';
  char?: string | undefined;
  /** It is on unless it is refused: `--name=false` and `--no-name` reach oclif as `--no-name`. */
  allowNo?: boolean | undefined;
}
export type FlagShapes = Readonly<Record<string, FlagShape>>;

/** Of a verb that runs a CMD: what stands before it. */
export interface BeforeCommand {
  verb: string;
  /** How many words that are no flags. */
  words: number;
}

/**
 * `flags`: the flags of the command that will run, by name. Throws UsageError on a flag that it does not have, and on a
 * CMD without its `--`.
 */
export function normaliseArgv(argv: readonly string[], flags: FlagShapes, before?: BeforeCommand): Argv {
  const end = argv.indexOf('--');
  const rest = [...(end === -1 ? argv : argv.slice(0, end))];
  const words: string[] = [];
  let plain = 0;
  const booleans = new Map<string, boolean>();
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const found = /^-[^-]/.test(word) ? shortFlag(word, flags, rest) : longFlag(word, flags);
    if (found === undefined) {
      if (word.startsWith('-') && word !== '-') throw unknownFlag(word, flags);
      plain += 1;
      if (end === -1 && before && plain > before.words) throw commandWithoutDashes(before.verb, argv, [word, ...rest]);
      words.push(word);
    } else if (flags[found.name]?.type === 'boolean') {
      // The last one wins, as in kubectl.
      booleans.set(found.name, booleanValue(found.name, found.value));
    } else {
      // The next word is the value whatever it looks like: a duration may begin with a minus.
      const value = found.value ?? rest.shift();
      if (value === undefined) throw new UsageError(`flag needs a value: --${found.name}`);
      words.push(`--${found.name}=${value}`);
    }
  }
  for (const [name, on] of booleans) {
    if (on) words.push(`--${name}`);
    else if (flags[name]?.allowNo) words.push(`--no-${name}`);
  }
  return { words, command: end === -1 ? undefined : argv.slice(end + 1) };
}

/** `kle -n ns status` is `kle status -n ns`: moves flags that stand before the verb behind it, as kubectl allows. */
export function verbFirst(argv: readonly string[], flags: FlagShapes): string[] {
  let at = 0;
  while (at < argv.length && /^-[^-]|^--./.test(argv[at] ?? '')) {
    const word = argv[at] ?? '';
    const rest = [''];
    const found = word.startsWith('--') ? longFlag(word, flags) : shortFlag(word, flags, rest);
    if (found === undefined) throw unknownFlag(word, flags);
    const takesNext = flags[found.name]?.type === 'option' && found.value === undefined;
    at += takesNext ? 2 : 1;
  }
  const verb = argv[at];
  return verb === undefined ? [...argv] : [verb, ...argv.slice(0, at), ...argv.slice(at + 1)];
}

interface Found {
  name: string;
  /** What stood in the same word, if anything. */
  value: string | undefined;
}

function longFlag(word: string, flags: FlagShapes): Found | undefined {
  const match = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word);
  const name = match?.[1];
  if (name === undefined) return undefined;
  if (Object.hasOwn(flags, name)) return { name, value: match?.[2] };
  const positive = /^no-(.*)$/.exec(name)?.[1];
  const refusable = positive !== undefined && Object.hasOwn(flags, positive) && flags[positive]?.allowNo;
  return refusable && match?.[2] === undefined ? { name: positive, value: 'false' } : undefined;
}

/** `-n ns`, `-nns`, `-n=ns`, and booleans in one word with others (`-Ao wide`), whose rest goes back into `rest`. */
function shortFlag(word: string, flags: FlagShapes, rest: string[]): Found | undefined {
  const name = Object.keys(flags).find((flag) => flags[flag]?.char === word[1]);
  if (name === undefined) return undefined;
  const tail = word.slice(2);
  if (tail === '') return { name, value: undefined };
  if (tail.startsWith('=')) return { name, value: tail.slice(1) };
  if (flags[name]?.type === 'option') return { name, value: tail };
  rest.unshift(`-${tail}`);
  return { name, value: undefined };
}

function commandWithoutDashes(verb: string, argv: readonly string[], command: readonly string[]): UsageError {
  const written = ['kle', verb, ...argv.slice(0, argv.length - command.length), '--', ...command];
  return new UsageError(`unexpected word: ${command[0]}`, [`a command stands after --: ${written.join(' ')}`]);
}

function unknownFlag(word: string, flags: FlagShapes): UsageError {
  const name = /^--([^=]+)/.exec(word)?.[1];
  const similar = name === undefined ? undefined : suggestion(name, Object.keys(flags));
  return new UsageError(`unknown flag: ${name === undefined ? word.slice(0, 2) : `--${name}`}`, [
    ...(similar ? [`did you mean --${similar}?`] : []),
    'add --help to see the flags of this command',
  ]);
}

function booleanValue(name: string, value: string | undefined): boolean {
  if (value === undefined || value === 'true') return true;
  if (value === 'false') return false;
  throw new UsageError(`--${name}: ${JSON.stringify(value)} is neither true nor false`, [
    `write --${name}=true or --${name}=false`,
  ]);
}
