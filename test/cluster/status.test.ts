/** `kle status` on a real kube-apiserver, with Leases that unmodified electors and writers with wrong clocks keep. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../../src/kube/connect.js';
import { createLeaseApi } from '../../src/kube/lease-api.js';
import type { LeaseApi } from '../../src/lease/api.js';
import { formatMicroTime } from '../../src/lease/micro-time.js';
import { amend, type LeaseObject, type LeaseRecord } from '../../src/lease/record.js';
import { systemClock } from '../../src/platform/clock.js';
import type { LeaseStatus } from '../../src/view/json.js';
import { type ApiServer, startApiServer } from '../support/apiserver.js';
import { type Elector, startElector } from '../support/elector.js';
import { kle } from '../support/kle.js';

const HOUR = 3_600_000_000n;
const programs = {
  apiserver: process.env.KLE_TEST_APISERVER ?? '',
  clientGo: process.env.KLE_TEST_CLIENT_GO ?? '',
  controllerRuntime: process.env.KLE_TEST_CONTROLLER_RUNTIME ?? '',
};

let server: ApiServer;
let leases: LeaseApi;
const electors: Elector[] = [];
const stops: (() => void)[] = [];

beforeAll(async () => {
  server = await startApiServer({ binary: programs.apiserver });
  const connection = await connect({ kubeconfig: server.kubeconfig }, { env: {} });
  leases = createLeaseApi(connection);
});

afterAll(async () => {
  for (const stop of stops) stop();
  for (const elector of electors) elector.kill('SIGKILL');
  await server?.stop();
});

async function candidate(binary: string, lease: string, identity?: string): Promise<Elector> {
  const elector = await startElector({
    binary,
    kubeconfig: server.kubeconfig,
    namespace: 'default',
    lease,
    leaseDuration: '3s',
    renewDeadline: '2s',
    retryPeriod: '400ms',
    ...(identity ? { identity } : {}),
  });
  electors.push(elector);
  return elector;
}

async function status(...args: string[]): Promise<LeaseStatus[]> {
  const run = await kle(['status', '-o', 'json', ...args], { kubeconfig: server.kubeconfig });
  expect(run.stderr).toBe('');
  expect(run.code).toBe(0);
  return JSON.parse(run.stdout).items;
}

function unwrap<T>(answer: { ok: true; value: T } | { ok: false; failure: unknown }): T {
  if (!answer.ok) throw new Error(JSON.stringify(answer.failure));
  return answer.value;
}

async function write(name: string, spec: Record<string, unknown>): Promise<LeaseRecord> {
  const lease: LeaseObject = { metadata: { name, namespace: 'default' }, spec };
  return unwrap(await leases.create(lease));
}

/** Rewrites the Lease every `everyMs`; stops with the tests or by the function it returns. */
function keepWriting(
  record: LeaseRecord,
  everyMs: number,
  next: (n: number) => Parameters<typeof amend>[1],
): () => void {
  let latest = record;
  let n = 0;
  let cancel = () => {};
  const tick = async () => {
    latest = unwrap(await leases.replace(amend(latest, next(n++))));
    cancel = systemClock.timer(everyMs, () => void tick());
  };
  cancel = systemClock.timer(everyMs, () => void tick());
  stops.push(() => cancel());
  return () => cancel();
}

const wallText = (offset: bigint) => formatMicroTime(systemClock.wallMicros() + offset);

it('names the holder that client-go elected, and the next one after a crash', async () => {
  const first = await candidate(programs.clientGo, 'web', 'web-0');
  await first.waitFor(({ event }) => event === 'leading');
  const second = await candidate(programs.clientGo, 'web', 'web-1');
  const [held] = await status('web');
  expect(held).toMatchObject({ state: 'held', basis: 'server-clock', holder: 'web-0', transitions: 0, problems: [] });
  first.kill('SIGKILL');
  await second.waitFor(({ event }) => event === 'leading');
  expect(await status('web')).toMatchObject([{ state: 'held', holder: 'web-1', transitions: 1 }]);
});

