/** Measures `kle sandbox`: time until it is ready, memory with many Leases and watchers, watch latency, updates a second. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { median, quantile, writeSection } from './bench-results.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const LEASES = 5000;
const WATCHERS = 100;
const UPDATES = 1000;
const STARTS = 11;
const PATH = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

/** Resolves when the sandbox has said how to use it. */
function start() {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const started = performance.now();
  const child = spawn(process.execPath, [join(root, 'bin/kle.js'), 'sandbox'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    child.on('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
    child.stdout.on('data', (chunk) => {
      text += chunk;
      const path = /KUBECONFIG="(.*)"\n/.exec(text)?.[1];
      if (path) resolve({ child, readyMs: performance.now() - started, kubeconfig: readFileSync(path, 'utf8') });
    });
  });
}

const stop = ({ child }) =>
  new Promise((resolve) => {
    child.removeAllListeners('exit');
    child.on('exit', resolve);
    child.kill('SIGTERM');
  });

function clientOf(kubeconfig) {
  const part = (name) => Buffer.from(new RegExp(`${name}: (\\S+)`).exec(kubeconfig)[1], 'base64');
  const tls = {
    ca: part('certificate-authority-data'),
    cert: part('client-certificate-data'),
    key: part('client-key-data'),
  };
  const server = /server: (\S+)/.exec(kubeconfig)[1];
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ...tls });
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${server}${path}`,
        { method, agent, headers: { 'content-type': 'application/json' } },
        (answer) => {
          let text = '';
          answer
            .setEncoding('utf8')
            .on('data', (chunk) => (text += chunk))
            .on('end', () =>
              answer.statusCode < 300
                ? resolve(JSON.parse(text))
                : reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`)),
            );
        },
      );
      sent.on('error', reject).end(body && JSON.stringify(body));
    });
  const watch = (path, onData) =>
    new Promise((resolve, reject) => {
      const sent = request(`${server}${path}`, { agent: new Agent(tls) }, (answer) => {
        answer.setEncoding('utf8').on('data', onData);
        resolve(sent);
      });
      sent.on('error', () => {});
      sent.on('close', reject).end();
    });
  return { call, watch, close: () => agent.destroy() };
}

const rssMib = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const lease = (n, time) => ({
  metadata: { name: `lease-${n}` },
  spec: {
    holderIdentity: `host-${n}_3f0c1e8a`,
    leaseDurationSeconds: 15,
    leaseTransitions: 1,
    acquireTime: time,
    renewTime: time,
  },
});
const timeText = (n) => `2026-01-01T00:00:00.${String(n).padStart(6, '0')}Z`;

const starts = [];
for (let i = 0; i < STARTS; i++) {
  const sandbox = await start();
  starts.push(sandbox.readyMs);
  await stop(sandbox);
}

const sandbox = await start();
const client = clientOf(sandbox.kubeconfig);
const empty = rssMib(sandbox.child.pid);
await Promise.all(Array.from({ length: LEASES }, (_, n) => client.call('POST', PATH, lease(n, timeText(0)))));
const { metadata } = await client.call('GET', `${PATH}?limit=1`);
const seen = new Map();
let delivered = () => {};
for (let w = 0; w < WATCHERS; w++) {
  await client.watch(`${PATH}?watch=true&resourceVersion=${metadata.resourceVersion}`, (chunk) => {
    for (const [, version] of chunk.matchAll(/"resourceVersion":"(\d+)"/g)) {
      seen.set(version, (seen.get(version) ?? 0) + 1);
      delivered();
    }
  });
}
const latencies = [];
let current = await client.call('GET', `${PATH}/lease-0`);
const begun = performance.now();
for (let n = 1; n <= UPDATES; n++) {
  current.spec.renewTime = timeText(n);
  const sent = performance.now();
  current = await client.call('PUT', `${PATH}/lease-0`, current);
  const version = current.metadata.resourceVersion;
  await new Promise((resolve) => {
    delivered = () => seen.get(version) >= WATCHERS && resolve();
    delivered();
  });
  latencies.push(performance.now() - sent);
}
const watched = performance.now() - begun;
const full = rssMib(sandbox.child.pid);
client.close();
await stop(sandbox);

writeSection(
  'sandbox',
  `## \`kle sandbox\`

${new Date().toISOString().slice(0, 10)} · Node ${process.version} · TLS on loopback, server and clients on the same ${cpus().length} cores (${cpus()[0]?.model.trim()})

| | |
|---|---|
| ready (process start to the line that says how to use it), median / worst of ${STARTS} | ${median(starts).toFixed(0)} / ${Math.max(...starts).toFixed(0)} ms |
| memory at the start | ${empty.toFixed(0)} MiB |
| memory with ${LEASES.toLocaleString('en')} Leases and ${WATCHERS} watchers, after ${UPDATES.toLocaleString('en')} updates | ${full.toFixed(0)} MiB |
| PUT sent → answered and seen by all ${WATCHERS} watchers, p50 / p99 | ${quantile(latencies, 0.5).toFixed(1)} / ${quantile(latencies, 0.99).toFixed(1)} ms |
| updates a second, one after the other, each seen by all | ${((UPDATES / watched) * 1000).toFixed(0)} |
`,
);
process.exit(0);
