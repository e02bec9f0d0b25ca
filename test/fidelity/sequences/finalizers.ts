import { del, edit, events, get, LEASES, lease, mergePatch, post, put, type Sequence, watch } from '../sequence.js';

const held = post(LEASES, lease('a', {}, { finalizers: ['f.example/one', 'f.example/two'] }), { as: 'a' });
const follow = watch('w', `${LEASES}?watch=true&resourceVersion={{a.metadata.resourceVersion}}`);

export const finalizers: Sequence[] = [
  {
    name: 'a finalizer holds a Lease until it is removed',
    steps: [
      held,
      follow,
      del(`${LEASES}/a`),
      del(`${LEASES}/a`),
      get(`${LEASES}/a`),
      post(LEASES, lease('a')),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'still' } }),
      mergePatch(`${LEASES}/a`, { metadata: { finalizers: ['f.example/two'] } }),
      mergePatch(`${LEASES}/a`, { metadata: { finalizers: ['f.example/two', 'f.example/new'] } }),
      mergePatch(`${LEASES}/a`, { metadata: { finalizers: [] }, spec: { holderIdentity: 'gone' } }),
      get(`${LEASES}/a`),
      post(LEASES, lease('a')),
      events('w', 5),
    ],
  },
  {
    name: 'PUT of what is being deleted',
    steps: [
      held,
      follow,
      del(`${LEASES}/a`),
      get(`${LEASES}/a`, { as: 'ending' }),
      put(`${LEASES}/a`, edit('a', { spec: { leaseTransitions: 1 } })),
      put(`${LEASES}/a`, edit('a', { metadata: { resourceVersion: '{{rv:a}}' }, spec: { leaseTransitions: 1 } })),
      put(`${LEASES}/a`, edit('a', { metadata: { resourceVersion: '{{rv:a}}', finalizers: ['f.example/three'] } })),
      put(
        `${LEASES}/a`,
        edit('ending', { metadata: { resourceVersion: '{{rv:a}}', deletionTimestamp: '2020-01-01T00:00:00Z' } }),
      ),
      put(`${LEASES}/a`, edit('ending', { metadata: { resourceVersion: '{{rv:a}}', deletionGracePeriodSeconds: 60 } })),
      put(`${LEASES}/a`, edit('ending', { metadata: { resourceVersion: '{{rv:a}}', finalizers: null } })),
      get(`${LEASES}/a`),
      events('w', 3),
    ],
  },
  {
    name: 'deletion of the held with preconditions and grace',
    steps: [
      held,
      del(`${LEASES}/a`, { preconditions: { resourceVersion: '1' } }),
      del(`${LEASES}/a?gracePeriodSeconds=60`),
      del(`${LEASES}/a`, { preconditions: { resourceVersion: '{{oldrv:a}}' }, gracePeriodSeconds: 0 }),
      mergePatch(`${LEASES}/a`, { metadata: { finalizers: null } }),
      get(`${LEASES}/a`),
    ],
  },
];
