/** The other ports on a server that answers from a script: what is asked for, and what is made of the answers. */
import { afterEach, expect, it } from 'vitest';
import {
  connectionTo,
  json,
  type Script,
  startTestServer,
  status,
  type TestServer,
} from '../../../test/support/test-server.js';
import { Transport } from '../http/transport.js';
import { createAccessPort, createCandidatePort, createEventPort } from './ports-others.js';
import { createPodPort, podFacts } from './ports-pods.js';

const servers: TestServer[] = [];
const transports: Transport[] = [];
afterEach(async () => {
  for (const transport of transports.splice(0)) transport.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(...scripts: Script[]): Promise<{ server: TestServer; transport: Transport }> {
  const server = await startTestServer(scripts);
  servers.push(server);
  const transport = new Transport(connectionTo(server.url));
  transports.push(transport);
  return { server, transport };
}

const POD = {
  metadata: {
    namespace: 'ns',
    name: 'web-0',
    uid: 'u1',
    ownerReferences: [{ uid: 'other' }, { uid: 'rs', controller: true }],
  },
  spec: { nodeName: 'node' },
  status: {
    phase: 'Running',
    startTime: '2026-01-01T00:00:00Z',
    containerStatuses: [
      {
        name: 'main',
        containerID: 'containerd://b',
        state: { running: { startedAt: '2026-01-01T00:05:00Z' } },
        lastState: { terminated: { containerID: 'containerd://a' } },
      },
    ],
  },
};

it('reads Pods', async () => {
  const { server, transport } = await serve(json({ items: [POD] }));
  const answer = await createPodPort(transport).list('ns');
  expect(server.requests[0]?.line).toBe('GET /api/v1/namespaces/ns/pods HTTP/1.1');
  expect(answer).toMatchObject({ ok: true });
  expect(answer.ok && answer.value[0]).toMatchObject({
    name: 'web-0',
    uid: 'u1',
    nodeName: 'node',
    controllerUid: 'rs',
    mirror: false,
    deleting: false,
    containers: [{ id: 'containerd://b', state: 'running', endedIds: ['containerd://a'] }],
  });
});

it('takes nothing for granted in a Pod', () => {
  expect(podFacts({})).toMatchObject({ name: '', phase: '', startedAt: null, containers: [], hostNetwork: false });
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 };
  expect(podFacts({ metadata: going }).deleting).toBe(true);
  // Without grace it is no word that its containers have ended.
  expect(podFacts({ metadata: { ...going, deletionGracePeriodSeconds: 0 } }).deleting).toBe(false);
  expect(podFacts({ metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }).mirror).toBe(true);
});

it('evicts with the uid as precondition, and tells when a budget forbids it', async () => {
  const { server, transport } = await serve(
    json({ kind: 'Status', status: 'Success' }),
    status(429, { message: 'budget' }),
  );
  const pods = createPodPort(transport);
  const pod = { namespace: 'ns', name: 'web-0', uid: 'u1' };
  expect(await pods.evict(pod)).toMatchObject({ ok: true });
  expect(server.requests[0]?.line).toBe('POST /api/v1/namespaces/ns/pods/web-0/eviction HTTP/1.1');
  expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
    kind: 'Eviction',
    deleteOptions: { preconditions: { uid: 'u1' } },
  });
  expect(await pods.evict(pod)).toMatchObject({ ok: false, failure: { kind: 'throttled' } });
});

it('asks whether a node is Ready', async () => {
  const conditions = (ready: string) => json({ status: { conditions: [{ type: 'Ready', status: ready }] } });
  const { transport } = await serve(conditions('True'), conditions('Unknown'));
  expect(await createPodPort(transport).nodeReady('n')).toMatchObject({ value: true });
  expect(await createPodPort(transport).nodeReady('n')).toMatchObject({ value: false });
});

it('reads the Events about a Lease in order of time', async () => {
  const event = (at: string, message: string) => ({ lastTimestamp: at, reason: 'LeaderElection', message });
  const items = [event('2026-01-01T00:00:09Z', 'later'), event('2026-01-01T00:00:01Z', 'sooner')];
  const { server, transport } = await serve(json({ items }));
  const answer = await createEventPort(transport).about({ namespace: 'ns', name: 'web' });
  expect(answer.ok && answer.value.map((one) => one.message)).toEqual(['sooner', 'later']);
  expect(decodeURIComponent(server.requests[0]?.line ?? '')).toContain('involvedObject.name=web');
});

it('finds the candidates of a Lease, on servers that know only the older version', async () => {
  const item = (name: string, leaseName: string) => ({ metadata: { name }, spec: { leaseName } });
  const { transport } = await serve(
    status(404, { message: 'no' }),
    json({ items: [item('a', 'web'), item('b', 'api')] }),
  );
  const answer = await createCandidatePort(transport).of({ namespace: 'ns', name: 'web' });
  expect(answer).toMatchObject({ ok: true, value: ['a'] });
});

it('asks what it may do', async () => {
  const { server, transport } = await serve(json({ status: { allowed: true } }), json({ status: {} }));
  const access = createAccessPort(transport);
  const what = { verb: 'update', resource: 'leases', group: 'coordination.k8s.io', namespace: 'ns' };
  expect(await access.may(what)).toMatchObject({ ok: true, value: true });
  expect(JSON.parse(server.requests[0]?.body ?? '').spec.resourceAttributes).toEqual(what);
  expect(await access.may(what)).toMatchObject({ ok: false, failure: { kind: 'not-kubernetes' } });
});
