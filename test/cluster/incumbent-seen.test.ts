/** What is seen of an incumbent beside its Lease, on a real kube-apiserver: its Events, its Pod and that one's node. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChaosCluster, openChaosCluster } from '../support/chaos-cluster.js';
import { type Elector, startElector } from '../support/elector.js';
import { FakePods } from '../support/fake-pods.js';
import { bin } from '../support/kle.js';
import { TerminalSession } from '../support/terminal.js';

let cluster: ChaosCluster;
const electors: Elector[] = [];
const sessions: TerminalSession[] = [];
beforeAll(async () => {
  cluster = await openChaosCluster();
});
afterAll(async () => {
  for (const session of sessions) session.end();
  for (const elector of electors) elector.kill('SIGKILL');
  await cluster?.close();
});

it.concurrent('steal tells what the deposed client-go leader says in Events', async () => {
  const place = await cluster.place('told');
  const elector = await startElector({
    binary: process.env.KLE_TEST_CLIENT_GO ?? '',
    kubeconfig: cluster.server.kubeconfig,
    namespace: 'shop',
    lease: place.name,
    identity: 'told-0',
    leaseDuration: '3s',
    renewDeadline: '2s',
    retryPeriod: '400ms',
    events: true,
  });
  electors.push(elector);
  await elector.waitFor(({ event }) => event === 'work');
  const running = place.start(['steal', place.name, '--yes', '--hold', '10s', '--wait', '0s', '-o', 'json']);
  await running.until('taken as', 60_000);
  await elector.exited;
  // Its process ends before its recorder has sent that: told again as one tells it that lives on.
  const path = '/api/v1/namespaces/shop/events';
  const { body } = await cluster.calls.call('GET', `${path}?fieldSelector=involvedObject.name=${place.name}`);
  const [became] = JSON.parse(body).items;
  expect(became).toMatchObject({ reason: 'LeaderElection', message: 'told-0 became leader' });
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const metadata = { name: `${became.metadata.name}-2`, namespace: 'shop' };
  const times = { firstTimestamp: now, lastTimestamp: now };
  await cluster.calls.must('POST', path, { ...became, metadata, message: 'told-0 stopped leading', ...times });
  const run = await running.ended;
  expect(run.code, run.stderr).toBe(0);
  const said = JSON.parse(run.stdout).steps.filter(({ step }: { step: string }) => step === 'incumbent-event');
  // "became leader" was before the steal, and is not of it.
  expect(said).toMatchObject([{ reason: 'LeaderElection', message: 'told-0 stopped leading' }]);
  expect(run.stderr).toContain('told-0 stopped leading');
});

it.concurrent('watch shows the Pod of the holder and its node', async () => {
  const pods = new FakePods(cluster);
  await pods.node('node-a', true);
  const place = await cluster.place('seen');
  await pods.running('seen-0', { node: 'node-a' });
  await place.holder('seen-0_1f0e').holds;
  const env = { KUBECONFIG: cluster.server.kubeconfig, NO_COLOR: '1' };
  const session = new TerminalSession(`'${process.execPath}' '${bin}' watch seen -n shop`, {
    columns: 120,
    rows: 30,
    env,
  });
  sessions.push(session);
  await session.until(/seen-0.*node-a/s);
});
