import {
  CONFIG_MAPS,
  del,
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
  type RequestStep,
  type Sequence,
  type UserName,
  watch,
} from '../sequence.js';

const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** The reason names bindings, which the sandbox has not. */
const allowed = (body: Json): Json => {
  const { status, ...rest } = body as JsonObject;
  return { ...rest, allowed: (status as JsonObject).allowed ?? null };
};
const may = (spec: Json, user: UserName) =>
  post(
    REVIEWS,
    { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec },
    { user, view: allowed },
  );
const as = (user: UserName, ...steps: RequestStep[]): RequestStep[] => steps.map((step) => ({ ...step, user }));

const everything: RequestStep[] = [
  get(`${LEASES}/a`),
  get(LEASES),
  get('/apis/coordination.k8s.io/v1/leases'),
  post(LEASES, lease('b')),
  put(`${LEASES}/a`, lease('a')),
  mergePatch(`${LEASES}/a`, {}),
  del(`${LEASES}/a`),
  del(LEASES),
  get(CONFIG_MAPS),
  get(`${CONFIG_MAPS}/a/status`),
  get(NAMESPACES),
  get(`${NAMESPACES}/{{ns}}`),
  get('/apis'),
  get('/metrics'),
  { method: 'OPTIONS', path: `${LEASES}/a` },
  { method: 'PROPFIND', path: `${LEASES}/a` },
].map((step) => ({ ...step, ...('view' in step ? {} : { view: (body: Json) => (body as JsonObject).kind ?? null }) }));

export const access: Sequence[] = [
  { name: 'somebody without rights', steps: [post(LEASES, lease('a')), ...as('nobody', ...everything)] },
  { name: 'nobody in particular', steps: [post(LEASES, lease('a')), ...as('anonymous', ...everything)] },
  { name: 'somebody unknown', steps: as('stranger', ...everything) },
  { name: 'somebody who may read and change', steps: [post(LEASES, lease('a')), ...as('viewer', ...everything)] },
  {
    name: 'PUT and PATCH of a missing Lease ask for the right to create it',
    steps: [
      put(`${LEASES}/a`, lease('a'), { user: 'viewer' }),
      put(`${LEASES}/a?dryRun=All`, lease('a'), { user: 'viewer' }),
      put(`${LEASES}/a`, lease('a', { leaseDurationSeconds: 0 }), { user: 'viewer' }),
      put(`${LEASES}/a`, lease('a', {}, { uid: 'x' }), { user: 'viewer' }),
      mergePatch(`${LEASES}/a`, {}, { user: 'viewer' }),
      post(LEASES, lease('a')),
      put(`${LEASES}/a`, lease('a', { holderIdentity: 'y' }, { resourceVersion: '{{rv:a}}' }), { user: 'viewer' }),
    ],
  },
  {
    name: 'somebody who may watch',
    steps: [
      post(LEASES, lease('a')),
      watch('w', `${LEASES}?watch=true`, { user: 'viewer' }),
      events('w', 1),
      watch('x', `${LEASES}?watch=true`, { user: 'nobody' }),
      watch('y', `/apis/coordination.k8s.io/v1/watch/namespaces/{{ns}}/leases`, { user: 'nobody' }),
      watch('z', `${LEASES}?watch=true&fieldSelector=metadata.name%3Da`, { user: 'nobody' }),
      watch('s', `${LEASES}?watch=true`, { user: 'stranger' }),
    ],
  },
  {
    name: 'odd credentials',
    steps: [
      'Basic YTpi',
      'Bearer',
      'Bearer ',
      'bearer nobody-token',
      'Bearer nobody-token x',
      'Token x',
      'nobody-token',
      'Bearer  nobody-token',
    ].map((authorization) => get(`${LEASES}/a`, { user: 'anonymous', headers: { authorization } })),
  },
  {
    name: 'rights are asked before anything else',
    steps: as(
      'nobody',
      post(LEASES, '{'),
      post(LEASES, 'x', { headers: { 'content-type': 'text/plain' } }),
      get(LEASES, { headers: { accept: 'text/html' } }),
      get('/apis/nobody.example/v1/things'),
      get('/apis/nobody.example/v1/namespaces/{{ns}}/things/a'),
      get(`${LEASES}?limit=x`),
      get(`${LEASES}?labelSelector=!`),
      del(`${LEASES}/a/b/c`),
    ),
  },
  {
    name: 'may I?',
    steps: [
      may(
        { resourceAttributes: { verb: 'get', group: 'coordination.k8s.io', resource: 'leases', namespace: '{{ns}}' } },
        'viewer',
      ),
      may(
        {
          resourceAttributes: { verb: 'create', group: 'coordination.k8s.io', resource: 'leases', namespace: '{{ns}}' },
        },
        'viewer',
      ),
      may(
        { resourceAttributes: { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', name: 'a' } },
        'admin',
      ),
      may({ resourceAttributes: { verb: '*', group: '*', resource: '*' } }, 'admin'),
      may({ resourceAttributes: { verb: 'list', resource: 'pods' } }, 'nobody'),
      may({ nonResourceAttributes: { verb: 'get', path: '/version' } }, 'nobody'),
      may({ nonResourceAttributes: { verb: 'get', path: '/metrics' } }, 'nobody'),
      may({ resourceAttributes: {} }, 'nobody'),
    ],
  },
  {
    name: 'questions that are none',
    steps: [
      may({}, 'nobody'),
      may(null, 'nobody'),
      may({ resourceAttributes: { verb: 'get' }, nonResourceAttributes: { verb: 'get', path: '/' } }, 'nobody'),
      post(REVIEWS, '{', { user: 'nobody' }),
      post(REVIEWS, { kind: 'Lease' }, { user: 'nobody' }),
      get(REVIEWS, { user: 'nobody' }),
      get(REVIEWS),
      post(REVIEWS, { spec: { resourceAttributes: { verb: 'get', nonsense: 1 } } }, { view: allowed }),
      post(`${REVIEWS}?fieldValidation=Strict`, { spec: { resourceAttributes: { verb: 'get', nonsense: 1 } } }),
      post(REVIEWS, { spec: { resourceAttributes: { verb: 'get' } } }, { user: 'anonymous' }),
      post(
        REVIEWS,
        { spec: { resourceAttributes: { verb: 'get' } } },
        { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } },
      ),
    ],
  },
];
