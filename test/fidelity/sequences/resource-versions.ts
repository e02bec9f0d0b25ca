import { get, LEASES, lease, mergePatch, post, type Sequence, watch } from '../sequence.js';
import { five, names } from './paging.js';

const view = { view: names };
const ODD = ['abc', '-1', '1.5', '', '99999999999999999999', '0x1', ' 1'];

export const resourceVersions: Sequence[] = [
  {
    name: 'versions of a GET',
    steps: [
      post(LEASES, lease('a')),
      // First, because 0 and 1 may be answered from a cache that is behind.
      get(`${LEASES}/a?resourceVersion={{rv:a}}`),
      get(`${LEASES}/a?resourceVersion=0`),
      get(`${LEASES}/a?resourceVersion=1`),
      ...ODD.map((version) => get(`${LEASES}/a?resourceVersion=${encodeURIComponent(version)}`)),
      get(`${LEASES}/a?resourceVersion=1&resourceVersionMatch=Exact`),
      get(`${LEASES}/missing?resourceVersion=0`),
    ],
  },
  {
    name: 'versions of a list',
    steps: [
      ...five,
      get(LEASES, { ...view, as: 'then' }),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'b' } }, { view: () => 'changed' }),
      get(`${LEASES}?resourceVersion={{then.metadata.resourceVersion}}`, view),
      get(`${LEASES}?resourceVersion={{then.metadata.resourceVersion}}&resourceVersionMatch=Exact`, view),
      get(`${LEASES}?resourceVersion={{then.metadata.resourceVersion}}&resourceVersionMatch=NotOlderThan`, view),
      get(`${LEASES}?resourceVersion={{rv:a}}&limit=2`, view),
      get(`${LEASES}?resourceVersion={{rv:a}}&limit=2&resourceVersionMatch=NotOlderThan`, view),
      get(`${LEASES}?resourceVersion={{rv:a}}&limit=2&resourceVersionMatch=Exact`, view),
      ...ODD.map((version) => get(`${LEASES}?resourceVersion=${encodeURIComponent(version)}`, view)),
    ],
  },
  {
    name: 'an exact list is of its moment',
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'b' } }),
      post(LEASES, lease('b')),
      get(`${LEASES}?resourceVersion={{a.metadata.resourceVersion}}&resourceVersionMatch=Exact`),
      get(`${LEASES}?resourceVersion={{a.metadata.resourceVersion}}&limit=5`),
    ],
  },
  {
    name: 'resourceVersionMatch that does not fit',
    steps: [
      get(`${LEASES}?resourceVersionMatch=Exact`),
      get(`${LEASES}?resourceVersionMatch=Nonsense&resourceVersion=1`),
      get(`${LEASES}?resourceVersionMatch=Nonsense`),
      get(`${LEASES}?resourceVersionMatch=Exact&resourceVersion=0`),
      get(`${LEASES}?resourceVersionMatch=NotOlderThan&resourceVersion=0`, view),
      get(`${LEASES}?sendInitialEvents=true`),
      get(`${LEASES}?sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=0`),
      watch('a', `${LEASES}?watch=true&resourceVersionMatch=NotOlderThan`),
      watch('b', `${LEASES}?watch=true&resourceVersionMatch=Exact&resourceVersion=1`),
      watch('c', `${LEASES}?watch=true&sendInitialEvents=true`),
      watch('d', `${LEASES}?watch=true&sendInitialEvents=true&resourceVersionMatch=Exact`),
      watch('e', `${LEASES}?watch=true&sendInitialEvents=false`),
      watch('f', `${LEASES}?watch=true&resourceVersionMatch=Nonsense&resourceVersion=1`),
      ...['abc', '-1', '1.5'].map((version) => watch('g', `${LEASES}?watch=true&resourceVersion=${version}`)),
    ],
  },
  {
    name: 'versions that are yet to come',
    slow: true,
    steps: [
      post(LEASES, lease('a')),
      get(`${LEASES}?resourceVersion=999999999`),
      get(`${LEASES}/a?resourceVersion=999999999`),
      get(`${LEASES}?resourceVersion=999999999&resourceVersionMatch=Exact`),
      get(`${LEASES}?resourceVersion=999999999&resourceVersionMatch=NotOlderThan&limit=1`),
    ],
  },
];
