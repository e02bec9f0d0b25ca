import { del, edit, get, LATER, LEASES, lease, mergePatch, post, put, type Sequence, TIME } from '../sequence.js';

const record = {
  holderIdentity: 'me',
  leaseDurationSeconds: 15,
  acquireTime: TIME,
  renewTime: TIME,
  leaseTransitions: 3,
};

export const crud: Sequence[] = [
  {
    name: 'a Lease from its creation to its deletion',
    steps: [
      get(`${LEASES}/a`),
      post(LEASES, lease('a', record), { as: 'a' }),
      get(`${LEASES}/a`),
      put(`${LEASES}/a`, edit('a', { spec: { renewTime: LATER } }), { as: 'renewed' }),
      get(LEASES),
      mergePatch(`${LEASES}/a`, { metadata: { labels: { app: 'x' } } }),
      del(`${LEASES}/a`),
      get(`${LEASES}/a`),
      del(`${LEASES}/a`),
      get(LEASES),
    ],
  },
  {
    name: 'a Lease with nothing in it',
    steps: [
      post(LEASES, { metadata: { name: 'a' } }),
      post(LEASES, { metadata: { name: 'b' }, spec: null }),
      post(LEASES, { metadata: { name: 'c' }, spec: {} }),
      post(LEASES, { kind: 'Lease', metadata: { name: 'd' } }),
      post(LEASES, { apiVersion: 'coordination.k8s.io/v1', metadata: { name: 'e' } }),
      post(LEASES, lease('f', { holderIdentity: '', leaseTransitions: 0, leaseDurationSeconds: 1 })),
      get(LEASES),
    ],
  },
  {
    name: 'a second creation, and another in its place after the deletion',
    steps: [
      post(LEASES, lease('a'), { as: 'first' }),
      post(LEASES, lease('a', { holderIdentity: 'other' })),
      del(`${LEASES}/a`),
      post(LEASES, lease('a', { holderIdentity: 'other' }), { as: 'second' }),
      put(`${LEASES}/a`, edit('first', { spec: { leaseTransitions: 1 } })),
      put(`${LEASES}/a`, edit('second', { spec: { leaseTransitions: 1 } })),
    ],
  },
  {
    name: 'PUT onto a missing Lease creates it',
    steps: [
      put(`${LEASES}/a`, lease('a')),
      put(`${LEASES}/b`, { spec: {} }),
      put(`${LEASES}/c`, lease('c', {}, { resourceVersion: '12345' })),
      put(`${LEASES}/d`, lease('d', {}, { uid: '{{uid:a}}' })),
      put(`${LEASES}/e`, lease('e', {}, { resourceVersion: 'abc' })),
      put(`${LEASES}/f`, lease('f', {}, { resourceVersion: '0' })),
      put(`${LEASES}/G`, lease('G')),
    ],
  },
  {
    name: 'PUT replaces all that is not said',
    steps: [
      post(LEASES, lease('a', record, { labels: { a: '1' }, annotations: { b: '2' } }), { as: 'a' }),
      put(`${LEASES}/a`, lease('a', { holderIdentity: 'me' }, { resourceVersion: '{{rv:a}}' })),
      put(`${LEASES}/a`, { metadata: { name: 'a', resourceVersion: '{{rv:a}}' } }),
      put(`${LEASES}/a`, lease('a', { holderIdentity: '' }, { resourceVersion: '{{rv:a}}' })),
    ],
  },
  {
    name: 'PUT under the name of another',
    steps: [
      post(LEASES, lease('a')),
      put(`${LEASES}/a`, lease('b', {}, { resourceVersion: '{{rv:a}}' })),
      put(`${LEASES}/a`, lease('', {}, { resourceVersion: '{{rv:a}}' })),
      put(`${LEASES}/a`, lease('a', {}, { resourceVersion: '{{rv:a}}', namespace: 'other' })),
      post(LEASES, lease('c', {}, { namespace: 'other' })),
      post(LEASES, lease('c', {}, { namespace: '{{ns}}' })),
    ],
  },
  {
    name: 'what clients may not say of metadata',
    steps: [
      post(
        LEASES,
        lease(
          'a',
          {},
          {
            uid: 'mine',
            creationTimestamp: '2020-01-01T00:00:00Z',
            deletionTimestamp: '2020-01-01T00:00:00Z',
            deletionGracePeriodSeconds: 5,
            selfLink: '/x',
            generation: 7,
          },
        ),
      ),
      post(LEASES, lease('b', {}, { generation: -1 })),
      put(`${LEASES}/a`, lease('a', {}, { resourceVersion: '{{rv:a}}', creationTimestamp: '2020-01-01T00:00:00Z' })),
      put(`${LEASES}/a`, lease('a', {}, { resourceVersion: '{{rv:a}}', generation: 9, selfLink: '/y' })),
      put(`${LEASES}/a`, lease('a', {}, { resourceVersion: '{{rv:a}}', deletionTimestamp: '2020-01-01T00:00:00Z' })),
      put(`${LEASES}/a`, lease('a', {}, { resourceVersion: '{{rv:a}}', uid: 'mine' })),
    ],
  },
  {
    name: 'a resourceVersion in a creation',
    steps: ['1', '0', '', 'abc', '-1'].map((version, i) =>
      post(LEASES, lease(`a${i}`, {}, { resourceVersion: version })),
    ),
  },
];
