/** Pods on a real kube-apiserver: the incumbent's evicted, or seen to end, by whoever may and where it is surely that Pod. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChaosCluster, openChaosCluster, type Place } from '../support/chaos-cluster.js';
import type { FakeHolder } from '../support/fake-holder.js';
import { FakePods } from '../support/fake-pods.js';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js';

const WAIT_MS = 60_000;
const NODE = 'node-a';

let cluster: ChaosCluster;
let pods: FakePods;
let proxy: FaultProxy;
beforeAll(async () => {
  cluster = await openChaosCluster();
  proxy = await startFaultProxy({ kubeconfig: cluster.server.kubeconfig });
  pods = new FakePods(cluster);
  await pods.node(NODE, true);
  await pods.node('node-lost', false);
});
afterAll(async () => {
  await proxy?.close();
  await cluster?.close();
});

/** A Lease of that name, held by the Pod `<name>-0`. */
async function scene(
  name: string,
  { kubeconfig, seconds = 3 }: { kubeconfig?: string; seconds?: number } = {},
): Promise<{ place: Place; leader: FakeHolder; pod: string }> {
  const place = await cluster.place(name, kubeconfig === undefined ? {} : { kubeconfig });
  const pod = `${name}-0`;
  const leader = place.holder(`${pod}_1f0e`, { durationSeconds: seconds });
  await leader.holds;
  return { place, leader, pod };
}

const evict = ({ place }: { place: Place }, ...more: string[]) =>
  place.kle('release', place.name, '--yes', '--via', 'evict', '-o', 'json', ...more);

