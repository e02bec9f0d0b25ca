import {
  as,
  del,
  EVENTS,
  edit,
  events,
  get,
  LATER,
  LEASES,
  lease,
  mergePatch,
  post,
  put,
  type Sequence,
  strategicPatch,
  TIME,
  watch,
} from '../sequence.js';

const election = as('leader-election');
const merge = (agent: string) => ({ headers: { 'user-agent': agent, 'content-type': 'application/merge-patch+json' } });

export const clients: Sequence[] = [
  {
    name: 'two client-go electors hand a Lease over',
    timed: true,
    steps: [
      get(`${LEASES}/lock`, election),
      post(
        LEASES,
        lease('lock', {
          holderIdentity: 'one',
          leaseDurationSeconds: 15,
          acquireTime: TIME,
          renewTime: TIME,
          leaseTransitions: 0,
        }),
        { as: 'one', ...election },
      ),
      post(
        LEASES,
        lease('lock', {
          holderIdentity: 'two',
          leaseDurationSeconds: 15,
          acquireTime: TIME,
          renewTime: TIME,
          leaseTransitions: 0,
        }),
        election,
      ),
      get(`${LEASES}/lock`, { as: 'seen', ...election }),
      put(`${LEASES}/lock`, edit('one', { spec: { renewTime: LATER } }), { as: 'renewed', ...election }),
      put(`${LEASES}/lock`, edit('seen', { spec: { holderIdentity: 'two', leaseTransitions: 1 } }), election),
      put(`${LEASES}/lock`, edit('renewed', { spec: { holderIdentity: '', leaseDurationSeconds: 1 } }), {
        as: 'released',
        ...election,
      }),
      put(
        `${LEASES}/lock`,
        edit('released', { spec: { holderIdentity: 'two', leaseDurationSeconds: 15, leaseTransitions: 1 } }),
        election,
      ),
    ],
  },
  {
    name: 'kube-leader-election takes, renews and steps down by merge patches',
    timed: true,
    steps: [
      get(`${LEASES}/lock`),
      post(
        LEASES,
        lease('lock', {
          holderIdentity: 'one',
          leaseDurationSeconds: 15,
          leaseTransitions: 0,
          acquireTime: TIME,
          renewTime: '2026-01-02T03:04:05.123456+00:00',
        }),
      ),
      mergePatch(
        `${LEASES}/lock?fieldManager=one`,
        {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'lock' },
          spec: { renewTime: '2026-01-02T03:04:15.123456+00:00', leaseDurationSeconds: 15 },
        },
        merge('rust'),
      ),
      mergePatch(
        `${LEASES}/lock?fieldManager=two`,
        {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'lock' },
          spec: { holderIdentity: 'two', leaseTransitions: 1, renewTime: LATER, acquireTime: LATER },
        },
        merge('rust'),
      ),
      mergePatch(
        `${LEASES}/lock?fieldManager=two`,
        {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { name: 'lock' },
          spec: {
            renewTime: '2026-01-02T03:04:05.000000Z',
            leaseDurationSeconds: 1,
            acquireTime: '2026-01-02T03:04:05.000000Z',
          },
        },
        merge('rust'),
      ),
    ],
  },
  {
    name: 'fabric8 patches with the version it has read',
    steps: [
      post(LEASES, lease('lock', { holderIdentity: 'one', renewTime: TIME }), { as: 'one' }),
      mergePatch(
        `${LEASES}/lock`,
        { metadata: { resourceVersion: '{{one.metadata.resourceVersion}}' }, spec: { renewTime: LATER } },
        { as: 'two' },
      ),
      mergePatch(`${LEASES}/lock`, {
        metadata: { resourceVersion: '{{one.metadata.resourceVersion}}' },
        spec: { holderIdentity: 'two' },
      }),
      mergePatch(`${LEASES}/lock`, {
        metadata: { resourceVersion: '{{two.metadata.resourceVersion}}' },
        spec: { holderIdentity: 'two' },
      }),
    ],
  },
  {
    name: 'kubectl delete, describe and get -w',
    timed: true,
    steps: [
      post(`${LEASES}?fieldManager=kubectl-create&fieldValidation=Strict`, lease('a'), { as: 'a' }),
      post(EVENTS, {
        metadata: { name: 'e' },
        involvedObject: { kind: 'Lease', name: 'a', namespace: '{{ns}}', uid: '{{a.metadata.uid}}' },
        reason: 'R',
        message: 'm',
      }),
      get(
        `${EVENTS}?fieldSelector=involvedObject.name%3Da%2CinvolvedObject.namespace%3D{{ns}}%2CinvolvedObject.kind%3DLease%2CinvolvedObject.uid%3D{{a.metadata.uid}}&limit=500`,
      ),
      get(`${LEASES}/a?resourceVersion={{rv:a}}`, { view: () => 'the cache has it' }),
      watch('w', `${LEASES}?fieldSelector=metadata.name%3Da&resourceVersion=0&watch=true`),
      events('w', 1),
      mergePatch(`${LEASES}/a?fieldManager=kubectl-annotate`, { metadata: { annotations: { n: '1' } } }),
      strategicPatch(`${LEASES}/a?fieldManager=kubectl-patch`, { spec: { holderIdentity: 'z' } }),
      del(`${LEASES}/a`, { propagationPolicy: 'Background' }, { as: 'gone' }),
      get(`${LEASES}/a`),
      watch(
        'wait',
        `${LEASES}?fieldSelector=metadata.name%3Da&watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`,
      ),
      events('wait', 'bookmark'),
      events('w', 3),
    ],
  },
  {
    name: 'the conformance test of Leases',
    timed: true,
    steps: [
      post(
        LEASES,
        lease('lease', {
          holderIdentity: 'holder',
          leaseDurationSeconds: 30,
          acquireTime: '0001-01-01T00:00:02.000000Z',
          renewTime: '0001-01-01T00:00:05.000000Z',
          leaseTransitions: 0,
        }),
        { as: 'made' },
      ),
      get(`${LEASES}/lease`),
      put(
        `${LEASES}/lease`,
        edit('made', {
          spec: {
            holderIdentity: 'holder2',
            leaseDurationSeconds: 50,
            acquireTime: '0001-01-01T00:00:10.000000Z',
            renewTime: '0001-01-01T00:00:20.000000Z',
            leaseTransitions: 5,
          },
        }),
      ),
      strategicPatch(`${LEASES}/lease`, {
        spec: {
          acquireTime: '0001-01-01T00:00:50.000000Z',
          holderIdentity: 'holder3',
          leaseDurationSeconds: 60,
          leaseTransitions: null,
          renewTime: '0001-01-01T00:01:10.000000Z',
        },
      }),
      post(LEASES, lease('lease2', {}, { labels: { deletecollection: 'true' } })),
      get(LEASES),
      del(`${LEASES}?labelSelector=deletecollection%3Dtrue`),
      get(LEASES),
      del(`${LEASES}/lease`),
      get(`${LEASES}/lease`),
    ],
  },
];
