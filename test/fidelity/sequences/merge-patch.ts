import { get, LATER, LEASES, lease, mergePatch as patch, post, type Sequence, TIME } from '../sequence.js';

const start = post(
  LEASES,
  lease('a', { holderIdentity: 'x', leaseDurationSeconds: 15, renewTime: TIME }, { labels: { app: 'one', zone: 'z' } }),
);

export const mergePatch: Sequence[] = [
  {
    name: 'merge patches set, change and remove',
    steps: [
      start,
      patch(`${LEASES}/a`, { spec: { holderIdentity: 'y', renewTime: LATER } }),
      patch(`${LEASES}/a`, { spec: { holderIdentity: null, leaseTransitions: 1 } }),
      patch(`${LEASES}/a`, { metadata: { labels: { app: null, tier: 'b' }, annotations: { n: '1' } } }),
      patch(`${LEASES}/a`, { metadata: { labels: null } }),
      patch(`${LEASES}/a`, { spec: null }),
      patch(`${LEASES}/a`, { metadata: null }),
      get(`${LEASES}/a`),
    ],
  },
  {
    name: 'merge patches that change nothing',
    steps: [
      start,
      patch(`${LEASES}/a`, {}),
      patch(`${LEASES}/a`, { spec: {} }),
      patch(`${LEASES}/a`, { spec: { holderIdentity: 'x' } }),
      patch(`${LEASES}/a`, { spec: { leaseTransitions: null } }),
      patch(`${LEASES}/a`, { metadata: { labels: { other: null } } }),
      patch(`${LEASES}/a`, { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1' }),
    ],
  },
  {
    name: 'merge patches that are none',
    steps: [
      start,
      ...['', '[]', 'null', '"x"', '1', '{', '{"spec":}', '{} {}'].map((body) => patch(`${LEASES}/a`, body)),
    ],
  },
  {
    name: 'merge patches to something else',
    steps: [
      start,
      patch(`${LEASES}/a`, { kind: 'ConfigMap' }),
      patch(`${LEASES}/a`, { kind: null }),
      patch(`${LEASES}/a`, { apiVersion: 'v1' }),
      patch(`${LEASES}/a`, { apiVersion: null }),
      patch(`${LEASES}/a`, { apiVersion: 'coordination.k8s.io/v1beta1' }),
      patch(`${LEASES}/a`, { spec: 'x' }),
      patch(`${LEASES}/a`, { spec: [] }),
      patch(`${LEASES}/a`, { spec: { leaseDurationSeconds: 'x' } }),
      patch(`${LEASES}/a`, { spec: { leaseDurationSeconds: 0 } }),
      patch(`${LEASES}/a`, { spec: { leaseDurationSeconds: 1.5 } }),
      patch(`${LEASES}/a`, '{"spec":{"leaseDurationSeconds":20.0}}'),
      patch(`${LEASES}/a`, '{"spec":{"leaseDurationSeconds":3e1}}'),
      patch(`${LEASES}/a`, { metadata: { labels: { app: 1 } } }),
      patch(`${LEASES}/a`, { metadata: { labels: { app: { deep: null } } } }),
      patch(`${LEASES}/a`, { metadata: { creationTimestamp: null }, spec: { holderIdentity: 'q' } }),
      patch(`${LEASES}/a`, { metadata: { creationTimestamp: '2020-01-01T00:00:00Z' } }),
      patch(`${LEASES}/a`, { metadata: { deletionTimestamp: '2020-01-01T00:00:00Z' } }),
      patch(`${LEASES}/a`, { metadata: { generation: 5 } }),
    ],
  },
  {
    name: 'merge patches with unknown members',
    steps: [
      start,
      patch(`${LEASES}/a`, { spec: { nonsense: 1, holderIdentity: 'w' } }),
      patch(`${LEASES}/a?fieldValidation=Strict`, { spec: { nonsense: 1 } }),
      patch(`${LEASES}/a?fieldValidation=Ignore`, { spec: { nonsense: 1, holderIdentity: 'v' } }),
      patch(`${LEASES}/a`, '{"spec":{"holderIdentity":"1","holderIdentity":"2"}}'),
      patch(`${LEASES}/a?fieldValidation=Strict`, '{"spec":{"holderIdentity":"1","holderIdentity":"2"}}'),
      patch(`${LEASES}/a?force=true`, { spec: {} }),
      patch(`${LEASES}/a?fieldManager=${'m'.repeat(129)}`, { spec: {} }),
      patch(`${LEASES}/a?fieldValidation=Perhaps&dryRun=Some`, { spec: {} }),
    ],
  },
  {
    name: 'refusals quote the object as Go writes it',
    steps: [
      post(
        LEASES,
        lease('a', { holderIdentity: 'ä<&>\u2028"\\' }, { labels: { z: '1', a: '2' }, annotations: { y: '<', b: '' } }),
      ),
      patch(`${LEASES}/a`, { spec: { renewTime: 'x' } }),
      patch(`${LEASES}/a`, { kind: 'Pod' }),
      patch(`${LEASES}/a?fieldValidation=Strict`, { spec: { nonsense: '<' }, metadata: { labels: { m: '3' } } }),
    ],
  },
  {
    name: 'two rivals patch without a version: both win',
    steps: [
      start,
      patch(`${LEASES}/a?fieldManager=one`, { spec: { holderIdentity: 'one', renewTime: LATER } }),
      patch(`${LEASES}/a?fieldManager=two`, { spec: { holderIdentity: 'two', renewTime: LATER } }),
      get(`${LEASES}/a`),
    ],
    timed: true,
  },
];
