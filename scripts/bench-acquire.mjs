/**
 * Measures `kle acquire` beside client-go's elector on the real kube-apiserver of test/apiserver: hand-over, crash
 * takeover, requests, memory and CPU of a standby, and fifty standbys at once. Writes its section of bench/RESULTS.md.
 * Called by scripts/bench.mjs; alone:
 *
 *   node scripts/bench-acquire.mjs [--rounds 100] [--crashes 30] [--pauses 30] [--minute 60] [--crowd 50]
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { writeSection } from './bench-results.mjs';
import { buildTestPrograms } from './test-programs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? otherwise : Number(process.argv[at + 1]);
};
const rounds = option('rounds', 100);
const crashes = option('crashes', 30);
const pauses = option('pauses', 30);
const minute = option('minute', 60);
const crowd = option('crowd', 50);
const USUAL = { lease: '15s', renew: '10s', retry: '2s', retryMs: 2000 };
const SHORT = { lease: '3s', renew: '2s', retry: '400ms', retryMs: 400, leaseMs: 3000 };

/** The least that a process can do in place of kle: kill a group when a moment has come. */
const BARE_KILLER = `const child = require('node:child_process').spawn(process.execPath, process.argv.slice(1), { detached: true, stdio: 'ignore' });
  setTimeout(() => { process.kill(-child.pid, 'SIGKILL'); process.exit(0); }, 2500);`;

const folder = mkdtempSync(join(tmpdir(), 'kle-bench-acquire-'));
const running = new Set();
const { Stranger, startFaultProxy } = await support();
const { apiserver, clientGo } = await buildTestPrograms();
const loads = [loadavg()[0]];
const server = await startServer(apiserver);
const stranger = new Stranger(server.kubeconfig);
const proxy = await startFaultProxy({ kubeconfig: server.kubeconfig });
try {
  const handOvers = await both((side) => handOverRounds(side));
  note('hand-over done');
  const timer = bareTimer();
  const crashed = await both((side) => crashRounds(side));
  const lateness = await timer.stop();
  note('crashes done');
  const paused = { kle: [], bare: [] };
  for (let n = 1; n <= pauses; n++) for (const side of ['kle', 'bare']) paused[side].push(await pauseRound(side, n));
  note('pauses done');
  const idle = await both((side) => idleMinute(side));
  note('idle minute done');
  const many = [await crowdReleased('kle'), await crowdReleased('client-go')];
  loads.push(loadavg()[0]);
  writeSection('acquire', section({ handOvers, crashed, lateness, paused, idle, many }));
} finally {
  for (const child of running) child.kill('SIGKILL');
  await proxy.close();
  stranger.close();
  server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function section({ handOvers, crashed, lateness, paused, idle, many }) {
  const cells = (values, format) => values.map((value) => format(value)).join(' | ');
  const p = (share) => (values) => `${percentile(values, share).toFixed(1)} ms`;
  const row = (title, text) => `| ${title} | ${text} |`;
  const rows = [
    row(
      'cooperative hand-over, p50',
      cells(
        handOvers.map((one) => one.fromRelease),
        p(0.5),
      ),
    ),
    row(
      'cooperative hand-over, p99',
      cells(
        handOvers.map((one) => one.fromRelease),
        p(0.99),
      ),
    ),
    row(
      '… counted from TERM, p50',
      cells(
        handOvers.map((one) => one.fromTerm),
        p(0.5),
      ),
    ),
    row(
      '… counted from TERM, p99',
      cells(
        handOvers.map((one) => one.fromTerm),
        p(0.99),
      ),
    ),
    row('crash: takeover beyond L, p50', cells(crashed, p(0.5))),
    row('crash: takeover beyond L, most', cells(crashed, p(1))),
    row(
      'requests per minute, leader',
      cells(idle, (one) => one.leader.toFixed(1)),
    ),
    row(
      'requests per minute, idle standby',
      cells(idle, (one) => one.standby.toFixed(1)),
    ),
    row(
      'idle standby: resident memory',
      cells(idle, (one) => `${one.rssMib.toFixed(0)} MiB`),
    ),
    row(
      'idle standby: CPU',
      cells(idle, (one) => `${one.cpuPermille.toFixed(2)} ‰ of one core`),
    ),
    row(
      `${crowd} standbys, one release: requests in the busiest 100 ms`,
      cells(many, (one) => `${one.busiest}`),
    ),
    row(
      `${crowd} standbys, one release: until the new claim, most`,
      cells(many, (one) => `${one.mostMs.toFixed(1)} ms`),
    ),
  ];
  return `## \`kle acquire\` beside client-go's elector

${new Date().toISOString().slice(0, 10)} · Node ${process.version} · kube-apiserver v1.36.3 on loopback, TLS · ${cpus().length} cores (${cpus()[0]?.model.trim()}) · load
average ${loads.map((load) => load.toFixed(1)).join(' before, ')} after (other work ran on the machine). Both at the same time on one server, each on a Lease of its own.
Hand-over: ${rounds} rounds at 15/10/2 s, the leader told to end at a random moment, from the release to the next claim as a third
party's watch sees them. Crash: ${crashes} rounds at 3/2/0.4 s, from the last renewal seen. Requests, memory and CPU: ${minute} s at 15/10/2 s,
\`kle acquire LEASE\` without a command, whose standby is one process. Crowd: 3 releases at 15/10/2 s, 2 s after each looked at.

| | kle | client-go |
|---|---|---|
${rows.join('\n')}

What the machine adds: while the crashes were measured, a timer of 10 ms in a bare Node process fired ${percentile(lateness, 0.99).toFixed(1)} ms late in the
worst 1 % and ${percentile(lateness, 1).toFixed(1)} ms at most.

Paused as a whole past the deadline (SIGSTOP of kle, its watchdog and a command that works each millisecond, at 3/2/0.4 s) and
continued, the command first: it went on for ${spread(paused.kle)}. In place of kle a bare Node process with
one timer that kills: ${spread(paused.bare)}. ${pauses} rounds each, in turn.
`;
}

function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1);
  return sorted[Math.max(0, index)] ?? Number.NaN;
}

