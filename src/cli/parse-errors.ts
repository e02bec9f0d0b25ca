import { CLIError } from '@oclif/core/errors';
import { UsageError } from './errors.js';

/** oclif's refusal of a command line as a UsageError in one line; undefined for any other error. */
export function usageErrorOf(error: unknown): UsageError | undefined {
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
  const parsing = /^Parsing (--\S+); (.*)$/.exec(said.join('; '));
  return new UsageError(parsing ? `${parsing[1]}: ${parsing[2]}` : said.join('; '));
}