describe.concurrent('--via evict', () => {
  it('evicts the Pod that holds it, by its uid, and sees who leads then', async () => {
    const client = await proxy.client('evictor');
    const stage = await scene('evicted', { kubeconfig: client.kubeconfig });
    const { place, leader, pod } = stage;
    const { metadata } = await pods.running(pod, { node: NODE });
    const asked = client.waitFor(({ path }) => path.endsWith('/eviction'), WAIT_MS);
    const run = evict(stage, '--wait', '30s');
    const { body } = await asked;
    expect(JSON.parse(body)).toMatchObject({ deleteOptions: { preconditions: { uid: metadata.uid } } });
    // What a controller does that is told to go: its work ends, then its Lease is free, then its Pod is gone.
    leader.stop();
    const next = place.holder('evicted-1', { durationSeconds: 3, everyMs: 200 });
    await place.kle('release', place.name, '--identity', leader.identity);
    const done = await run;
    expect(done.code, done.stderr).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ via: 'evict', outcome: 'handed-over', to: next.identity });
    expect((await pods.get(pod)).metadata.deletionTimestamp).toBeDefined();
  });

  it('does not touch a Pod of that name that is another one', async () => {
    const client = await proxy.client('late-evictor');
    const stage = await scene('replaced', { kubeconfig: client.kubeconfig });
    await pods.running(stage.pod, { node: NODE });
    const held = client.fault({ path: /\/eviction$/ }, { do: 'hold' });
    const run = evict(stage);
    await held.hit(1, WAIT_MS);
    await pods.gone(stage.pod);
    const { metadata } = await pods.running(stage.pod, { node: NODE });
    await held.deliver();
    const done = await run;
    expect(done.code, done.stderr).toBe(3);
    const { metadata: after } = await pods.get(stage.pod);
    expect([after.uid, after.deletionTimestamp]).toEqual([metadata.uid, undefined]);
  });

  it('heeds a disruption budget', async () => {
    const stage = await scene('guarded');
    await pods.running(stage.pod, { node: NODE });
    await pods.budget(stage.pod, 0);
    const done = await evict(stage);
    expect(done.code, done.stderr).toBe(3);
    expect(JSON.parse(done.stdout)).toMatchObject({ outcome: 'refused', refusal: { code: 'budget-forbids' } });
    expect(done.stderr).toContain('disruption budget');
    expect((await pods.get(stage.pod)).metadata.deletionTimestamp).toBeUndefined();
  });

  it('goes where a budget allows it', async () => {
    const stage = await scene('allowed');
    await pods.running(stage.pod, { node: NODE });
    await pods.budget(stage.pod, 1);
    const done = await evict(stage, '--wait', '1s');
    // Nobody plays the kubelet, so its holder goes on: that it was asked to go is all that is known.
    expect(done.code, done.stderr).toBe(5);
    expect(JSON.parse(done.stdout)).toMatchObject({ outcome: 'unverified', to: stage.leader.identity });
    expect((await pods.get(stage.pod)).metadata.deletionTimestamp).toBeDefined();
  });

  it.each([
    ['the shadow of a static Pod', 'mirror', { annotations: { 'kubernetes.io/config.mirror': 'x' } }],
    ["a Pod on the host's network, whose name is the node's", 'host', { hostNetwork: true }],
    ['a Pod that started after its holder appeared', 'young', { startTime: '2099-01-01T00:00:00Z' }],
  ])('refuses %s: 3, and nothing was asked', async (_what, name, options) => {
    const stage = await scene(name);
    await pods.running(stage.pod, { node: NODE, ...options });
    const done = await evict(stage);
    expect(done.code, done.stderr).toBe(3);
    expect((await pods.get(stage.pod)).metadata.deletionTimestamp).toBeUndefined();
    const { metadata } = await stage.place.lease();
    expect(metadata.managedFields?.map(({ manager }) => manager)).toEqual(['fake-holder']);
  });

  it('refuses a Pod that is going already, and one that is not there', async () => {
    const stage = await scene('going');
    expect((await evict(stage)).code).toBe(3);
    await pods.running(stage.pod, { node: NODE });
    await pods.askedToGo(stage.pod);
    const done = await evict(stage);
    expect(done.code).toBe(3);
    expect(done.stderr).toContain(stage.pod);
  });

  it('warns before the question that the right is missing, and then does nothing', async () => {
    const stage = await scene('rightless');
    await pods.running(stage.pod, { node: NODE });
    const kubeconfig = await userOf('viewer-token', [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    ]);
    const said = 'you may not create pods/eviction in shop';
    const asViewer = ['--kubeconfig', kubeconfig, '--via', 'evict'];
    const planned = await stage.place.kle('release', stage.place.name, '--dry-run', '-o', 'json', ...asViewer);
    expect(planned.code).toBe(0);
    expect(planned.stderr).toBe('');
    expect(JSON.parse(planned.stdout).warnings[0]).toMatchObject({ code: 'right-missing', resource: 'pods/eviction' });
    const done = await stage.place.kle('release', stage.place.name, '--yes', ...asViewer);
    expect(done.code, done.stderr).toBe(4);
    expect(done.stderr).toContain(said);
    const fence = await stage.place.kle('release', stage.place.name, '--yes', '--kubeconfig', kubeconfig);
    expect(fence.code, fence.stderr).toBe(4);
    expect(fence.stderr).toContain('you may not update leases.coordination.k8s.io in shop');
    expect((await pods.get(stage.pod)).metadata.deletionTimestamp).toBeUndefined();
    expect(stage.place.journals()).toEqual([]);
  });
});

/** A kubeconfig of a user that has these rights in the namespace and no other. */
async function userOf(token: string, rules: object[]): Promise<string> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop';
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'viewer' };
  await cluster.calls.must('POST', `${rbac}/roles`, { metadata: { name: 'viewer' }, rules });
  const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'viewer' }];
  await cluster.calls.must('POST', `${rbac}/rolebindings`, { metadata: { name: 'viewer' }, roleRef, subjects });
  const path = `${cluster.server.dir}/viewer.json`;
  const { server } = cluster.server;
  const ca = `${cluster.server.dir}/ca.crt`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': ca } }],
    users: [{ name: 'viewer', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'viewer' } }],
    'current-context': 'c',
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

