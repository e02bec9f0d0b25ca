import {
  CONFIG_MAPS,
  EVENTS,
  edit,
  events,
  get,
  LEASES,
  lease,
  mergePatch,
  NAMESPACES,
  NEW_EVENTS,
  PODS,
  post,
  put,
  SERVICE_ACCOUNTS,
  type Sequence,
  watch,
} from '../sequence.js';

const table = (version = 'v1') => ({ headers: { accept: `application/json;as=Table;v=${version};g=meta.k8s.io` } });
const partial = (kind: string) => ({ headers: { accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` } });
const accept = (text: string) => ({ headers: { accept: text } });
const made = { view: () => 'made' };
const two = [post(LEASES, lease('a', { holderIdentity: 'me' }), { as: 'a' }), post(LEASES, lease('b', {}), made)];

export const tables: Sequence[] = [
  {
    name: 'tables of Leases',
    timed: true,
    steps: [
      get(LEASES, table()),
      ...two,
      get(LEASES, table()),
      get(`${LEASES}/a`, table()),
      get(`${LEASES}?includeObject=None`, table()),
      get(`${LEASES}/a?includeObject=Object`, table()),
      get(`${LEASES}?includeObject=Metadata&limit=1`, table()),
      get(`${LEASES}?includeObject=Nonsense`, table()),
      get(LEASES, table('v1beta1')),
      get(LEASES, table('v2')),
      get(`${LEASES}/missing`, table()),
    ],
  },
  {
    name: 'writes answered as tables',
    timed: true,
    steps: [
      post(LEASES, lease('a'), table()),
      put(`${LEASES}/b`, lease('b'), table()),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'y' } }, table()),
      { method: 'DELETE', path: `${LEASES}/a`, ...table() },
      { method: 'DELETE', path: LEASES, ...table() },
    ],
  },
  {
    name: 'what kubectl accepts',
    timed: true,
    steps: [
      ...two,
      get(
        LEASES,
        accept(
          'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
        ),
      ),
      get(LEASES, accept('application/json;as=Nonsense;v=v1;g=meta.k8s.io,application/json')),
      get(LEASES, accept('application/json;as=Nonsense;v=v1;g=meta.k8s.io')),
      get(LEASES, accept('application/json;as=Table;v=v1;g=nobody.example')),
      get('/apis', accept('application/json;as=Table;v=v1;g=meta.k8s.io')),
    ],
  },
  {
    name: 'a watch of tables',
    timed: true,
    steps: [
      ...two,
      watch('w', `${LEASES}?watch=true&resourceVersion={{a.metadata.resourceVersion}}`, table()),
      put(`${LEASES}/a`, edit('a', { spec: { holderIdentity: 'you' } }), made),
      events('w', 2),
      watch('all', `${LEASES}?watch=true&includeObject=Object`, table()),
      events('all', 2),
      watch('marked', `${LEASES}?watch=true&allowWatchBookmarks=true`, table()),
      events('marked', 'bookmark'),
    ],
  },
  {
    name: 'metadata alone',
    steps: [
      ...two,
      get(`${LEASES}/a`, partial('PartialObjectMetadata')),
      get(LEASES, partial('PartialObjectMetadataList')),
      get(LEASES, partial('PartialObjectMetadata')),
      get(`${LEASES}/a`, partial('PartialObjectMetadataList')),
      mergePatch(
        `${LEASES}/a`,
        { metadata: { labels: { x: 'y' } } },
        { headers: { ...partial('PartialObjectMetadata').headers, 'content-type': 'application/merge-patch+json' } },
      ),
      watch('w', `${LEASES}?watch=true&allowWatchBookmarks=true`, partial('PartialObjectMetadata')),
      events('w', 'bookmark'),
      watch('l', `${LEASES}?watch=true`, partial('PartialObjectMetadataList')),
    ],
  },
  {
    name: 'tables of other kinds',
    timed: true,
    steps: [
      post(
        CONFIG_MAPS,
        { metadata: { name: 'c', labels: { t: '1' } }, data: { a: '1', b: '2' }, binaryData: { c: 'AA==' } },
        made,
      ),
      get(`${CONFIG_MAPS}?labelSelector=t`, table()),
      post(NAMESPACES, { metadata: { name: '{{ns}}-t' } }, made),
      get(`${NAMESPACES}/{{ns}}-t`, table()),
      post(SERVICE_ACCOUNTS, { metadata: { name: 's' } }, made),
      get(`${SERVICE_ACCOUNTS}/s`, table()),
      post(PODS, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }, made),
      // What is managed of a pod are its defaults too, which the sandbox has not.
      get(`${PODS}/p?includeObject=None`, table()),
    ],
  },
  {
    name: 'tables of events',
    timed: true,
    steps: [
      post(
        EVENTS,
        {
          metadata: { name: 'e' },
          involvedObject: { kind: 'Lease', name: 'a', namespace: '{{ns}}' },
          reason: 'LeaderElection',
          message: ' me became leader\n',
          type: 'Normal',
          source: { component: 'me', host: 'h' },
        },
        made,
      ),
      get(EVENTS, table()),
      get(NEW_EVENTS, table()),
      get(`${EVENTS}/e?includeObject=None`, table()),
    ],
  },
];
