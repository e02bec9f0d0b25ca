import {
  get,
  LATER,
  LEASES,
  lease,
  mergePatch,
  NO_UID,
  strategicPatch as patch,
  post,
  type Sequence,
  TIME,
} from '../sequence.js';

const start = post(LEASES, lease('a', { holderIdentity: 'x', renewTime: TIME }, { labels: { app: 'one', zone: 'z' } }));
const owner = (name: string, uid: string) => ({ apiVersion: 'v1', kind: 'Pod', name, uid });
const OTHER_UID = NO_UID.replace(/0$/, '1');

export const strategicPatch: Sequence[] = [
  {
    name: 'strategic patches merge as merge patches do',
    steps: [
      start,
      patch(`${LEASES}/a`, { spec: { holderIdentity: 'y', renewTime: LATER } }),
      patch(`${LEASES}/a`, { spec: { holderIdentity: null } }),
      patch(`${LEASES}/a`, { metadata: { labels: { app: null, tier: 'b' } } }),
      patch(`${LEASES}/a`, {}),
      patch(`${LEASES}/a`, { metadata: { resourceVersion: '{{oldrv:a}}' }, spec: { holderIdentity: 'z' } }),
      patch(`${LEASES}/a`, { metadata: { resourceVersion: '{{rv:a}}' }, spec: { holderIdentity: 'z' } }),
      patch(`${LEASES}/a`, { metadata: { uid: NO_UID } }),
      patch(`${LEASES}/missing`, { spec: {} }),
    ],
  },
  {
    name: 'strategic patches that are none',
    steps: [start, ...['', '[]', 'null', '"x"', '{'].map((body) => patch(`${LEASES}/a`, body))],
  },
  {
    name: 'strategic patches of bad values',
    steps: [
      start,
      patch(`${LEASES}/a`, { spec: { renewTime: '2026-01-02T03:04:05Z' } }),
      patch(`${LEASES}/a`, { spec: { leaseDurationSeconds: 'x' } }),
      patch(`${LEASES}/a`, { spec: { leaseDurationSeconds: -1 } }),
      patch(`${LEASES}/a`, { spec: 'x' }),
      patch(`${LEASES}/a`, { spec: { nonsense: true } }),
      patch(`${LEASES}/a?fieldValidation=Strict`, { spec: { nonsense: true } }),
      patch(`${LEASES}/a`, { kind: 'Pod' }),
    ],
  },
  {
    name: 'strategic patches of lists and directives',
    steps: [
      post(LEASES, lease('a', {}, { finalizers: ['a.example/x'], ownerReferences: [owner('p', NO_UID)] })),
      patch(`${LEASES}/a`, { metadata: { finalizers: ['a.example/y'] } }),
      patch(`${LEASES}/a`, { metadata: { ownerReferences: [owner('q', OTHER_UID)] } }),
      patch(`${LEASES}/a`, { metadata: { ownerReferences: [{ uid: NO_UID, name: 'renamed' }] } }),
      patch(`${LEASES}/a`, { metadata: { ownerReferences: [{ $patch: 'delete', uid: OTHER_UID }] } }),
      patch(`${LEASES}/a`, { metadata: { $deleteFromPrimitiveList: ['a.example/x'] } }),
      patch(`${LEASES}/a`, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a.example/x'] } }),
      patch(`${LEASES}/a`, { spec: { $patch: 'replace', holderIdentity: 'only' } }),
      patch(`${LEASES}/a`, { metadata: { labels: { $patch: 'delete' } } }),
      patch(`${LEASES}/a`, { spec: { $patch: 'nonsense' } }),
      mergePatch(`${LEASES}/a`, { metadata: { finalizers: null } }),
      get(`${LEASES}/a`),
    ],
  },
];