describe.concurrent('the stop wait of a fence', () => {
  const fence = async (stage: { place: Place }) => {
    const running = stage.place.start(['release', stage.place.name, '--yes', '-o', 'json', '--wait', '0s']);
    await running.until('fenced as', WAIT_MS);
    return running;
  };
  const result = (stdout: string) => {
    const { steps, plan } = JSON.parse(stdout);
    const [fenced, over] = ['fenced', 'freed'].map((name) =>
      Date.parse(steps.find(({ step }: { step: string }) => step === name)?.at),
    );
    const { forMs } = plan.find(({ step }: { step: string }) => step === 'stop-wait');
    const names = steps.map(({ step }: { step: string }) => step);
    return { names, waitedMs: (over ?? 0) - (fenced ?? 0), forMs };
  };
  /** kle looks at the Pod once a second: it has to have seen it run before it can see it ended. */
  const seenRunning = (client: { waitFor: FaultProxyWait }, pod: string) =>
    client.waitFor(({ path, verb, answered }) => verb === 'get' && path.endsWith(`/pods/${pod}`) && answered !== null);

  it('ends when the containers of its Pod have, on a node that is Ready', async () => {
    const client = await proxy.client('pod-watcher');
    const stage = await scene('ending', { kubeconfig: client.kubeconfig, seconds: 60 });
    await pods.running(stage.pod, { node: NODE });
    const running = await fence(stage);
    stage.leader.stop();
    await seenRunning(client, stage.pod);
    await pods.ended(stage.pod);
    const { names, waitedMs, forMs } = result((await running.ended).stdout);
    expect(names).toContain('pod-ended');
    expect(waitedMs).toBeLessThan(forMs / 2);
  });

  it('ends when its Pod was evicted by somebody, and has gone', async () => {
    const client = await proxy.client('eviction-watcher');
    const stage = await scene('leaving', { kubeconfig: client.kubeconfig, seconds: 60 });
    await pods.running(stage.pod, { node: NODE });
    const running = await fence(stage);
    stage.leader.stop();
    await seenRunning(client, stage.pod);
    await pods.askedToGo(stage.pod);
    const asked = process.hrtime.bigint();
    await client.waitFor(
      ({ path, arrived, answered }) => path.endsWith(`/pods/${stage.pod}`) && arrived > asked && answered !== null,
    );
    await pods.gone(stage.pod);
    const { names, waitedMs, forMs } = result((await running.ended).stdout);
    expect(names).toContain('pod-ended');
    expect(waitedMs).toBeLessThan(forMs / 2);
  });

  it('is not cut short where its containers ended on a node that answers no more', async () => {
    const client = await proxy.client('lost-watcher');
    const stage = await scene('lost', { kubeconfig: client.kubeconfig });
    await pods.running(stage.pod, { node: 'node-lost' });
    const running = await fence(stage);
    stage.leader.stop();
    await seenRunning(client, stage.pod);
    await pods.ended(stage.pod);
    await client.waitFor(({ path, answered }) => path.endsWith('/nodes/node-lost') && answered !== null);
    const { names } = result((await running.ended).stdout);
    expect(names).toContain('stop-wait-over');
    expect(names).not.toContain('pod-ended');
  });

  it("is not cut short by a Pod on the host's network, which is not even looked at", async () => {
    const client = await proxy.client('shared-watcher');
    const stage = await scene('shared', { kubeconfig: client.kubeconfig });
    await pods.running(stage.pod, { node: NODE, hostNetwork: true });
    const running = await fence(stage);
    stage.leader.stop();
    await pods.ended(stage.pod);
    const { names } = result((await running.ended).stdout);
    expect(names).toContain('stop-wait-over');
    expect(names).not.toContain('pod-ended');
    expect(client.requests.filter(({ path }) => path.endsWith(`/pods/${stage.pod}`))).toEqual([]);
  });

  it('is not cut short by a Pod that vanished without a word', async () => {
    const client = await proxy.client('vanish-watcher');
    const stage = await scene('vanished', { kubeconfig: client.kubeconfig });
    await pods.running(stage.pod, { node: NODE });
    const running = await fence(stage);
    stage.leader.stop();
    await seenRunning(client, stage.pod);
    await pods.gone(stage.pod);
    const { names } = result((await running.ended).stdout);
    expect(names).not.toContain('pod-ended');
    expect(names).toContain('stop-wait-over');
  });
});

type FaultProxyWait = Awaited<ReturnType<FaultProxy['client']>>['waitFor'];
