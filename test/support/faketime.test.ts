import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { onLines } from './child.js';
import { findFaketime } from './faketime.js';

const faketime = await findFaketime();

/** Answers each line on stdin with its clocks in milliseconds: wall, monotonic. */
const CLOCKS = `process.stdin.on('data', () => console.log(
  Date.now() + " " + Number(process.hrtime.bigint()) / 1e6))`;

test.skipIf(faketime === null)('steps the wall clock of a running process, and no other clock', async () => {
  const wall = await faketime?.clock();
  const env = { ...process.env, ...wall?.env };
  const child = spawn(process.execPath, ['-e', CLOCKS], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: ((line: string) => void)[] = [];
  onLines(child.stdout.setEncoding('utf8'), (line) => lines.shift()?.(line));
  const offBy = async () => {
    const line = new Promise<string>((resolve) => lines.push(resolve));
    child.stdin.write('?\n');
    const [date = 0, monotonic = 0] = (await line).split(' ').map(Number);
    return [date - Date.now(), monotonic - Number(process.hrtime.bigint()) / 1e6];
  };
  try {
    for (const offset of [0, 3_600_000, -10_800_000, 500, 0]) {
      await wall?.step(offset);
      const [wallOff = 0, monotonicOff = 0] = await offBy();
      // Loose: the answer takes a while.
      expect(Math.abs(wallOff - offset)).toBeLessThan(400);
      expect(Math.abs(monotonicOff)).toBeLessThan(400);
    }
  } finally {
    child.kill('SIGKILL');
    await wall?.remove();
  }
});
