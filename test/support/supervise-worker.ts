/**
 * Work for tests: writes `NAME NANOSECONDS` (CLOCK_MONOTONIC) to a file or stdout every millisecond until it is ended.
 *
 *   node worker.js [name=NAME] [file=PATH] [ignore-term] [child=NAME] [leave] [close-stdio] [quit=MS] [drain=MS]
 *
 * `child` starts another worker in the same group, `leave` then ends this one at once; `drain` takes that long after TERM.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';

const words = process.argv.slice(2);
const setting = (key: string) => words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
const name = setting('name') ?? 'work';
const file = setting('file');
const out = file ? openSync(file, 'a') : 1;
const write = (word: string) => writeSync(out, `${word} ${process.hrtime.bigint()}\n`);

if (words.includes('ignore-term')) process.on('SIGTERM', () => write(`${name}-term`));
const drain = setting('drain');
if (drain) process.on('SIGTERM', () => setTimeout(() => process.exit(0), Number(drain)));
if (words.includes('show-signals')) {
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const) {
    process.on(signal, () => write(signal));
  }
}
const child = setting('child');
if (child) {
  const rest = words.filter((word) => word === 'ignore-term' || word.startsWith('file=') || word === 'close-stdio');
  const other = spawn(process.execPath, [process.argv[1] ?? '', `name=${child}`, ...rest], { stdio: 'inherit' });
  other.unref();
}
if (words.includes('close-stdio')) for (const fd of [0, 1, 2]) closeSync(fd);
write(`${name}-pid-${process.pid}-${process.env.KLE_LEASE}`);
setInterval(() => write(name), 1);
if (words.includes('leave')) process.exit(7);
const quit = setting('quit');
if (quit) setTimeout(() => process.exit(3), Number(quit));