it('judges by observation a Lease that controller-runtime renews', async () => {
  const manager = await candidate(programs.controllerRuntime, 'manager');
  await manager.waitFor(({ event }) => event === 'leading');
  const [seen] = await status('lease/manager', '--observe', '2s');
  expect(seen).toMatchObject({ state: 'held', basis: 'observed', holder: manager.identity });
  expect(seen?.renewedAgoMs).toBeLessThan(2000);
});

it.each([
  ['behind', -HOUR],
  ['ahead', HOUR],
])('is not misled by a holder whose clock is an hour %s', async (word, offset) => {
  const name = `clock-${word}`;
  const spec = { holderIdentity: 'x', leaseDurationSeconds: 5, leaseTransitions: 0, acquireTime: wallText(offset) };
  const record = await write(name, { ...spec, renewTime: wallText(offset) });
  keepWriting(record, 300, () => ({ spec: { renewTime: wallText(offset) } }));
  const [oneLook] = JSON.parse(
    (await kle(['status', name, '-o', 'json'], { kubeconfig: server.kubeconfig })).stdout,
  ).items;
  expect(oneLook).toMatchObject({ state: 'held', basis: 'server-clock' });
  const [watched] = JSON.parse(
    (await kle(['status', name, '-o', 'json', '--observe', '1s'], { kubeconfig: server.kubeconfig })).stdout,
  ).items;
  expect(watched).toMatchObject({ state: 'held', basis: 'observed' });
});

it('sees that a holder is gone although somebody annotates its Lease', async () => {
  const spec = { holderIdentity: 'gone', leaseDurationSeconds: 2, leaseTransitions: 0 };
  const record = await write('annotated', { ...spec, acquireTime: wallText(0n), renewTime: wallText(0n) });
  const stop = keepWriting(record, 200, (n) => ({ annotations: { 'example.com/n': String(n) } }));
  const run = await kle(['status', 'annotated', '-o', 'json', '--observe', '3s'], { kubeconfig: server.kubeconfig });
  stop();
  expect(JSON.parse(run.stdout).items).toMatchObject([{ state: 'expired', basis: 'observed', holder: 'gone' }]);
});

it('knows what is not an election', async () => {
  const items = await status('-n', 'kube-system');
  const roles = items.map((item) => item.role);
  expect(roles).toContain('apiserver-identity');
  const heartbeat = { metadata: { name: 'node-1', namespace: 'kube-node-lease' }, spec: { holderIdentity: 'node-1' } };
  unwrap(await leases.create(heartbeat));
  const all = await kle(['status', '-A'], { kubeconfig: server.kubeconfig });
  expect(all.stdout).not.toContain('node-1');
  expect(all.stderr).toContain('kle: 1 node heartbeat not shown (1 malformed); --include-heartbeats shows it\n');
});

it('says what is not allowed, and that a token is wrong', async () => {
  const flags = ['--server', server.server, '--certificate-authority', `${server.dir}/ca.crt`];
  const viewer = await kle(['status', ...flags, '--token', 'viewer-token'], { env: { KUBECONFIG: '/dev/null' } });
  expect(viewer.code).toBe(4);
  expect(viewer.stderr).toContain('User "viewer" cannot list resource "leases"');
  expect(viewer.stderr).toContain('kubectl auth can-i list leases');
  const wrong = await kle(['status', ...flags, '--token', 'sesame'], { env: { KUBECONFIG: '/dev/null' } });
  expect(wrong.code).toBe(4);
  expect(wrong.stderr).toContain('401');
  expect(wrong.stderr).not.toContain('sesame');
});

it('--check answers by exit code', async () => {
  await write('free', { holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 3 });
  const run = (...args: string[]) => kle(['status', '--check', ...args], { kubeconfig: server.kubeconfig });
  expect((await run('manager')).code).toBe(0);
  expect((await run('manager', 'free')).code).toBe(1);
  expect((await run('manager', 'nowhere')).code).toBe(1);
  expect((await run('-n', 'kube-public')).code).toBe(1);
});
