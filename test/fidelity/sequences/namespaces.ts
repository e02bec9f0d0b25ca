import {
  CONFIG_MAPS,
  del,
  EVENTS,
  events,
  get,
  type Json,
  type JsonObject,
  LEASES,
  lease,
  mergePatch,
  NAMESPACES,
  post,
  put,
  type Sequence,
  watch,
} from '../sequence.js';

const MISSING = '/apis/coordination.k8s.io/v1/namespaces/no-such-namespace/leases';
const SELF = `${NAMESPACES}/{{ns}}`;

/** A namespace's conditions are its controller's, which the real server here has not. */
const untilDeleted = (body: Json): Json => {
  const { status, ...rest } = body as JsonObject;
  return { ...rest, phase: (status as JsonObject | undefined)?.phase ?? null };
};

export const namespaces: Sequence[] = [
  {
    name: 'a namespace that is not there',
    steps: [
      get(`${MISSING}/a`),
      get(MISSING),
      post(MISSING, lease('a')),
      post(`${MISSING}?dryRun=All`, lease('a')),
      put(`${MISSING}/a`, lease('a')),
      mergePatch(`${MISSING}/a`, {}),
      del(`${MISSING}/a`),
      del(MISSING),
      post(MISSING, lease('A')),
      post(MISSING, '{'),
      get(`${NAMESPACES}/no-such-namespace`),
      del(`${NAMESPACES}/no-such-namespace`),
    ],
  },
  {
    name: 'a namespace that ends takes nothing new',
    steps: [
      post(LEASES, lease('held', {}, { finalizers: ['f.example/x'] })),
      del(SELF, undefined, { view: untilDeleted }),
      post(LEASES, lease('a')),
      post(`${LEASES}?dryRun=All`, lease('a')),
      put(`${LEASES}/a`, lease('a')),
      post(LEASES, { metadata: { generateName: 'x-' } }),
      post(CONFIG_MAPS, { metadata: { name: 'a' } }),
      post(EVENTS, { metadata: { name: 'a' }, involvedObject: { namespace: '{{ns}}' } }),
      mergePatch(
        `${LEASES}/held`,
        { spec: { holderIdentity: 'yes' } },
        { view: (body) => (body as JsonObject).spec ?? null },
      ),
      post(NAMESPACES, { metadata: { name: '{{ns}}' } }),
    ],
  },
  {
    name: 'creation of namespaces',
    generated: ['gen-'],
    steps: [
      post(NAMESPACES, { metadata: { name: '{{ns}}-two', labels: { a: 'b' } } }),
      post(NAMESPACES, { metadata: { name: '{{ns}}-two' } }),
      post(NAMESPACES, { metadata: { name: 'Bad' } }),
      post(NAMESPACES, { metadata: { name: 'dots.are.bad' } }),
      post(NAMESPACES, { metadata: { name: 'a'.repeat(64) } }),
      post(NAMESPACES, { metadata: { name: '{{ns}}-x', namespace: 'y' } }),
      post(NAMESPACES, { metadata: { generateName: 'gen-' } }),
      post(`${NAMESPACES}?dryRun=All`, { metadata: { name: '{{ns}}-dry' } }),
      post(NAMESPACES, { metadata: { name: '{{ns}}-spec' }, spec: { finalizers: ['a b'] } }),
      post(NAMESPACES, { metadata: { name: '{{ns}}-status' }, status: { phase: 'Terminating' } }),
      get(`${NAMESPACES}?labelSelector=a%3Db,kubernetes.io/metadata.name%3D{{ns}}-two`),
    ],
  },
  {
    name: 'changes of namespaces',
    steps: [
      get(SELF),
      mergePatch(SELF, { metadata: { labels: { x: 'y' } } }),
      mergePatch(SELF, { metadata: { labels: { 'kubernetes.io/metadata.name': null } } }),
      mergePatch(SELF, { metadata: { labels: { 'kubernetes.io/metadata.name': 'other' } } }),
      mergePatch(SELF, { spec: { finalizers: [] } }),
      mergePatch(SELF, { status: { phase: 'Terminating' } }),
      put(SELF, { metadata: { name: '{{ns}}' } }),
      put(SELF, { metadata: { name: '{{ns}}', resourceVersion: '1' } }),
      put(`${NAMESPACES}/{{ns}}-nobody`, { metadata: { name: '{{ns}}-nobody' } }),
    ],
  },
  {
    name: 'namespaces that nobody may delete',
    steps: ['default', 'kube-system', 'kube-public'].map((name) => del(`${NAMESPACES}/${name}`)),
  },
  {
    name: 'a watch of namespaces',
    steps: [
      post(NAMESPACES, { metadata: { name: '{{ns}}-w', labels: { of: '{{ns}}' } } }),
      watch('w', `${NAMESPACES}?watch=1&labelSelector=of%3D{{ns}}`),
      mergePatch(`${NAMESPACES}/{{ns}}-w`, { metadata: { annotations: { a: 'b' } } }),
      events('w', 2),
      get(`${NAMESPACES}?fieldSelector=metadata.name%3D{{ns}}-w`),
      get(`${NAMESPACES}?fieldSelector=status.phase%3DActive,metadata.name%3D{{ns}}`),
      get(`${NAMESPACES}?fieldSelector=status.phase%3DTerminating,metadata.name%3D{{ns}}`),
      get(`${NAMESPACES}?fieldSelector=metadata.namespace%3Dx`),
      get(`${NAMESPACES}?fieldSelector=spec.x%3Dx`),
    ],
  },
];
