/** Colours by meaning. The word is always there too: colour is never the only sign. */
import type { ChalkInstance } from 'chalk';
import type { LeaseState } from '../lease/verdict.js';

export interface Theme {
  state(state: LeaseState, text: string): string;
  faint(text: string): string;
  error(text: string): string;
  warning(text: string): string;
}

const same = (text: string) => text;
export const plainTheme: Theme = { state: (_, text) => text, faint: same, error: same, warning: same };

/** Colours that stay apart for the colour-blind: blue for well, yellow for waiting, red for wrong. */
export function colourTheme(chalk: ChalkInstance): Theme {
  const byState: Record<LeaseState, (text: string) => string> = {
    held: chalk.cyan,
    fenced: chalk.magenta,
    released: chalk.yellow,
    expired: chalk.red,
    absent: chalk.gray,
    malformed: chalk.redBright,
  };
  return {
    state: (state, text) => byState[state](text),
    faint: chalk.gray,
    error: chalk.red,
    warning: chalk.yellow,
  };
}

/** Loads chalk only where colour is wanted: a terminal without NO_COLOR, or FORCE_COLOR. */
export async function themeFor(stream: { isTerminal: boolean }, env: NodeJS.ProcessEnv): Promise<Theme> {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0';
  const refused = (env.NO_COLOR ?? '') !== '' || env.FORCE_COLOR === '0' || env.TERM === 'dumb';
  if (refused || !(forced || stream.isTerminal)) return plainTheme;
  const { Chalk } = await import('chalk');
  return colourTheme(new Chalk({ level: 1 }));
}
