import {
  del,
  edit,
  events,
  get,
  LEASES,
  lease,
  mergePatch,
  watch as open,
  post,
  put,
  type Sequence,
} from '../sequence.js';

const since = (name: string, more = '') =>
  open('w', `${LEASES}?watch=true&resourceVersion={{${name}.metadata.resourceVersion}}${more}`);
const label = (name: string, labels: { [key: string]: string | null }) =>
  mergePatch(`${LEASES}/${name}`, { metadata: { labels } });

export const watch: Sequence[] = [
  {
    name: 'every write is one event, in order',
    steps: [
      get(LEASES, { as: 'list' }),
      since('list'),
      post(LEASES, lease('a'), { as: 'a' }),
      post(LEASES, lease('b')),
      put(`${LEASES}/a`, edit('a', { spec: { holderIdentity: 'y' } })),
      mergePatch(`${LEASES}/b`, { spec: { leaseTransitions: 1 } }),
      del(`${LEASES}/a`),
      post(LEASES, lease('a')),
      del(`${LEASES}/b`),
      events('w', 7),
    ],
  },
  {
    name: 'a watch resumes where another stopped',
    steps: [
      post(LEASES, lease('a'), { as: 'one' }),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: '2' } }, { as: 'two' }),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: '3' } }, { as: 'three' }),
      del(`${LEASES}/a`),
      since('one'),
      events('w', 3),
      since('two'),
      events('w', 2),
      since('three'),
      events('w', 1),
    ],
  },
  {
    name: 'a label selector on a watch',
    steps: [
      get(LEASES, { as: 'list' }),
      since('list', '&labelSelector=app%3Dx'),
      post(LEASES, lease('a', {}, { labels: { app: 'x' } })),
      post(LEASES, lease('b', {}, { labels: { app: 'y' } })),
      label('a', { app: 'y' }),
      label('b', { app: 'x' }),
      label('b', { more: '1' }),
      label('a', { more: '1' }),
      label('a', { app: 'x' }),
      del(`${LEASES}/b`),
      label('a', { app: null }),
      del(`${LEASES}/a`),
      post(LEASES, lease('last', {}, { labels: { app: 'x' } })),
      events('w', { object: 'last' }),
    ],
  },
  {
    name: 'a field selector on a watch',
    steps: [
      get(LEASES, { as: 'list' }),
      since('list', '&fieldSelector=metadata.name%3Db'),
      post(LEASES, lease('a')),
      post(LEASES, lease('b')),
      del(`${LEASES}/a`),
      del(`${LEASES}/b`),
      events('w', 2),
      open(
        'all',
        '/apis/coordination.k8s.io/v1/leases?watch=true&resourceVersion={{list.metadata.resourceVersion}}&fieldSelector=metadata.namespace%3D{{ns}}',
      ),
      events('all', 4),
    ],
  },
  {
    name: 'old paths of a watch',
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      open('w', '/apis/coordination.k8s.io/v1/watch/namespaces/{{ns}}/leases'),
      events('w', 1),
      open('one', '/apis/coordination.k8s.io/v1/watch/namespaces/{{ns}}/leases/a'),
      events('one', 1),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'y' } }),
      events('one', 1),
      { method: 'POST', path: '/apis/coordination.k8s.io/v1/watch/namespaces/{{ns}}/leases', body: {} },
    ],
  },
  {
    name: 'a watch that ends by itself',
    slow: true,
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      since('a', '&timeoutSeconds=1'),
      events('w', 'end'),
      open('x', `${LEASES}?watch=true&timeoutSeconds=x`),
      open('y', `${LEASES}?watch=true&timeoutSeconds=1`),
      events('y', 'end'),
    ],
  },
  {
    name: 'a watch that ends with a bookmark',
    slow: true,
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      since('a', '&timeoutSeconds=3&allowWatchBookmarks=true'),
      events('w', 'bookmark'),
    ],
  },
  {
    name: 'a watch from the future',
    slow: true,
    steps: [
      post(LEASES, lease('a')),
      open('w', `${LEASES}?watch=true&resourceVersion=999999999&timeoutSeconds=1`),
      events('w', 'end'),
    ],
  },
  {
    name: 'two watches agree',
    steps: [
      get(LEASES, { as: 'list' }),
      open('one', `${LEASES}?watch=true&resourceVersion={{list.metadata.resourceVersion}}`),
      open('two', `${LEASES}?watch=true&resourceVersion={{list.metadata.resourceVersion}}`),
      post(LEASES, lease('a')),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'z' } }),
      del(`${LEASES}/a`),
      events('one', 3),
      events('two', 3),
    ],
  },
];
