/** kle started from a shell on a pseudo-terminal, as a user does: what is on the screen before, while, and after. */
import { execFileSync } from 'node:child_process';
import { bin } from './kle.js';
import { TerminalSession } from './terminal.js';

export interface ShellOptions {
  columns?: number;
  rows?: number;
  env?: NodeJS.ProcessEnv;
}

/** After kle the shell says how it ended and whether the terminal takes lines again. */
export function shellSession(words: string, { columns = 100, rows = 24, env = {} }: ShellOptions = {}) {
  const script = `echo before; '${process.execPath}' '${bin}' ${words}; echo "exit $?"; stty -a | grep -o ' -\\?icanon\\| -\\?echo '`;
  return new TerminalSession(script, { columns, rows, env: env as Record<string, string> });
}

/** What stands on the terminal when kle has gone: all of it, so that nothing is left of the screen. */
export async function afterwards(session: TerminalSession): Promise<string[]> {
  await session.exited;
  const rows = session.rows().map((row) => row.trim());
  if (session.isAlternate) rows.unshift('the alternate screen is still on');
  if (session.isCursorHidden) rows.unshift('the cursor is hidden');
  return rows.filter(Boolean);
}

/** A signal for kle itself, which is a child of the shell. */
export function signalKle(session: TerminalSession, signal: NodeJS.Signals): void {
  const pid = execFileSync('pgrep', ['-P', String(session.pid), '-f', 'kle.js'])
    .toString()
    .trim();
  process.kill(Number(pid), signal);
}
