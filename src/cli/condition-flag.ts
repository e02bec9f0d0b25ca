/** The values of `--for` and `--until`. */
import type { Condition } from '../operations/wait/conditions.js';
import { parseDuration } from './duration.js';
import { UsageError } from './errors.js';

const ACCEPTED = 'held, released, expired, absent, holder=ID, transition, stable=30s';

/** Throws UsageError with what is accepted. */
export function conditionFlag(flag: string, text: string): Condition {
  const [, name = '', value] = /^([^=]*)(?:=([\s\S]*))?$/.exec(text) ?? [];
  switch (name) {
    case 'held':
    case 'released':
    case 'expired':
    case 'absent':
    case 'transition':
      if (value === undefined) return { type: name };
      throw new UsageError(`--${flag}: ${name} takes no value`, [`one of: ${ACCEPTED}`]);
    case 'holder':
      if (value) return { type: 'holder', holder: value };
      throw new UsageError(`--${flag}: holder needs an identity`, [
        `write --${flag}=holder=ID; for nobody write --${flag}=released`,
      ]);
    case 'stable':
      return { type: 'stable', forMs: stableFor(flag, value) };
    default:
      throw new UsageError(`--${flag}: ${JSON.stringify(text)} is not accepted`, [`one of: ${ACCEPTED}`]);
  }
}

function stableFor(flag: string, value: string | undefined): number {
  const ms = value === undefined ? undefined : parseDuration(value);
  if (ms === undefined || ms <= 0) {
    throw new UsageError(`--${flag}: stable needs a duration above 0`, [`for example --${flag}=stable=30s`]);
  }
  return ms;
}