async function both(measure) {
  return Promise.all([measure('kle'), measure('client-go')]);
}

/** One process that competes. `standby` resolves when it has looked at the Lease and somebody else leads. */
function contend(side, lease, identity, timing, kubeconfig = server.kubeconfig) {
  const { NODE_EXTRA_CA_CERTS: _, ...rest } = process.env;
  const child =
    side === 'kle'
      ? spawn(
          process.execPath,
          [
            join(root, 'bin/kle.js'),
            'acquire',
            lease,
            `--identity=${identity}`,
            `--lease-duration=${timing.lease}`,
            `--renew-deadline=${timing.renew}`,
            `--retry-period=${timing.retry}`,
          ],
          { env: { ...rest, KUBECONFIG: kubeconfig, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
        )
      : spawn(clientGo, [], {
          env: {
            ...rest,
            KUBECONFIG: kubeconfig,
            ELECTOR_NAMESPACE: 'default',
            ELECTOR_LEASE: lease,
            ELECTOR_IDENTITY: identity,
            ELECTOR_LEASE_DURATION: timing.lease,
            ELECTOR_RENEW_DEADLINE: timing.renew,
            ELECTOR_RETRY_PERIOD: timing.retry,
            ELECTOR_RELEASE: '1',
          },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
  running.add(child);
  const exited = new Promise((resolve) =>
    child.on('exit', () => {
      running.delete(child);
      resolve();
    }),
  );
  const firstWord = new Promise((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (side === 'kle' || /new leader|leads/.test(line)) resolve(line);
    });
  });
  return { identity, child, exited, firstWord };
}

async function handOverRounds(side) {
  const lease = `hand-over-${side}`;
  const watch = await stranger.watch(lease);
  const found = { fromRelease: [], fromTerm: [] };
  let leader = contend(side, lease, `${side}-0`, USUAL);
  await watch.until(({ holder }) => holder === leader.identity, 'leader');
  for (let n = 1; n <= rounds; n++) {
    const next = contend(side, lease, `${side}-${n}`, USUAL);
    await next.firstWord;
    await pause(100 + Math.random() * USUAL.retryMs * 1.2);
    const at = process.hrtime.bigint();
    leader.child.kill('SIGTERM');
    const freed = await watch.until(({ holder }) => holder === '', 'release', { since: at });
    const taken = await watch.until(({ holder }) => holder === next.identity, 'next', { since: at });
    found.fromRelease.push(ms(taken.mono - freed.mono));
    found.fromTerm.push(ms(taken.mono - at));
    await leader.exited;
    leader = next;
    if (n % 20 === 0) note(`${side}: ${n} hand-overs`);
  }
  leader.child.kill('SIGKILL');
  watch.close();
  return found;
}

async function crashRounds(side) {
  const lease = `crash-${side}`;
  const watch = await stranger.watch(lease);
  const beyond = [];
  let leader = contend(side, lease, `${side}-0`, SHORT);
  await watch.until(({ holder }) => holder === leader.identity, 'leader');
  for (let n = 1; n <= crashes; n++) {
    const next = contend(side, lease, `${side}-${n}`, SHORT);
    await next.firstWord;
    await pause(200 + Math.random() * SHORT.retryMs);
    const at = process.hrtime.bigint();
    leader.child.kill('SIGKILL');
    const taken = await watch.until(({ holder }) => holder === next.identity, 'next', { since: at });
    const last = watch.looks.findLast(({ holder }) => holder === leader.identity);
    beyond.push(ms(taken.mono - last.mono) - SHORT.leaseMs);
    leader = next;
  }
  leader.child.kill('SIGKILL');
  watch.close();
  return beyond;
}

/** How late each tick of a timer in a process of its own comes. */
function bareTimer() {
  const program = `const late = []; let at = performance.now();
    setInterval(() => { const now = performance.now(); late.push(Math.max(0, now - at - 10)); at = now; }, 10);
    process.on('SIGTERM', () => { process.stdout.write(JSON.stringify(late), () => process.exit(0)); });`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
  const ended = new Promise((resolve) => child.on('close', resolve));
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
      running.delete(child);
      return JSON.parse(text);
    },
  };
}

