import { as, edit, get, LATER, LEASES, lease, mergePatch, post, put, type Sequence, TIME, tick } from '../sequence.js';

const full = { holderIdentity: 'x', leaseDurationSeconds: 15, renewTime: TIME };

export const managedFields: Sequence[] = [
  {
    name: 'a field moves to who changes it',
    timed: true,
    steps: [
      post(LEASES, lease('a', full), { as: 'a', ...as('one') }),
      put(`${LEASES}/a`, edit('a', { spec: { renewTime: LATER } }), { as: 'b', ...as('two') }),
      put(`${LEASES}/a`, edit('b', { spec: { renewTime: TIME } }), { as: 'c', ...as('one') }),
      put(`${LEASES}/a`, edit('c', { spec: { holderIdentity: 'y', leaseDurationSeconds: 9 } }), {
        as: 'd',
        ...as('two'),
      }),
      put(`${LEASES}/a`, edit('d', { spec: { holderIdentity: null } }), { as: 'e', ...as('three') }),
      get(`${LEASES}/a`),
    ],
  },
  {
    name: 'the time moves with the fields',
    timed: true,
    steps: [
      post(LEASES, lease('a', full), { as: 'a', ...as('one') }),
      tick,
      put(`${LEASES}/a`, edit('a', { spec: { renewTime: LATER } }), { as: 'b', ...as('one') }),
      tick,
      put(`${LEASES}/a`, edit('b', { metadata: { annotations: { n: '1' } } }), { as: 'c', ...as('two') }),
      tick,
      put(`${LEASES}/a`, edit('c', { spec: { renewTime: TIME } }), { as: 'd', ...as('one') }),
      get(`${LEASES}/a`),
    ],
  },
  {
    name: 'entries are in the order of their times',
    timed: true,
    steps: [
      post(LEASES, lease('a', full), as('zed')),
      tick,
      mergePatch(`${LEASES}/a`, { metadata: { labels: { b: '1' } } }, { headers: { 'user-agent': 'beta' } }),
      mergePatch(`${LEASES}/a`, { metadata: { labels: { a: '1' } } }, { headers: { 'user-agent': 'alpha' } }),
      tick,
      mergePatch(`${LEASES}/a`, { spec: { leaseTransitions: 1 } }, { headers: { 'user-agent': 'zed' } }),
    ],
  },
  {
    name: 'labels, annotations, finalizers and owners are owned one by one',
    timed: true,
    steps: [
      post(
        LEASES,
        lease('a', {}, { labels: { a: '1' }, annotations: { 'x/y': '1' }, finalizers: ['f.example/1'] }),
        as('one'),
      ),
      mergePatch(`${LEASES}/a`, { metadata: { labels: { b: '2' } } }, { headers: { 'user-agent': 'two' } }),
      mergePatch(
        `${LEASES}/a`,
        { metadata: { finalizers: ['f.example/1', 'f.example/2'] } },
        { headers: { 'user-agent': 'two' } },
      ),
      mergePatch(
        `${LEASES}/a`,
        { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u-1' }] } },
        { headers: { 'user-agent': 'three' } },
      ),
      mergePatch(`${LEASES}/a`, { metadata: { labels: null } }, { headers: { 'user-agent': 'three' } }),
      mergePatch(
        `${LEASES}/a`,
        { metadata: { finalizers: null, ownerReferences: null } },
        { headers: { 'user-agent': 'one' } },
      ),
    ],
  },
  {
    name: 'who the manager is',
    timed: true,
    steps: [
      post(`${LEASES}?fieldManager=given`, lease('a'), as('agent')),
      post(LEASES, lease('b'), { headers: { 'user-agent': 'curl-like' } }),
      post(LEASES, lease('c'), { headers: { 'user-agent': 'Mozzarella (x; y)/5.0 z/1' } }),
      post(LEASES, lease('d'), { headers: { 'user-agent': '' } }),
      post(LEASES, lease('e'), { headers: { 'user-agent': '/1.0' } }),
      post(LEASES, lease('f'), { headers: { 'user-agent': `${'l'.repeat(200)}/1` } }),
    ],
  },
  {
    name: 'PUT without an entry removes it, as long as the field stays',
    timed: true,
    steps: [
      post(LEASES, lease('a', full), { as: 'a', ...as('one') }),
      mergePatch(
        `${LEASES}/a`,
        { metadata: { annotations: { n: '1' } } },
        { as: 'b', headers: { 'user-agent': 'two' } },
      ),
      put(`${LEASES}/a`, lease('a', full, { resourceVersion: '{{rv:a}}', annotations: { n: '1' } }), {
        as: 'c',
        ...as('three'),
      }),
      put(`${LEASES}/a`, edit('c', { metadata: { managedFields: [{}] } }), { as: 'd', ...as('three') }),
      put(`${LEASES}/a`, edit('d', { spec: { renewTime: LATER } }), { as: 'e', ...as('one') }),
      put(`${LEASES}/a`, edit('e', { metadata: { managedFields: [] }, spec: { renewTime: TIME } }), as('one')),
    ],
  },
  {
    name: 'an entry of mine that I leave out',
    timed: true,
    steps: [
      post(LEASES, lease('a', full), { as: 'a', ...as('one') }),
      mergePatch(`${LEASES}/a`, { spec: { renewTime: LATER } }, { as: 'b', headers: { 'user-agent': 'two' } }),
      put(
        `${LEASES}/a`,
        edit('b', { metadata: { managedFields: ['{{b.metadata.managedFields.0}}'] }, spec: { leaseTransitions: 1 } }),
        as('one'),
      ),
      mergePatch(`${LEASES}/a`, { metadata: { managedFields: null } }, { headers: { 'user-agent': 'two' } }),
      mergePatch(`${LEASES}/a`, { metadata: { managedFields: [] } }, { headers: { 'user-agent': 'two' } }),
      mergePatch(`${LEASES}/a`, { metadata: { managedFields: [{}] } }, { headers: { 'user-agent': 'two' } }),
      mergePatch(`${LEASES}/a`, { spec: { leaseTransitions: 5 } }, { headers: { 'user-agent': 'two' } }),
    ],
  },
  {
    name: 'managedFields that a client brings',
    timed: true,
    steps: [
      post(
        LEASES,
        lease('a', full, {
          managedFields: [
            {
              manager: 'brought',
              operation: 'Update',
              apiVersion: 'coordination.k8s.io/v1',
              time: '2026-01-02T03:04:05Z',
              fieldsType: 'FieldsV1',
              fieldsV1: { 'f:spec': { 'f:renewTime': {} } },
            },
          ],
        }),
        as('one'),
      ),
      post(
        LEASES,
        lease('b', full, { managedFields: [{ manager: 'm', operation: 'Update', apiVersion: 'v1' }] }),
        as('one'),
      ),
      post(
        LEASES,
        lease('c', full, {
          managedFields: [
            {
              manager: 'm',
              operation: 'Update',
              apiVersion: 'nobody.example/v1',
              fieldsType: 'FieldsV1',
              fieldsV1: {},
            },
          ],
        }),
        as('one'),
      ),
    ],
  },
  {
    name: 'null times and emptied members',
    timed: true,
    steps: [
      post(LEASES, lease('a', { renewTime: '0001-01-01T00:00:00.000000Z' }), as('one')),
      mergePatch(`${LEASES}/a`, { spec: { renewTime: TIME } }, { headers: { 'user-agent': 'two' } }),
      mergePatch(`${LEASES}/a`, { spec: { renewTime: null } }, { headers: { 'user-agent': 'two' } }),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: '' } }, { headers: { 'user-agent': 'two' } }),
      put(`${LEASES}/a`, lease('a', {}, { resourceVersion: '{{rv:a}}' }), as('one')),
    ],
  },
];
