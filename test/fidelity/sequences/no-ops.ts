import {
  as,
  edit,
  events,
  get,
  LEASES,
  lease,
  mergePatch,
  post,
  put,
  type Sequence,
  TIME,
  tick,
  watch,
} from '../sequence.js';

export const noOps: Sequence[] = [
  {
    name: 'writes that change nothing make no version and no event',
    steps: [
      post(LEASES, lease('a', { holderIdentity: 'x', renewTime: TIME }), { as: 'a' }),
      watch('w', `${LEASES}?watch=true&resourceVersion={{a.metadata.resourceVersion}}`),
      put(`${LEASES}/a`, edit('a', {})),
      put(`${LEASES}/a`, edit('a', { metadata: { managedFields: null } })),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'x' } }),
      put(`${LEASES}/a`, edit('a', {}), as('somebody-else')),
      put(`${LEASES}/a`, edit('a', { spec: { holderIdentity: 'y' } })),
      events('w', 1),
    ],
  },
  {
    name: 'the same instant in another notation is the same time',
    steps: [
      post(LEASES, lease('a', { renewTime: '2026-01-02T10:00:00.000000Z' }), { as: 'a' }),
      put(`${LEASES}/a`, edit('a', { spec: { renewTime: '2026-01-02T12:00:00.000000+02:00' } })),
      mergePatch(`${LEASES}/a`, { spec: { renewTime: '2026-01-02T05:00:00,000000-05:00' } }),
    ],
  },
  {
    name: 'a second later it is still nothing',
    timed: true,
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      tick,
      put(`${LEASES}/a`, edit('a', {})),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'x' } }),
      put(`${LEASES}/a`, edit('a', {}), as('somebody-else')),
      get(`${LEASES}/a`),
    ],
  },
  {
    name: 'labels and lists that only look changed',
    steps: [
      post(LEASES, lease('a', {}, { labels: { a: '1', b: '2' } }), { as: 'a' }),
      put(`${LEASES}/a`, lease('a', {}, { labels: { b: '2', a: '1' }, resourceVersion: '{{rv:a}}' })),
      mergePatch(`${LEASES}/a`, { metadata: { annotations: {} } }),
      mergePatch(`${LEASES}/a`, { metadata: { finalizers: [] } }),
      put(`${LEASES}/a`, lease('a', {}, { labels: { a: '1', b: '2' }, annotations: {}, resourceVersion: '{{rv:a}}' })),
    ],
  },
];
