import { del, edit, LEASES, lease, mergePatch, NO_UID, post, put, type Sequence } from '../sequence.js';

export const preconditions: Sequence[] = [
  {
    name: 'the resourceVersion of a PUT',
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      put(`${LEASES}/a`, edit('a', { spec: { holderIdentity: 'y' } })),
      put(`${LEASES}/a`, edit('a', { spec: { holderIdentity: 'z' } })),
      put(`${LEASES}/a`, lease('a', { holderIdentity: 'z' })),
      ...['0', '', 'abc', '-1', '1.5', '99999999999999999999', ' 1'].map((resourceVersion) =>
        put(`${LEASES}/a`, lease('a', { holderIdentity: 'z' }, { resourceVersion })),
      ),
      put(`${LEASES}/a`, '{"metadata":{"name":"a","resourceVersion":1},"spec":{}}'),
      put(`${LEASES}/a`, lease('a', { holderIdentity: 'z' }, { resourceVersion: '999999999' })),
      put(`${LEASES}/a`, lease('a', { holderIdentity: 'z' }, { resourceVersion: '0{{rv:a}}' })),
    ],
  },
  {
    name: 'the uid of a PUT',
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      put(`${LEASES}/a`, edit('a', { metadata: { uid: NO_UID }, spec: { holderIdentity: 'y' } })),
      put(`${LEASES}/a`, edit('a', { metadata: { uid: '' }, spec: { holderIdentity: 'y' } })),
      put(`${LEASES}/a`, lease('a', { holderIdentity: 'z' }, { uid: '{{uid:a}}' })),
      put(`${LEASES}/a`, lease('a', { holderIdentity: 'z' }, { uid: NO_UID })),
      put(`${LEASES}/missing`, lease('missing', {}, { uid: NO_UID })),
    ],
  },
  {
    name: 'PUT of what somebody has deleted',
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      del(`${LEASES}/a`),
      put(`${LEASES}/a`, edit('a', {})),
      put(`${LEASES}/a`, edit('a', { metadata: { uid: null } })),
      put(`${LEASES}/a`, edit('a', {})),
    ],
  },
  {
    name: 'the resourceVersion of a merge patch',
    steps: [
      post(LEASES, lease('a')),
      ...[null, '', '0', 'abc', '1', '999999999'].map((resourceVersion) =>
        mergePatch(`${LEASES}/a`, { metadata: { resourceVersion }, spec: { holderIdentity: 'y' } }),
      ),
      mergePatch(`${LEASES}/a`, { metadata: { resourceVersion: '{{rv:a}}' }, spec: { holderIdentity: 'y' } }),
      mergePatch(`${LEASES}/a`, { metadata: { resourceVersion: '{{oldrv:a}}' }, spec: { holderIdentity: 'y' } }),
      mergePatch(`${LEASES}/a`, { metadata: { resourceVersion: '{{rv:a}}' }, spec: { holderIdentity: 'y' } }),
      mergePatch(`${LEASES}/a`, '{"metadata":{"resourceVersion":5}}'),
    ],
  },
  {
    name: 'the uid and name of a merge patch',
    steps: [
      post(LEASES, lease('a')),
      mergePatch(`${LEASES}/a`, { metadata: { uid: NO_UID } }),
      mergePatch(`${LEASES}/a`, { metadata: { uid: '{{uid:a}}' }, spec: { holderIdentity: 'y' } }),
      mergePatch(`${LEASES}/a`, { metadata: { uid: null }, spec: { holderIdentity: 'z' } }),
      mergePatch(`${LEASES}/a`, { metadata: { uid: '' }, spec: { holderIdentity: 'zz' } }),
      mergePatch(`${LEASES}/a`, { metadata: { name: 'b' } }),
      mergePatch(`${LEASES}/a`, { metadata: { name: null }, spec: { holderIdentity: 'w' } }),
      mergePatch(`${LEASES}/a`, { metadata: { namespace: 'other' } }),
      mergePatch(`${LEASES}/a`, { metadata: { namespace: null }, spec: { holderIdentity: 'v' } }),
      mergePatch(`${LEASES}/missing`, { spec: {} }),
    ],
  },
  {
    name: 'preconditions of a deletion',
    steps: [
      post(LEASES, lease('a')),
      del(`${LEASES}/a`, { preconditions: { uid: NO_UID } }),
      del(`${LEASES}/a`, { preconditions: { uid: '' } }),
      del(`${LEASES}/a`, { preconditions: { resourceVersion: '1' } }),
      del(`${LEASES}/a`, { preconditions: { resourceVersion: 'abc' } }),
      del(`${LEASES}/a`, { preconditions: { resourceVersion: '' } }),
      del(`${LEASES}/a`, { preconditions: { uid: '{{uid:a}}', resourceVersion: '1' } }),
      del(`${LEASES}/a`, { preconditions: { uid: NO_UID, resourceVersion: '1' } }),
      del(`${LEASES}/missing`, { preconditions: { uid: NO_UID } }),
      del(`${LEASES}/a`, { preconditions: { uid: '{{uid:a}}', resourceVersion: '{{rv:a}}' } }),
    ],
  },
  {
    name: 'a deletion that was meant for an earlier Lease',
    steps: [
      post(LEASES, lease('a')),
      del(`${LEASES}/a`),
      post(LEASES, lease('a')),
      del(`${LEASES}/a`, { preconditions: { uid: '{{olduid:a}}' } }),
      del(`${LEASES}/a`, { preconditions: { resourceVersion: '{{oldrv:a}}' } }),
      del(`${LEASES}/a`, { preconditions: { uid: '{{uid:a}}' } }),
    ],
  },
];
