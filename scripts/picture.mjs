/**
 * Draws docs/watch.svg, the picture that the README opens with: the real `kle demo` on a pseudo-terminal, in which the leader
 * is killed, and then `r` makes the next one step down.
 *
 *   npm run picture
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { svgOf } from './terminal-svg.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [COLUMNS, ROWS] = [100, 31];
const WAIT_MS = 60_000;

const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
const { NO_COLOR: _, ...env } = process.env;
const kle = spawn(process.execPath, [join(root, 'bin/kle.js'), 'demo'], {
  cols: COLUMNS,
  rows: ROWS,
  env: { ...env, TERM: 'xterm-256color' },
  name: 'xterm-256color',
});
let look = () => {};
kle.onData((text) => terminal.write(text, () => look()));
const exited = new Promise((resolve) => kle.onExit(resolve));

const text = () =>
  Array.from({ length: ROWS }, (_, row) => terminal.buffer.active.getLine(row)?.translateToString(true) ?? '').join(
    '\n',
  );

/** Once the screen is so. */
function until(pattern) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not seen: ${pattern}\n${text()}`)), WAIT_MS);
    look = () => {
      if (!pattern.test(text())) return;
      clearTimeout(late);
      look = () => {};
      resolve();
    };
    look();
  });
}

/** Something is to be seen of each term: they are told in seconds of the Lease's own time. */
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const leader = () => /HELD {2}by (\w+)/.exec(text())?.[1];

/** A signal for the candidate of that name, a child of kle. */
function signal(identity, name) {
  const pid = execFileSync('pgrep', ['-P', String(kle.pid), '-f', `identity=${identity} `])
    .toString()
    .trim();
  process.kill(Number(pid), name);
}

try {
  await until(/HELD {2}by/);
  await pause(16);
  // It dies, and its standbys are away for a while: a gap that is long enough to be seen.
  const first = leader();
  const others = ['red', 'green', 'blue'].filter((name) => name !== first);
  for (const name of others) signal(name, 'SIGSTOP');
  signal(first, 'SIGKILL');
  await until(/expired +\w+ +not renewed/);
  await pause(4);
  for (const name of others) signal(name, 'SIGCONT');
  await until(/acquired +\w+ +from/);
  await pause(14);
  kle.write('r');
  await until(/Go on\? \[y\/N\]/);
  kle.write('y\r');
  await until(/handed over from \w+ to \w+/);
  await pause(6);
  writeFileSync(
    join(root, 'docs/watch.svg'),
    svgOf(terminal, 'kle demo: who leads, how long, and what a hand-over costs'),
  );
} finally {
  kle.write('q');
  await exited;
}
