import { type JsonObject, LEASES, lease, mergePatch, NO_UID, post, put, type Sequence } from '../sequence.js';

const spec = (name: string, fields: JsonObject) => post(LEASES, lease(name, fields));
const meta = (name: string, metadata: JsonObject) => post(LEASES, lease(name, {}, metadata));
const owner = (more: JsonObject = {}) => ({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: NO_UID, ...more });

export const validation: Sequence[] = [
  {
    name: 'a spec that is refused',
    steps: [
      spec('a', { leaseDurationSeconds: 0 }),
      spec('a', { leaseDurationSeconds: -15 }),
      spec('a', { leaseTransitions: -1 }),
      spec('a', { leaseDurationSeconds: 0, leaseTransitions: -1 }),
      spec('A', { leaseDurationSeconds: 0, leaseTransitions: -1 }),
      post(LEASES, lease('ok')),
      put(`${LEASES}/ok`, lease('ok', { leaseDurationSeconds: 0 }, { resourceVersion: '{{rv:ok}}' })),
      put(`${LEASES}/new`, lease('new', { leaseDurationSeconds: 0 })),
      mergePatch(`${LEASES}/ok`, { spec: { leaseTransitions: -3 } }),
    ],
  },
  {
    name: 'labels that are refused',
    steps: [
      meta('a', { labels: { 'bad key': 'x' } }),
      meta('a', { labels: { '': 'x' } }),
      meta('a', { labels: { 'a/b/c': 'x' } }),
      meta('a', { labels: { '/b': 'x' } }),
      meta('a', { labels: { 'A.b/c': 'x' } }),
      meta('a', { labels: { ok: 'bad value' } }),
      meta('a', { labels: { ok: 'v'.repeat(64) } }),
      meta('a', { labels: { ['k'.repeat(64)]: 'x' } }),
      meta('a', { labels: { [`${'p'.repeat(254)}/k`]: 'x' } }),
      meta('a', { labels: { ok: '-x' } }),
      meta('b', { labels: { ok: '', 'a.b/c': 'V_1.2-3' } }),
      mergePatch(`${LEASES}/b`, { metadata: { labels: { 'x y': 'z' } } }),
    ],
  },
  {
    name: 'annotations that are refused',
    steps: [
      meta('a', { annotations: { 'bad key': 'x' } }),
      meta('a', { annotations: { UPPER: 'any text at all\n' } }),
      meta('b', { annotations: { 'Up.per/x': 'fine' } }),
      meta('c', { annotations: { big: 'x'.repeat(256 * 1024) } }),
      meta('c', { annotations: { 'bad key': 'x'.repeat(256 * 1024) } }),
    ].map((step) => ({ ...step, view: () => 'accepted' })),
  },
  {
    name: 'finalizers that are refused',
    steps: [
      meta('a', { finalizers: ['x'] }),
      meta('b', { finalizers: ['a b/c'] }),
      meta('b', { finalizers: [''] }),
      meta('b', { finalizers: ['orphan', 'foregroundDeletion'] }),
      meta('c', { finalizers: ['orphan'] }),
      meta('d', { finalizers: ['kubernetes'] }),
      mergePatch(`${LEASES}/a`, { metadata: { finalizers: ['y'] } }),
    ],
  },
  {
    name: 'owners that are refused',
    steps: [
      meta('a', { ownerReferences: [owner()] }),
      meta('b', { ownerReferences: [owner({ uid: '' })] }),
      meta('b', { ownerReferences: [{ apiVersion: 'v1' }] }),
      meta('b', { ownerReferences: [{}] }),
      meta('b', { ownerReferences: [owner({ kind: 'Event' })] }),
      meta('b', { ownerReferences: [owner({ apiVersion: 'a/b/c' })] }),
      meta('b', {
        ownerReferences: [owner({ controller: true }), owner({ name: 'q', uid: 'other', controller: true })],
      }),
      meta('c', { ownerReferences: [owner(), owner()] }),
      meta('d', { ownerReferences: [owner({ controller: true, blockOwnerDeletion: true })] }),
      mergePatch(`${LEASES}/a`, { metadata: { ownerReferences: [owner({ name: '' })] } }),
    ],
  },
  {
    name: 'managedFields that are refused',
    steps: [
      meta('a', { managedFields: [{ manager: 'm', operation: 'Nonsense' }] }),
      meta('a', { managedFields: [{ manager: 'm', operation: 'Update', fieldsType: 'FieldsV2' }] }),
      meta('a', { managedFields: [{}] }),
      meta('b', { managedFields: [] }),
      meta('c', { managedFields: null }),
      post(`${LEASES}?fieldManager=${'m'.repeat(129)}`, lease('d')),
      post(`${LEASES}?fieldManager=a%07b`, lease('d')),
      post(`${LEASES}?fieldManager=`, lease('e')),
      post(`${LEASES}?fieldManager=%C3%A4`, lease('f')),
    ],
  },
  {
    name: 'more than one thing wrong',
    steps: [
      post(LEASES, lease('A_', { leaseDurationSeconds: 0 }, { labels: { 'b c': 'd e' }, finalizers: ['x y'] })),
      post(LEASES, { metadata: {}, spec: { leaseDurationSeconds: 0 } }),
      post(LEASES, lease('ok')),
      put(
        `${LEASES}/ok`,
        lease(
          'ok',
          { leaseTransitions: -1 },
          { resourceVersion: '{{rv:ok}}', labels: { 'b c': 'd' }, uid: '{{uid:ok}}' },
        ),
      ),
      put(
        `${LEASES}/ok`,
        lease('ok', {}, { resourceVersion: '{{rv:ok}}', deletionGracePeriodSeconds: 3, finalizers: ['bad one'] }),
      ),
    ],
  },
  {
    name: 'options that are refused',
    steps: [
      post(`${LEASES}?dryRun=Some`, lease('a')),
      post(`${LEASES}?dryRun=`, lease('a')),
      post(`${LEASES}?dryRun=All&dryRun=All`, lease('a')),
      post(`${LEASES}?fieldValidation=strict`, lease('a')),
      post(`${LEASES}?fieldValidation=`, lease('b')),
      post(`${LEASES}?fieldValidation=x&dryRun=y&fieldManager=a%07`, lease('c')),
      post(`${LEASES}?force=true`, lease('d')),
      post(`${LEASES}?pretty=true&nonsense=1`, lease('e')),
      put(`${LEASES}/a?dryRun=x`, lease('a')),
      put(`${LEASES}/a?fieldValidation=x`, lease('a')),
    ],
  },
];