/** How long the command goes on when all was stopped past its deadline and is continued, ms. */
async function pauseRound(side, n) {
  const file = join(folder, `pause-${side}-${n}`);
  const work = [join(root, 'test/support/worker.mjs'), file, 'every=1'];
  const acquire = [join(root, 'bin/kle.js'), 'acquire', `pause-${n}`, '--lease-duration=3s', '--renew-deadline=2s'];
  const words =
    side === 'kle'
      ? [...acquire, '--retry-period=400ms', '--', process.execPath, ...work]
      : ['-e', BARE_KILLER, ...work];
  const { NODE_EXTRA_CA_CERTS: _, ...rest } = process.env;
  const child = spawn(process.execPath, words, { env: { ...rest, KUBECONFIG: server.kubeconfig }, stdio: 'ignore' });
  running.add(child);
  const exited = new Promise((resolve) => child.on('exit', resolve));
  while (!existsSync(file)) await pause(5);
  await pause(300);
  const all = [child.pid, ...childrenOf(child.pid)];
  for (const pid of all) process.kill(pid, 'SIGSTOP');
  await pause(SHORT.leaseMs + 200);
  const at = process.hrtime.bigint();
  for (const pid of all.reverse()) process.kill(pid, 'SIGCONT');
  await exited;
  running.delete(child);
  const last = readFileSync(file, 'utf8').trim().split('\n').at(-1);
  return Math.max(0, ms(BigInt(last.split(' ')[0]) - at));
}

