/** `kle demo` on a pseudo-terminal: what somebody sees who tries kle for the first time. */
import { afterEach, expect, it } from 'vitest';
import { afterwards, shellSession } from '../support/shell-session.js';
import type { TerminalSession } from '../support/terminal.js';

let session: TerminalSession | undefined;
afterEach(() => session?.end());

it('guides to a step-down of a real candidate, and says what to try next', async () => {
  const screen = shellSession('demo', { columns: 80, rows: 24 });
  session = screen;
  await screen.until(/A sandbox in this process: red, green and blue[\s\S]*press r to make the leader step down/);
  await screen.until(/HELD {2}by (red|green|blue)/);
  screen.press('r');
  await screen.until('Go on? [y/N]');
  screen.press('y\r');
  await screen.until(/default\/demo: handed over from \w+ to \w+/);
  screen.press('\u001b');
  await screen.until('press s to take the Lease away');
  await screen.until(/nobody +.*×/);
  screen.press('q');
  const rows = await afterwards(screen);
  expect(rows.join('\n')).toMatch(/^before\nThat was a sandbox[\s\S]*kle sandbox [\s\S]*kle watch -n NAMESPACE LEASE/);
  expect(rows.slice(-3)).toEqual(['exit 0', 'icanon', 'echo']);
});
