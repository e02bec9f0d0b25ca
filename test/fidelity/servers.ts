/** The two servers, made alike: a real kube-apiserver and the sandbox, with the same users. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildTestPrograms } from '../../scripts/test-programs.mjs';
import { type Clock, systemClock } from '../../src/platform/clock.js';
import { type SandboxOptions, startSandbox } from '../../src/sandbox/server.js';
import { startApiServer } from '../support/apiserver.js';
import { httpClient, type Target } from './target.js';

/** Of the viewer. Without create, so that PUT and PATCH show what they ask for. */
const VERBS = ['get', 'list', 'watch', 'update', 'patch'];

let built: Promise<string> | undefined;

/** KLE_TEST_APISERVER: the path of a binary built elsewhere. */
function binaryPath(): Promise<string> {
  const given = process.env.KLE_TEST_APISERVER;
  built ??= given ? Promise.resolve(given) : buildTestPrograms().then(({ apiserver }) => apiserver);
  return built;
}

/** `uncached`: reads from etcd, so that compaction shows. */
export async function realServer(uncached = false): Promise<Target> {
  const binary = await binaryPath();
  const server = await startApiServer({ binary, watchCache: !uncached });
  const file = (name: string) => readFile(join(server.dir, name), 'utf8');
  const [ca, certificate, key] = await Promise.all(['ca.crt', 'client.crt', 'client.key'].map(file));
  const client = httpClient({
    url: server.server,
    ca: ca ?? '',
    admin: { certificate: certificate ?? '', key: key ?? '' },
  });
  const target: Target = {
    ...client,
    nowMs: () => Date.now(),
    tick: () => nextSecond(),
    compact: async () => void (await server.compact()),
    async stop() {
      client.close();
      await server.stop();
      await rm(server.dir, { recursive: true, force: true });
    },
  };
  await giveViewerRights(target);
  return target;
}

/** The clock is the real one, and what is waited for is the time itself. */
function nextSecond(): Promise<void> {
  return new Promise((resolve) => {
    // A little more: timers may be early, and the server's clock is read in another process.
    setTimeout(resolve, 1_005 - (Date.now() % 1_000));
  });
}

async function giveViewerRights(target: Target): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const make = async (resource: string, body: object) => {
    const answer = await target.exchange({
      method: 'POST',
      path: `/apis/${group}/v1/${resource}`,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ metadata: { name: 'viewer' }, ...body })),
      user: 'admin',
    });
    if (answer.status !== 201) throw new Error(`${resource}: ${answer.status} ${answer.text}`);
  };
  await make('clusterroles', { rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: VERBS }] });
  await make('clusterrolebindings', {
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'viewer' },
    subjects: [{ apiGroup: group, kind: 'User', name: 'viewer' }],
  });
  const asked = { method: 'GET', path: '/apis/coordination.k8s.io/v1/leases?limit=1', headers: {} };
  // Roles are read through a cache that follows the writes.
  const deadline = Date.now() + 10_000;
  for (let status = 0; status !== 200; ) {
    if (Date.now() > deadline) throw new Error('the viewer was given no rights');
    ({ status } = await target.exchange({ ...asked, user: 'viewer' }));
  }
}

/** Times start here and move by ticks alone. */
const START_MS = Date.UTC(2026, 5, 1);

export interface SandboxTarget extends Target {
  setSecond(second: number): void;
}

/** `speed`: how many times faster than ours its timers run. */
export async function sandbox(options: SandboxOptions = {}, speed = 1): Promise<SandboxTarget> {
  let nowMs = START_MS;
  const clock: Clock = {
    ...systemClock,
    wallMicros: () => BigInt(nowMs) * 1000n,
    monoMs: () => systemClock.monoMs() * speed,
    timer: (ms, fn) => systemClock.timer(ms / speed, fn),
  };
  const server = await startSandbox({
    http: true,
    clock,
    // What is waited for here comes or does not: nothing else is under way.
    futureWaitMs: 50 * speed,
    // So that there is a past that it does not remember.
    firstRevision: 100,
    users: [
      { name: 'viewer', token: 'viewer-token', rules: VERBS.map((verb) => ({ verb, resource: 'leases' })) },
      { name: 'nobody', token: 'nobody-token', rules: [] },
    ],
    ...options,
  });
  const client = httpClient({ url: server.url, admin: { token: server.adminToken } });
  return {
    ...client,
    nowMs: () => nowMs,
    tick: async () => {
      nowMs += 1_000;
    },
    setSecond(second) {
      nowMs = second * 1_000;
    },
    compact: async () => server.store.compact(server.store.revision),
    async stop() {
      client.close();
      await server.close();
    },
  };
}
