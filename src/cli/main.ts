/** Argv in, exit code out. The one place that prints errors and ends the process. */

import { exitAfterFlush } from '../platform/io.js';
import { endWithParent } from '../platform/own-process.js';
import { safe, safeLines } from '../view/safe.js';
import { themeFor } from '../view/theme.js';
import { type FlagShapes, normaliseArgv, verbFirst } from './argv.js';
import type { KleCommandClass } from './base-command.js';
import { type Context, processContext } from './context.js';
import { endingOf, UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { oclifConfig } from './oclif-config.js';
import { type Verb, verbs } from './verbs.js';
import { version } from './version.js';

/** Runs kle with the words after its name. */
export async function main(argv: readonly string[]): Promise<void> {
  endWithParent();
  exitAfterFlush(await run(argv, processContext(run)));
}

async function run(argv: readonly string[], context: Context): Promise<number> {
  try {
    return await dispatch(argv, context);
  } catch (error) {
    return fail(error, context);
  }
}

async function dispatch(argv: readonly string[], context: Context): Promise<number> {
  const [word, ...rest] = await verbAtTheFront(argv);
  if (word === undefined || word === '--help' || word === '-h' || (word === 'help' && rest.length === 0)) {
    const { rootHelp } = await import('./help.js');
    context.io.stdout.write(rootHelp());
    return EXIT.ok;
  }
  if (word === '--version' || word === 'version') {
    context.io.stdout.write(`kle ${version}\n`);
    return EXIT.ok;
  }
  const name = word === 'help' ? (rest[0] ?? '') : word;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined) throw await unknownCommand(name);
  return runVerb(name, verb, word === 'help' ? ['--help'] : rest, context);
}

async function verbAtTheFront(argv: readonly string[]): Promise<readonly string[]> {
  if (!argv[0]?.startsWith('-') || ['--help', '-h', '--version'].includes(argv[0])) return argv;
  const { connectionFlags } = await import('./flags.js');
  return verbFirst(argv, connectionFlags);
}

async function runVerb(name: string, verb: Verb, argv: readonly string[], context: Context): Promise<number> {
  const Class = await verb.load();
  Class.id = name;
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  if (own.includes('--help') || own.includes('-h')) {
    const { verbHelp } = await import('./help.js');
    context.io.stdout.write(await verbHelp(Class));
    return EXIT.ok;
  }
  const before = Class.wordsBeforeCommand === undefined ? undefined : { verb: name, words: Class.wordsBeforeCommand };
  const { words, command } = normaliseArgv(argv, shapes(Class), before);
  const instance = new Class(words, oclifConfig);
  instance.context = context;
  instance.commandWords = command;
  try {
    return await instance.run();
  } catch (error) {
    const { usageErrorOf } = await import('./parse-errors.js');
    throw usageErrorOf(error, `kle ${Class.usage}`) ?? error;
  }
}

const shapes = (Class: KleCommandClass): FlagShapes => ({ ...Class.baseFlags, ...Class.flags });

async function unknownCommand(name: string): Promise<UsageError> {
  const { suggestion } = await import('./suggest.js');
  const similar = suggestion(name, Object.keys(verbs));
  const what = name.startsWith('-')
    ? `unknown flag ${JSON.stringify(name)}`
    : `unknown command ${JSON.stringify(name)}`;
  return new UsageError(what, [
    ...(similar ? [`did you mean \`kle ${similar}\`?`] : []),
    '`kle --help` lists the commands',
  ]);
}

async function fail(error: unknown, context: Context): Promise<ExitCode> {
  const ending = endingOf(error);
  if (ending.message === '') return ending.code;
  const theme = await themeFor(context.io.stderr, context.io.env);
  const lines = [
    `${theme.error('kle: error:')} ${safe(ending.message)}`,
    ...ending.tries.map((line) => `  ${safe(line)}`),
  ];
  if (ending.stack) lines.push(safeLines(ending.stack));
  context.io.stderr.write(`${lines.join('\n')}\n`);
  return ending.code;
}
