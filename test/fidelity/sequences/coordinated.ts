import { get, LEASES, lease, mergePatch, post, type Sequence } from '../sequence.js';

export const coordinated: Sequence[] = [
  {
    name: 'strategy and preferredHolder with the gate on',
    steps: [
      post(LEASES, lease('a', { strategy: 'OldestEmulationVersion', preferredHolder: 'you', holderIdentity: 'me' })),
      get(`${LEASES}/a`),
      post(LEASES, lease('b', { preferredHolder: 'you' })),
      post(LEASES, lease('b', { strategy: 'Nonsense' })),
      post(LEASES, lease('b', { strategy: 'example.com/mine' })),
      post(LEASES, lease('c', { strategy: 'bad one/x y' })),
      post(LEASES, lease('c', { strategy: 'a/b/c' })),
      post(LEASES, lease('c', { strategy: '' })),
      post(LEASES, lease('d', { strategy: '', preferredHolder: 'x' })),
      mergePatch(`${LEASES}/a`, { spec: { strategy: null } }),
      mergePatch(`${LEASES}/a`, { spec: { strategy: null, preferredHolder: null } }),
      mergePatch(`${LEASES}/a`, { spec: { preferredHolder: '' } }),
    ],
  },
];
