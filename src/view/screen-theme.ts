/** The theme of the live screen: that of all output, and what only a screen needs. */
import { Chalk } from 'chalk';
import { colourTheme, plainTheme, type Theme } from './theme.js';

/** How close a Lease is to its expiry: renewed in time, more than half of its duration ago, or not at all. */
export type Urgency = 'calm' | 'late' | 'expired';

export interface ScreenTheme extends Theme {
  strong(text: string): string;
  /** The row under the cursor. */
  selected(text: string): string;
  urgency(urgency: Urgency, text: string): string;
}

const same = (text: string) => text;

/** Without colour nothing is painted at all: words and marks say the same. */
export function screenTheme(colour: boolean): ScreenTheme {
  if (!colour) return { ...plainTheme, strong: same, selected: same, urgency: (_, text) => text };
  const chalk = new Chalk({ level: 1 });
  const byUrgency: Record<Urgency, (text: string) => string> = {
    calm: chalk.cyan,
    late: chalk.yellow,
    expired: chalk.red,
  };
  return {
    ...colourTheme(chalk),
    strong: chalk.bold,
    selected: chalk.inverse,
    urgency: (urgency, text) => byUrgency[urgency](text),
  };
}
