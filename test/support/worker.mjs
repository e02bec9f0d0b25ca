/**
 * Work for `kle acquire`: one line per unit of work, as test/support/worker-log.ts reads it.
 *
 *   node worker.mjs FILE [every=MS] [drain=MS] [ignore-term] [child] [leave] [close-stdio] [quit=CODE] [tell]
 *
 * `drain` works on for that long after TERM; `child` starts another in the same group, and with `leave` this one ends at
 * once; `tell` writes the name of each signal that comes to stdout, and `ready` once it is worth sending one.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [file, ...words] = process.argv.slice(2);
const has = (word) => words.includes(word);
const number = (key) => {
  const word = words.find((each) => each.startsWith(`${key}=`));
  return word === undefined ? undefined : Number(word.slice(key.length + 1));
};
const { KLE_IDENTITY = '?', KLE_FENCING_TOKEN = '-' } = process.env;
const drain = number('drain');

if (has('ignore-term')) process.on('SIGTERM', () => {});
else if (drain !== undefined) process.on('SIGTERM', () => setTimeout(() => process.exit(0), drain));
if (has('tell')) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT']) {
    process.on(signal, () => writeSync(1, `${signal}\n`));
  }
}
if (has('child')) {
  const rest = words.filter((word) => !['child', 'leave', 'tell'].includes(word) && !word.startsWith('quit='));
  spawn(process.execPath, [fileURLToPath(import.meta.url), file, ...rest], { stdio: 'ignore' }).unref();
}
if (has('close-stdio')) for (const fd of [0, 1, 2]) closeSync(fd);

const out = openSync(file, 'a');
const work = () => writeSync(out, `${process.hrtime.bigint()} ${KLE_IDENTITY} ${KLE_FENCING_TOKEN}\n`);
work();
if (has('leave')) process.exit(0);
if (number('quit') !== undefined) process.exit(number('quit'));
setInterval(work, number('every') ?? 10);
if (has('tell')) writeSync(1, 'ready\n');
