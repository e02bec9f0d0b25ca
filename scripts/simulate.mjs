#!/usr/bin/env node
/**
 * The long run of the elector's simulation: `node scripts/simulate.mjs --runs 1000000 [--seed S] [--jobs N]`.
 * Schedules S to S + runs − 1, in several processes. `--trace S` shows one schedule event by event.
 * Interrupted, it reports what has been run so far. Exits 1 when a promise was broken, with the command that shows it again.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const BATCH = 500;
const ENOUGH_FAILURES = 20;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'string' },
  },
});

if (process.send) await work();
else if (values.trace !== undefined) await trace(whole('trace'));
else process.exitCode = await direct(whole('seed'), whole('runs'), whole('jobs'));

function whole(name) {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} needs a whole number, not ${values[name]}`);
  process.exit(2);
}

/** The simulation is TypeScript: bundled once, so that every process starts at once and runs plain JavaScript. */
async function bundle(folder) {
  const { build } = await import('esbuild');
  const outfile = join(folder, 'simulation.mjs');
  const entry = fileURLToPath(new URL('../test/simulation/run.ts', import.meta.url));
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'warning' });
  return outfile;
}

async function withBundle(use) {
  const folder = mkdtempSync(join(tmpdir(), 'kle-simulate-'));
  try {
    return await use(await bundle(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function direct(first, runs, jobs) {
  return withBundle(async (file) => {
    const startedMs = performance.now();
    const total = { schedules: 0, failed: [], terms: 0, steps: 0, virtualMs: 0 };
    let next = first;
    let interrupted = false;
    process.once('SIGINT', () => {
      interrupted = true;
    });
    await Promise.all(Array.from({ length: Math.max(1, jobs) }, () => child(file, give, take)));
    report(total, first, performance.now() - startedMs);
    return total.failed.length > 0 ? 1 : 0;

    function give() {
      const count = Math.min(BATCH, first + runs - next);
      if (interrupted || count <= 0 || total.failed.length >= ENOUGH_FAILURES) return null;
      next += count;
      return { first: next - count, count };
    }

    function take(summary) {
      for (const key of ['schedules', 'terms', 'steps', 'virtualMs']) total[key] += summary[key];
      for (const one of summary.failed) {
        total.failed.push(one);
        console.log(`seed ${one.seed}: ${one.violations[0]}\n  node scripts/simulate.mjs --trace ${one.seed}`);
      }
      if (process.stderr.isTTY) process.stderr.write(`\r${total.schedules} of ${runs} `);
    }
  });
}

function child(file, give, take) {
  return new Promise((resolve, reject) => {
    const worker = fork(fileURLToPath(import.meta.url), [], { env: { ...process.env, KLE_SIMULATION: file } });
    const feed = () => {
      const work = give();
      if (work) worker.send(work);
      else worker.disconnect();
    };
    worker.on('message', (summary) => {
      take(summary);
      feed();
    });
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a simulation process ended with ${code}`)),
    );
    feed();
  });
}

async function work() {
  // The parent ends us when its work is done.
  process.on('SIGINT', () => {});
  const { runMany } = await import(pathToFileURL(process.env.KLE_SIMULATION).href);
  process.on('message', ({ first, count }) => {
    const summary = runMany(first, count);
    const failed = summary.failed.map(({ seed, violations }) => ({ seed, violations }));
    // Whoever started us may be gone.
    if (process.connected) process.send({ ...summary, failed }, () => {});
  });
}

function trace(seed) {
  return withBundle(async (file) => {
    const { runSeed, drawSchedule } = await import(pathToFileURL(file).href);
    const lines = [];
    const { violations } = runSeed(seed, {}, lines);
    console.log(JSON.stringify(drawSchedule(seed), null, 1));
    for (const line of lines) console.log(line);
    console.log(violations.length > 0 ? violations.join('\n') : 'every promise was kept');
    if (violations.length > 0) process.exitCode = 1;
  });
}

function report({ schedules, failed, terms, steps, virtualMs }, first, tookMs) {
  const seconds = (tookMs / 1000).toFixed(1);
  const hours = (virtualMs / 3_600_000).toFixed(1);
  console.log(
    `${schedules} schedules from seed ${first}: ${terms} terms, ${steps} events, ${hours} hours of cluster time in ` +
      `${seconds} s; ${failed.length === 0 ? 'every promise was kept' : `${failed.length} broke a promise`}`,
  );
}
