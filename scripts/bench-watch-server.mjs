/**
 * A stand-in for an API server, for scripts/bench-watch.mjs: lists Leases as kube-apiserver does and streams renewals of
 * them at a steady rate, so that the figures are those of the screen and not of a server on the same cores.
 *
 *   node scripts/bench-watch-server.mjs LEASES RENEWALS_PER_SECOND    prints its kubeconfig's path
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tsImport } from 'tsx/esm/api';

const [count, rate] = process.argv.slice(2).map(Number);
const { makeAuthority } = await tsImport('../test/support/test-certificates.ts', import.meta.url);
const authority = await makeAuthority();
const { cert, key } = await authority.issue({ ip: '127.0.0.1' });

const TICK_MS = 20;
/** One hand-over a second. */
const HAND_OVER_EVERY = rate;
const PATH = '/apis/coordination.k8s.io/v1/leases';

const micros = () => `${new Date().toISOString().slice(0, -1)}000Z`;
let version = 1_000_000;
const terms = new Int32Array(count);
const acquired = new Array(count).fill(micros());

/** The object as client-go's elector leaves it on kube-apiserver 1.36. */
function lease(n) {
  const renewTime = micros();
  const fields = 'f:acquireTime f:holderIdentity f:leaseDurationSeconds f:leaseTransitions f:renewTime'.split(' ');
  return {
    metadata: {
      name: `controller-${String(n).padStart(5, '0')}`,
      namespace: `team-${n % 100}`,
      uid: `9e1c2b44-6f0d-4f6e-9d0b-${String(n).padStart(12, '0')}`,
      resourceVersion: String(++version),
      creationTimestamp: '2026-01-01T00:00:00Z',
      managedFields: [
        {
          manager: 'controller',
          operation: 'Update',
          apiVersion: 'coordination.k8s.io/v1',
          time: `${renewTime.slice(0, 19)}Z`,
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': Object.fromEntries(fields.map((field) => [field, {}])) },
        },
      ],
    },
    spec: {
      holderIdentity: `controller-${n}-7d9f8b6c5-x2v4q_3f0c1e8a-52d1-4c5e-9b1a-${String(terms[n]).padStart(12, '0')}`,
      leaseDurationSeconds: 30,
      acquireTime: acquired[n],
      renewTime,
      leaseTransitions: terms[n],
    },
  };
}

let watcher = null;
let written = 0;
let total = 0;
const server = createServer({ cert, key }, (request, answer) => {
  const url = new URL(request.url, 'https://localhost');
  answer.setHeader('content-type', 'application/json');
  if (url.pathname !== PATH) return void answer.writeHead(404).end('{"kind":"Status","apiVersion":"v1","code":404}');
  if (url.searchParams.has('watch')) {
    answer.writeHead(200);
    answer.flushHeaders();
    watcher = answer;
    const seconds = Number(url.searchParams.get('timeoutSeconds'));
    setTimeout(() => answer.end(), seconds * 1000);
    return;
  }
  const from = Number(url.searchParams.get('continue') ?? 0);
  const to = Math.min(count, from + Number(url.searchParams.get('limit') ?? count));
  const items = Array.from({ length: to - from }, (_, i) => lease(from + i));
  const metadata = { resourceVersion: String(version), ...(to < count && { continue: String(to) }) };
  answer.end(JSON.stringify({ kind: 'LeaseList', apiVersion: 'coordination.k8s.io/v1', metadata, items }));
});

let begun = performance.now();
setInterval(() => {
  const due = Math.floor(((performance.now() - begun) / 1000) * rate);
  if (!watcher || watcher.writableEnded || watcher.destroyed) {
    begun = performance.now();
    written = 0;
    return;
  }
  for (; written < due; written++) {
    const n = total++ % count;
    if (written % HAND_OVER_EVERY === 0) {
      terms[n] += 1;
      acquired[n] = micros();
    }
    const object = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', ...lease(n) };
    watcher.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
  }
}, TICK_MS);

server.listen(0, '127.0.0.1', () => {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'load',
    contexts: [{ name: 'load', context: { cluster: 'load', user: 'load' } }],
    clusters: [
      {
        name: 'load',
        cluster: {
          server: `https://127.0.0.1:${server.address().port}`,
          'certificate-authority-data': Buffer.from(authority.ca).toString('base64'),
        },
      },
    ],
    users: [{ name: 'load', user: { token: 'of-no-interest' } }],
  };
  const path = join(mkdtempSync(join(tmpdir(), 'kle-bench-')), 'kubeconfig.json');
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  process.stdout.write(`${path}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
