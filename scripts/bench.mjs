/**
 * Measures kle beside kubectl on the real kube-apiserver of test/apiserver: whole processes, interleaved pairs, medians
 * and the median of the ratios pair by pair. Writes bench/RESULTS.md. Needs Go (to build the server) and kubectl.
 *
 *   npm run bench                       all
 *   npm run bench -- --pairs 11         fewer pairs
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { median, writeSection } from './bench-results.mjs';
import { buildTestPrograms } from './test-programs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const asked = process.argv.indexOf('--pairs');
const pairs = asked === -1 ? 21 : Number(process.argv[asked + 1]);
const TIME = '/usr/bin/time';

/** Some installations put a dispatcher on PATH that chooses among versioned binaries: the yardstick is one of those. */
function findKubectl() {
  const found = spawnSync('sh', ['-c', 'command -v kubectl'], { encoding: 'utf8' }).stdout.trim();
  if (found === '') throw new Error('kubectl is not on PATH: there is nothing to compare with');
  const folder = dirname(realpathSync(found));
  const versioned = readdirSync(folder).filter((name) => /^kubectl\.1\.\d+$/.test(name));
  const newest = versioned.sort((a, b) => Number(b.slice(10)) - Number(a.slice(10)))[0];
  return newest ? join(folder, newest) : found;
}

/** Wall and CPU milliseconds (CPU in steps of 10), peak RSS in MiB; the last two need time(1). */
function measure(command, env) {
  const words = existsSync(TIME) ? [TIME, '-f', '%U %S %M', ...command] : command;
  const started = performance.now();
  const run = spawnSync(words[0], words.slice(1), { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  const wall = performance.now() - started;
  if (run.status !== 0) throw new Error(`${command.join(' ')} ended with ${run.status}: ${run.stderr}`);
  const [user, system, kib] = (run.stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { wall, cpu: (user + system) * 1000, rss: kib / 1024 };
}

/** A B B A A B …: the order turns round every time, so that a drift of the machine hits both alike. */
function compare(title, a, b, { env, before = () => {} }) {
  const runs = { a: [], b: [] };
  for (let i = -2; i < pairs; i++) {
    for (const side of i % 2 === 0 ? ['a', 'b'] : ['b', 'a']) {
      before();
      const result = measure(side === 'a' ? a : b, env);
      if (i >= 0) runs[side].push(result);
    }
  }
  const figure = (side, what) => median(runs[side].map((run) => run[what]));
  const ratio = (what) => median(runs.a.map((run, i) => run[what] / runs.b[i][what]));
  const cells = ['wall', 'cpu', 'rss'].map(
    (what) => `${figure('a', what).toFixed(0)} / ${figure('b', what).toFixed(0)} | **${ratio(what).toFixed(2)}**`,
  );
  process.stderr.write(`${title}: wall ratio ${ratio('wall').toFixed(2)}\n`);
  return `| ${title} | ${cells.join(' | ')} |`;
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

/** Creates `count` Leases in a namespace of its own, 32 requests at a time. */
async function fill(kubeconfig, namespace, count) {
  const folder = dirname(kubeconfig);
  const tls = Object.fromEntries(
    ['ca', 'cert', 'key'].map((part) => [
      part,
      readFileSync(join(folder, { ca: 'ca.crt', cert: 'client.crt', key: 'client.key' }[part])),
    ]),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ...tls });
  const server = /server: (\S+)/.exec(readFileSync(kubeconfig, 'utf8'))[1];
  const post = (path, body) =>
    new Promise((resolve, reject) => {
      const call = request(
        `${server}${path}`,
        { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
        (answer) => {
          answer
            .resume()
            .on('end', () =>
              answer.statusCode === 201 ? resolve() : reject(new Error(`${path}: ${answer.statusCode}`)),
            );
        },
      );
      call.on('error', reject).end(JSON.stringify(body));
    });
  await post('/api/v1/namespaces', { metadata: { name: namespace } });
  const now = `${new Date().toISOString().slice(0, -1)}000Z`;
  const lease = (n) => ({
    metadata: { name: `lease-${String(n).padStart(5, '0')}`, namespace },
    spec: {
      holderIdentity: `host-${n}_3f0c1e8a-52d1-4c5e-9b1a-77f0a9c2d${n}`,
      leaseDurationSeconds: 3600,
      leaseTransitions: n % 7,
      acquireTime: now,
      renewTime: now,
    },
  });
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      post(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, lease(n)),
    ),
  );
  agent.destroy();
}

const { apiserver } = await buildTestPrograms();
const kubectl = findKubectl();
const server = await startServer(apiserver);
const cache = mkdtempSync(join(tmpdir(), 'kle-bench-'));
try {
  await fill(server.kubeconfig, 'fifty', 50);
  await fill(server.kubeconfig, 'thousands', 5000);
  // On Node 20 NODE_EXTRA_CA_CERTS alone costs 35 ms at every start.
  const { NODE_EXTRA_CA_CERTS: _, ...rest } = process.env;
  const env = { ...rest, KUBECONFIG: server.kubeconfig, HOME: cache };
  const kle = (...args) => [process.execPath, join(root, 'bin/kle.js'), 'status', ...args];
  const get = (...args) => [kubectl, 'get', 'leases', ...args];
  const coldCache = () => rmSync(join(cache, '.kube'), { recursive: true, force: true });
  const rows = [
    compare('50 leases', kle('-n', 'fifty'), get('-n', 'fifty'), { env }),
    compare('50 leases, kubectl with an empty cache', kle('-n', 'fifty'), get('-n', 'fifty'), {
      env,
      before: coldCache,
    }),
    compare('5,000 leases', kle('-n', 'thousands'), get('-n', 'thousands'), { env }),
    compare(
      '`--version`',
      [process.execPath, join(root, 'bin/kle.js'), '--version'],
      [kubectl, 'version', '--client'],
      { env },
    ),
  ];
  const version = spawnSync(kubectl, ['version', '--client'], { encoding: 'utf8' }).stdout.split('\n')[0];
  const section = `## \`kle status\` beside \`kubectl get leases\`

${new Date().toISOString().slice(0, 10)} · Node ${process.version} · kubectl ${version} · kube-apiserver v1.36.3 on loopback, TLS with a client
certificate · ${cpus().length} cores (${cpus()[0]?.model.trim()}) · whole processes, ${pairs} interleaved pairs, NODE_EXTRA_CA_CERTS unset. Median of
kle / median of kubectl, then the median of the ratios pair by pair.

| | wall ms | ratio | CPU ms | ratio | peak RSS MiB | ratio |
|---|---|---|---|---|---|---|
${rows.join('\n')}

Where the time of 50 Leases goes, by a CPU profile on Node 20: Node's own start about 20 ms; at the first TLS connection
Node 20 parses all its bundled root certificates, 20 to 30 ms, although the kubeconfig brings its own CA (Node 22 does not);
loading https 5, our chunks and oclif's parser 15, the kubeconfig 5, the rest is the request. For 5,000: 5 MB of JSON
arrive in three pages (kubectl asks for tables, compressed), 40 to 50 ms of parsing and judging, 25 of table, 35 of garbage.
`;
  writeSection('status', section);
} finally {
  server.stop();
  rmSync(cache, { recursive: true, force: true });
}

await import('./bench-watch.mjs');
await import('./bench-acquire.mjs');
