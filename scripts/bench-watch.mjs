/**
 * Measures the screen of `kle watch -A` on a pseudo-terminal while thousands of Leases are renewed: first frame, CPU,
 * memory, bytes, and how soon a key is answered.
 *
 *   npm run bench                                      among the others, one minute of it
 *   node scripts/bench-watch.mjs --seconds 600         ten minutes
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { spawn as spawnOnTerminal } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { median, quantile, writeSection } from './bench-results.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const SECONDS = option('seconds', 60);
const LEASES = option('leases', 5000);
const RATE = option('rate', 500);
const STARTS = option('starts', 11);
const [COLUMNS, ROWS] = [120, 40];
/** Memory before that is that of starting. */
const SETTLING_S = 20;
const KEY_EVERY_MS = 2_000;
const TICKS_PER_SECOND = 100;

const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;

function startServer() {
  const words = [join(root, 'scripts/bench-watch-server.mjs'), String(LEASES), String(RATE)];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the stand-in for a server ended with ${code}`)));
    createInterface({ input: child.stdout }).once('line', (kubeconfig) =>
      resolve({
        kubeconfig,
        stop: () => {
          child.removeAllListeners('exit');
          child.stdin.end();
        },
      }),
    );
  });
}

/** kle on a terminal of its own, with what it shows. */
class Screen {
  bytes = 0;
  begun = performance.now();
  #terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true, scrollback: 0 });
  #look = () => {};

  constructor(kubeconfig, words = ['watch', '-A']) {
    const env = { ...inherited, KUBECONFIG: kubeconfig, TERM: 'xterm-256color' };
    this.pty = spawnOnTerminal(process.execPath, [join(root, 'bin/kle.js'), ...words], {
      cols: COLUMNS,
      rows: ROWS,
      env,
      name: env.TERM,
    });
    this.exited = new Promise((resolve) => this.pty.onExit(resolve));
    this.pty.onData((text) => {
      this.bytes += Buffer.byteLength(text);
      this.#terminal.write(text, () => this.#look());
    });
  }

  row(n) {
    return this.#terminal.buffer.active.getLine(n)?.translateToString(true) ?? '';
  }

  rows() {
    return Array.from({ length: ROWS }, (_, n) => this.row(n));
  }

  /** Milliseconds from now until the screen is so. */
  until(isSo) {
    const from = performance.now();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not seen:\n${this.rows().join('\n')}`)), 60_000);
      this.#look = () => {
        if (!isSo()) return;
        clearTimeout(late);
        this.#look = () => {};
        resolve(performance.now() - from);
      };
      this.#look();
    });
  }

  async quit() {
    this.pty.write('q');
    await this.exited;
    this.#terminal.dispose();
  }

  cpuMs() {
    const fields = readFileSync(`/proc/${this.pty.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1000;
  }

  rssMib() {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pty.pid}/status`, 'utf8'))[1]) / 1024;
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const mib = (n) => `${n.toFixed(0)} MiB`;
const showsHelp = (screen) => screen.row(1).startsWith('KEYS');

async function starts(kubeconfig) {
  const first = [];
  const whole = [];
  for (let i = -1; i < STARTS; i++) {
    const screen = new Screen(kubeconfig);
    await screen.until(() => screen.row(0).startsWith('Leases in'));
    const firstMs = performance.now() - screen.begun;
    await screen.until(() => screen.row(ROWS - 1).includes(`${LEASES} Leases`));
    const wholeMs = performance.now() - screen.begun;
    await screen.quit();
    if (i >= 0) {
      first.push(firstMs);
      whole.push(wholeMs);
    }
  }
  return { first, whole };
}

async function load(kubeconfig) {
  const screen = new Screen(kubeconfig);
  await screen.until(() => screen.row(ROWS - 1).includes(`${LEASES} Leases`));
  await sleep(SETTLING_S * 1000);
  const [cpuMs, bytes, begun] = [screen.cpuMs(), screen.bytes, performance.now()];
  const memory = [];
  const keys = [];
  while (performance.now() - begun < SECONDS * 1000) {
    await sleep(KEY_EVERY_MS);
    for (const shown of [true, false]) {
      screen.pty.write('?');
      keys.push(await screen.until(() => showsHelp(screen) === shown));
    }
    memory.push(screen.rssMib());
  }
  const seconds = (performance.now() - begun) / 1000;
  const result = {
    cpu: (screen.cpuMs() - cpuMs) / seconds / 10,
    bytes: (screen.bytes - bytes) / seconds,
    memory,
    keys,
    seconds,
  };
  await screen.quit();
  return result;
}

const server = await startServer();
try {
  const { first, whole } = await starts(server.kubeconfig);
  process.stderr.write(`first frame ${median(first).toFixed(0)} ms, all Leases ${median(whole).toFixed(0)} ms\n`);
  const { cpu, bytes, memory, keys, seconds } = await load(server.kubeconfig);
  const part = Math.max(1, Math.floor(memory.length / 5));
  const [early, late] = [memory.slice(0, part), memory.slice(-part)];
  const section = `## The screen of \`kle watch -A\`, ${LEASES.toLocaleString('en')} Leases

${new Date().toISOString().slice(0, 10)} · Node ${process.version} · ${COLUMNS}×${ROWS} cells · a stand-in for the API server (TLS on loopback) that sends ${RATE} renewals
and one hand-over a second · ${seconds.toFixed(0)} s after ${SETTLING_S} s of settling · ${cpus().length} cores (${cpus()[0]?.model.trim()}), load average
${loadavg()[0].toFixed(1)} (other work ran on the machine). Starts: n = ${STARTS}, whole process. Keys: n = ${keys.length}, until the terminal shows it.

| | |
|---|---|
| first frame, median / worst | ${median(first).toFixed(0)} / ${Math.max(...first).toFixed(0)} ms |
| all Leases shown, median / worst | ${median(whole).toFixed(0)} / ${Math.max(...whole).toFixed(0)} ms |
| CPU | ${cpu.toFixed(1)} % of one core |
| resident memory, median of the first fifth / of the last fifth / most | ${mib(median(early))} / ${mib(median(late))} / ${mib(Math.max(...memory))} |
| written to the terminal | ${(bytes / 1024).toFixed(1)} KiB/s |
| key answered, p50 / p99 / worst | ${quantile(keys, 0.5).toFixed(0)} / ${quantile(keys, 0.99).toFixed(0)} / ${Math.max(...keys).toFixed(0)} ms |
`;
  process.stderr.write(section);
  if (!process.argv.includes('--dry')) writeSection('watch', section);
} finally {
  server.stop();
}