function childrenOf(parent) {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' });
  return stdout.trim().split(/\s+/).map(Number);
}

function spread(values) {
  return `${[0.5, 0.9, 1].map((share) => percentile(values, share).toFixed(1)).join(' / ')} ms (p50 / p90 / most)`;
}

async function idleMinute(side) {
  const lease = `idle-${side}`;
  const [a, b] = [await proxy.client(`${side}-leader`), await proxy.client(`${side}-standby`)];
  const leader = contend(side, lease, 'leader', USUAL, a.kubeconfig);
  const watch = await stranger.watch(lease);
  await watch.until(({ holder }) => holder === 'leader', 'leader');
  const standby = contend(side, lease, 'standby', USUAL, b.kubeconfig);
  await standby.firstWord;
  await pause(5000);
  const before = { leader: a.requests.length, standby: b.requests.length, cpuMs: cpuMs(standby.child.pid) };
  await pause(minute * 1000);
  const perMinute = (client, count) => ((client.requests.length - count) * 60) / minute;
  const found = {
    leader: perMinute(a, before.leader),
    standby: perMinute(b, before.standby),
    rssMib: rssMib(standby.child.pid),
    cpuPermille: (cpuMs(standby.child.pid) - before.cpuMs) / minute,
  };
  for (const { child } of [leader, standby]) child.kill('SIGKILL');
  watch.close();
  return found;
}

async function crowdReleased(side) {
  const lease = `crowd-${side}`;
  const watch = await stranger.watch(lease);
  const client = await proxy.client(`crowd-${side}`);
  let leader = contend(side, lease, 'first', USUAL);
  await watch.until(({ holder }) => holder === 'first', 'leader');
  const all = [leader];
  for (let n = 0; n < crowd; n += 10) {
    const more = Array.from({ length: Math.min(10, crowd - n) }, (_, i) =>
      contend(side, lease, `${side}-${n + i}`, USUAL, client.kubeconfig),
    );
    await Promise.all(more.map(({ firstWord }) => firstWord));
    all.push(...more);
  }
  const found = { busiest: 0, mostMs: 0 };
  for (let n = 0; n < 3; n++) {
    await pause(3000);
    const at = process.hrtime.bigint();
    leader.child.kill('SIGTERM');
    const freed = await watch.until(({ holder }) => holder === '', 'release', { since: at });
    const taken = await watch.until(({ holder }) => holder !== '', 'next', { since: freed.mono });
    await pause(2000);
    const times = client.requests.filter(({ arrived }) => arrived > at).map(({ arrived }) => ms(arrived - at));
    found.busiest = Math.max(
      found.busiest,
      ...times.map((from) => times.filter((t) => t >= from && t < from + 100).length),
    );
    found.mostMs = Math.max(found.mostMs, ms(taken.mono - freed.mono));
    leader = all.find(({ identity }) => identity === taken.holder);
  }
  for (const { child } of all) child.kill('SIGKILL');
  watch.close();
  return found;
}

function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  const ticksPerSecond = Number(spawnSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }).stdout) || 100;
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

function rssMib(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

function ms(nanoseconds) {
  return Number(nanoseconds) / 1e6;
}

function pause(durationMs) {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

function note(line) {
  process.stderr.write(`${line}\n`);
}

/** What the tests have for this, which is TypeScript. */
async function support() {
  const outfile = join(folder, 'support.mjs');
  const contents = `
    export { Stranger } from './test/support/acquire-watch.ts';
    export { startFaultProxy } from './test/support/fault-proxy.ts';`;
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    banner,
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}

function startServer(binary) {
  const child = spawn(binary, ['--exit-with-stdin'], { stdio: ['pipe', 'pipe', 'ignore'] });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the API server ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve({ kubeconfig: line.slice(6), stop: () => child.kill('SIGTERM') });
    });
  });
}
