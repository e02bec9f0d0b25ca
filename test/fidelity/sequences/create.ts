import { LEASES, lease, post, type Sequence } from '../sequence.js';

const named = (metadata: Parameters<typeof lease>[2]) => ({ metadata: metadata ?? {}, spec: {} });

export const create: Sequence[] = [
  {
    name: 'generated names',
    generated: ['lock-', 'x{58}', 'Upper'],
    steps: [
      post(LEASES, named({ generateName: 'lock-' })),
      post(LEASES, named({ generateName: 'lock-' })),
      post(LEASES, named({ generateName: 'lock-', name: 'given' })),
      post(LEASES, named({ generateName: 'x'.repeat(70) })),
      post(LEASES, named({ generateName: 'Upper' })),
      post(LEASES, named({ generateName: '' })),
      post(LEASES, named({ generateName: 'Upper', name: 'given2' })),
      post(`${LEASES}?dryRun=All`, named({ generateName: 'lock-' })),
    ],
  },
  {
    name: 'names that are none',
    steps: ['A', 'a_b', '-a', 'a-', 'a..b', '.', '..', 'a/b', 'a%b', 'ä', 'a b', '', 'a'.repeat(254)].map((name) =>
      post(LEASES, lease(name)),
    ),
  },
  {
    name: 'names that just are',
    steps: ['0', '1.2.3', 'a-b.c', 'a'.repeat(253)].map((name) => post(LEASES, lease(name))),
  },
  {
    name: 'bodies that are no Lease',
    steps: [
      ...[
        '',
        'null',
        '[]',
        '"x"',
        '1',
        '{',
        '{}',
        '{"metadata":{}}',
        '{"metadata":null}',
        '{"metadata":[]}',
        'true',
      ].map((body) => post(LEASES, body)),
      post(LEASES, '{"metadata":{"name":"a"}} {"metadata":{"name":"b"}}'),
      post(LEASES, '{"metadata":{"name":"a"}} x'),
      post(LEASES, ' \n{"metadata":{"name":"spaces"}}\n '),
      post(LEASES, "{'metadata':{'name':'a'}}"),
      post(LEASES, '{"metadata":{"name":"a",}}'),
      post(LEASES, '{"metadata":{"name":01}}'),
      post(LEASES, '{"metadata":{"name":"a\nb"}}'),
    ],
  },
  {
    name: 'bodies of another kind or version',
    steps: [
      post(LEASES, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }),
      post(LEASES, { apiVersion: 'coordination.k8s.io/v1beta1', kind: 'Lease', metadata: { name: 'a' } }),
      post(LEASES, { apiVersion: 'coordination.k8s.io/v9', kind: 'Lease', metadata: { name: 'a' } }),
      post(LEASES, { apiVersion: 'coordination.k8s.io/v1', kind: 'LeaseList', items: [] }),
      post(LEASES, { apiVersion: 'v1', kind: 'Lease', metadata: { name: 'a' } }),
      post(LEASES, { apiVersion: 'a/b/c', kind: 'Lease', metadata: { name: 'a' } }),
      post(LEASES, { apiVersion: 'coordination.k8s.io/v1', kind: 'lease', metadata: { name: 'a' } }),
      post(LEASES, { apiVersion: 7, kind: 'Lease', metadata: { name: 'a' } }),
      post(LEASES, { apiVersion: 'nobody.example/v1', kind: 'Thing', metadata: { name: 'a' } }),
      post(LEASES, { apiVersion: 'v1', kind: 'Status', metadata: {}, code: 404 }),
      post(LEASES, { apiVersion: 'coordination.k8s.io/v1', kind: 'DeleteOptions' }),
      post(LEASES, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }),
    ],
  },
  {
    name: 'numbers',
    steps: ['15.0', '1e1', '2147483647', '2147483648', '-1', '0', '1.5', '"15"', 'null', 'true', '00', '-0', '1E0'].map(
      (number, i) => post(LEASES, `{"metadata":{"name":"a${i}"},"spec":{"leaseDurationSeconds":${number}}}`),
    ),
  },
  {
    name: 'types that do not fit',
    steps: [
      post(LEASES, '{"metadata":{"name":"a"},"spec":{"holderIdentity":7}}'),
      post(LEASES, '{"metadata":{"name":"a"},"spec":"x"}'),
      post(LEASES, '{"metadata":{"name":"a"},"spec":[]}'),
      post(LEASES, '{"metadata":{"name":"a","labels":{"x":1}}}'),
      post(LEASES, '{"metadata":{"name":"a","labels":[]}}'),
      post(LEASES, '{"metadata":{"name":"a","finalizers":"x"}}'),
      post(LEASES, '{"metadata":{"name":7}}'),
      post(LEASES, '{"metadata":{"name":"a","creationTimestamp":"yesterday"}}'),
      post(LEASES, '{"metadata":{"name":"a","generation":"1"}}'),
      post(LEASES, '{"metadata":{"name":"labels-null","labels":{"x":null}}}'),
      post(LEASES, '{"metadata":{"name":"owners-null","ownerReferences":[null]}}'),
    ],
  },
  {
    name: 'texts beyond ASCII',
    steps: [
      post(LEASES, lease('a', { holderIdentity: 'ä€😀 <b>&\u2028"\\' })),
      post(LEASES, '{"metadata":{"name":"b"},"spec":{"holderIdentity":"\\ud800 \\u0000 \\u00e9"}}'),
      post(LEASES, '{"metadata":{"name":"c"},"spec":{"holderIdentity":"\xff\xc3("}}', { latin1: true }),
      post(LEASES, '\ufeff{"metadata":{"name":"d"}}'),
    ],
  },
  {
    name: 'members written twice or in another case',
    steps: [
      post(LEASES, '{"metadata":{"name":"a"},"metadata":{"name":"b"}}'),
      post(LEASES, '{"metadata":{"name":"c"},"Spec":{"holderIdentity":"x"}}'),
      post(LEASES, '{"metadata":{"name":"d"},"spec":{"HolderIdentity":"x"}}'),
      post(LEASES, '{"METADATA":{"name":"e"}}'),
      post(LEASES, '{"metadata":{"name":"f"},"spec":{"holderIdentity":"x","holderIdentity":"y"}}'),
    ],
  },
];
