import { get, LEASES, lease, mergePatch, post, put, type Sequence, strategicPatch } from '../sequence.js';

const GOOD = [
  '2026-01-02T03:04:05.123456Z',
  '2026-01-02T03:04:05.000000Z',
  '2026-01-02T03:04:05,123456Z',
  '2026-01-02T03:04:05.123456+02:00',
  '2026-01-02T03:04:05.123456-11:30',
  '2026-01-02T03:04:05.123456+00:00',
  '2026-01-02T03:04:05.123456+23:59',
  '9999-12-31T23:59:59.999999Z',
  '0001-01-01T00:00:00.000000Z',
  '0001-01-01T00:00:00.000001Z',
  '0000-01-01T00:00:00.000000Z',
  '2024-02-29T00:00:00.000000Z',
];

const BAD = [
  '2026-01-02T03:04:05Z',
  '2026-01-02T03:04:05.123Z',
  '2026-01-02T03:04:05.12345Z',
  '2026-01-02T03:04:05.1234567Z',
  '2026-01-02T03:04:05.123456789Z',
  '2026-01-02T03:04:05.123456z',
  '2026-01-02t03:04:05.123456Z',
  '2026-01-02 03:04:05.123456Z',
  '2026-01-02T03:04:05.123456',
  '2026-01-02T03:04:05.123456+0200',
  '2026-01-02T03:04:05.123456+24:00',
  '2026-01-02T03:04:05.123456+02:60',
  '2026-01-02T03:04:60.000000Z',
  '2026-01-02T24:00:00.000000Z',
  '2026-02-29T00:00:00.000000Z',
  '2026-13-01T00:00:00.000000Z',
  '2026-1-2T03:04:05.123456Z',
  '12026-01-02T03:04:05.123456Z',
  '-001-01-02T03:04:05.123456Z',
  'yesterday',
  '',
  ' 2026-01-02T03:04:05.123456Z',
];

const renewed = (name: string, renewTime: string) => lease(name, { renewTime });

export const microTime: Sequence[] = [
  {
    name: 'times that are read',
    steps: [...GOOD.map((time, i) => post(LEASES, renewed(`a${i}`, time))), get(LEASES)],
  },
  { name: 'times that are refused', steps: BAD.map((time, i) => post(LEASES, renewed(`a${i}`, time))) },
  {
    name: 'times that are no texts',
    steps: ['null', '7', 'true', '{}', '[]', '1.5'].map((value, i) =>
      post(LEASES, `{"metadata":{"name":"a${i}"},"spec":{"renewTime":${value}}}`),
    ),
  },
  {
    name: 'a bad time in a PUT and in patches',
    steps: [
      post(LEASES, lease('a')),
      put(`${LEASES}/a`, lease('a', { renewTime: '2026-01-02T03:04:05Z' }, { resourceVersion: '{{rv:a}}' })),
      put(`${LEASES}/b`, lease('b', { renewTime: 'x' })),
      ...['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.123Z', '', 'x'].flatMap((renewTime) => [
        mergePatch(`${LEASES}/a`, { spec: { renewTime } }),
        strategicPatch(`${LEASES}/a`, { spec: { renewTime } }),
      ]),
      mergePatch(`${LEASES}/a`, { spec: { renewTime: 7 } }),
      mergePatch(`${LEASES}/a`, { spec: { acquireTime: 'x', renewTime: 'y' } }),
    ],
  },
  {
    name: 'the year 1, which is null',
    steps: [
      post(LEASES, renewed('a', '0001-01-01T00:00:00.000000Z')),
      get(`${LEASES}/a`),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'x' } }),
      mergePatch(`${LEASES}/a`, { spec: { renewTime: null } }),
      mergePatch(`${LEASES}/a`, { spec: { renewTime: '0001-01-01T00:00:00.000000Z' } }),
      put(`${LEASES}/a`, lease('a', { renewTime: null }, { resourceVersion: '{{rv:a}}' })),
    ],
  },
  {
    name: 'creationTimestamp in other notations',
    steps: [
      post(LEASES, lease('a', {}, { creationTimestamp: '2020-01-01T00:00:00.5Z' })),
      post(LEASES, lease('b', {}, { creationTimestamp: '2020-01-01T00:00:00+01:00' })),
      post(LEASES, lease('c', {}, { creationTimestamp: '' })),
      post(LEASES, lease('d', {}, { creationTimestamp: '2020-01-01' })),
      post(LEASES, lease('e', {}, { creationTimestamp: null })),
    ],
  },
];
