import { CLIError } from '@oclif/core/errors';
import { UsageError } from './errors.js';

/** oclif's refusal of a command line as a UsageError in one line; undefined for any other error. `usage`: the verb's. */
export function usageErrorOf(error: unknown, usage: string): UsageError | undefined {
  if (!(error instanceof CLIError)) return undefined;
  const lines = error.message.split('\n').map((line) => line.trim());
  const said = lines.filter(
    (line) => line !== '' && !line.startsWith('See more help') && !line.startsWith('The following'),
  );
  const expected = /^Expected (--[^=]+)=([\s\S]*) to be one of: (.*)$/.exec(said.join(' '));
  if (expected) {
    const [, flag = '', value = '', accepted = ''] = expected;
    return new UsageError(`${flag}: ${JSON.stringify(value)} is not accepted`, [`one of: ${accepted}`]);
  }
  const missing = /^Missing \d+ required args?:\n\s*(\S+)/.exec(error.message);
  if (missing) return new UsageError(`${missing[1]?.toUpperCase()} is missing`, [usage]);
  const parsing = /^Parsing (--\S+); (.*)$/.exec(said.join('; '));
  return new UsageError(parsing ? `${parsing[1]}: ${parsing[2]}` : said.join('; '));
}
