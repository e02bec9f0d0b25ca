import { get, LEASES, lease, post, type Sequence } from '../sequence.js';

const leases = [
  lease('a', {}, { labels: { app: 'x', tier: '1' } }),
  lease('b', {}, { labels: { app: 'y', tier: '2' } }),
  lease('c', {}, { labels: { app: 'x' } }),
  lease('d'),
].map((body) => post(LEASES, body, { view: () => 'made' }));

const names = {
  view: (body: unknown) => (body as { items: { metadata: { name: string } }[] }).items.map((i) => i.metadata.name),
};
const label = (selector: string) => get(`${LEASES}?labelSelector=${encodeURIComponent(selector)}`, names);
const field = (selector: string) => get(`${LEASES}?fieldSelector=${encodeURIComponent(selector)}`, names);

export const selectors: Sequence[] = [
  {
    name: 'label selectors',
    steps: [
      ...leases,
      ...[
        'app=x',
        'app==x',
        'app!=x',
        'app',
        '!app',
        'app in (x,y)',
        'app notin (x)',
        'app in (x), tier',
        'app=x,tier=1',
        'tier>1',
        'tier<2',
        'app in ()',
        'app=',
        'app in (x,)',
        ' app = x ',
        'app=x,',
        ',app=x',
        '',
        'in=x',
        'app in (x,x)',
        'a.b/app=x',
      ].map(label),
    ],
  },
  {
    name: 'label selectors that are none',
    steps: [
      '!',
      'app in',
      'app in x',
      'app in (x',
      'app = = x',
      'app=x y',
      'bad key!=x',
      'app=bad value',
      'tier>x',
      'tier>1,tier<',
      '=x',
      'app in (bad%)',
      'a/b/c=x',
      '(',
      'app notin',
      '!app=x',
      `${'k'.repeat(64)}=x`,
      `app=${'v'.repeat(64)}`,
      'app in (x))',
      'app===x',
    ].map(label),
  },
  {
    name: 'field selectors',
    steps: [
      ...leases,
      ...[
        'metadata.name=a',
        'metadata.name==a',
        'metadata.name!=a',
        'metadata.name=nobody',
        'metadata.namespace=elsewhere',
        'metadata.name=a,metadata.name=b',
        'metadata.name!=a,metadata.name!=b',
        '',
        'metadata.name=',
        'metadata.name=a\\,b',
        'metadata.name=A B',
        'metadata.name=a/b',
      ].map(field),
    ],
  },
  {
    name: 'field selectors that are none',
    steps: [
      'spec.holderIdentity=x',
      'metadata.uid=x',
      'x',
      'metadata.name',
      'metadata.name>a',
      'name=a',
      '=',
      'a=b=c',
      'metadata.name=a\\b',
      ',',
    ].map(field),
  },
  {
    name: 'selectors on one object and on all namespaces',
    steps: [
      ...leases,
      get(`${LEASES}/a?labelSelector=app%3Dnobody`),
      get(`${LEASES}/a?fieldSelector=metadata.name%3Db`),
      get('/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.namespace%3D{{ns}},metadata.name%3Da'),
      get('/apis/coordination.k8s.io/v1/leases?fieldSelector=metadata.namespace%3D{{ns}}&labelSelector=app', names),
      get(`${LEASES}?fieldSelector=metadata.name%3Da&labelSelector=app%3Dy`, names),
    ],
  },
];
