import { get, type Json, type JsonObject, NAMESPACES, type Sequence } from '../sequence.js';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const KINDS = ['leases', 'events', 'namespaces', 'configmaps', 'pods', 'serviceaccounts', 'selfsubjectaccessreviews'];
const GROUPS = ['coordination.k8s.io', 'events.k8s.io', 'authorization.k8s.io'];

const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? (value as JsonObject[]) : []);
/** The real server serves coordination.k8s.io/v1beta1 here, which the sandbox has not. */
const served = (value: Json | undefined) =>
  list(value).filter(({ version, groupVersion }) => version === 'v1' || String(groupVersion).endsWith('/v1'));

const ofGroups = (body: Json): Json => {
  const { groups, ...rest } = body as JsonObject;
  return {
    ...rest,
    groups: list(groups)
      .filter(({ name }) => GROUPS.includes(String(name)))
      .map(ofGroup),
  };
};
const ofGroup = (group: JsonObject): JsonObject => ({ ...group, versions: served(group.versions) });

const ofKinds = (body: Json): Json => {
  const { resources, ...rest } = body as JsonObject;
  return { ...rest, resources: list(resources).filter(({ name }) => KINDS.includes(String(name))) };
};

const aggregated = (body: Json): Json => {
  const { items, ...rest } = body as JsonObject;
  const groups = list(items).filter(({ metadata }) =>
    ['', ...GROUPS].includes(String((metadata as JsonObject).name ?? '')),
  );
  return { ...rest, items: groups.map((group) => ({ ...group, versions: served(group.versions).map(withKinds) })) };
};
/** Subresources are the real server's. */
const withKinds = (version: JsonObject): JsonObject => ({
  ...version,
  resources: list(version.resources)
    .filter(({ resource }) => KINDS.includes(String(resource)))
    .map(({ subresources: _, ...resource }) => resource),
});

/** Not of this build, which the sandbox says behind a plus. */
const ofVersion = (body: Json): Json => {
  const { major, minor, gitVersion } = body as JsonObject;
  return { major: major ?? null, minor: minor ?? null, gitVersion: String(gitVersion).split('+')[0] ?? '' };
};

const text = (accept: string) => ({ headers: { accept } });

export const discovery: Sequence[] = [
  {
    name: 'groups and kinds, the old way',
    steps: [
      get('/api'),
      get('/api/v1', { view: ofKinds }),
      get('/apis', { view: ofGroups }),
      get('/apis/coordination.k8s.io', { view: (body) => ofGroup(body as JsonObject) }),
      get('/apis/coordination.k8s.io/v1', { view: ofKinds }),
      get('/apis/events.k8s.io', { view: (body) => ofGroup(body as JsonObject) }),
      get('/apis/events.k8s.io/v1', { view: ofKinds }),
      get('/apis/authorization.k8s.io/v1', { view: ofKinds }),
    ],
  },
  {
    name: 'paths of discovery that are none',
    steps: [
      get('/apis/nobody.example'),
      get('/apis/nobody.example/v1'),
      get('/apis/nobody.example/v1/things'),
      get('/apis/coordination.k8s.io/v7'),
      get('/apis/coordination.k8s.io/v7/leases'),
      get('/api/v7'),
      get('/api/v7/pods'),
      get('/apis/', { view: ofGroups }),
      get('/api/'),
      get('/apis/coordination.k8s.io/', { view: (body) => ofGroup(body as JsonObject) }),
      get('/apis/coordination.k8s.io/v1/', { view: ofKinds }),
      { method: 'POST', path: '/apis', body: {}, view: ofGroups },
      { method: 'DELETE', path: '/apis/coordination.k8s.io/v1', view: ofKinds },
      { method: 'PUT', path: '/api', body: {} },
    ],
  },
  {
    name: 'aggregated discovery',
    steps: [
      get('/apis', { ...text(AGGREGATED), view: aggregated }),
      get('/api', { ...text(AGGREGATED), view: aggregated }),
      get('/apis', { ...text(`${AGGREGATED},application/json`), view: (body) => (body as JsonObject).kind ?? null }),
      get('/apis', text('application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList')),
      get('/apis', {
        ...text('application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'),
        view: (body) => (body as JsonObject).kind ?? null,
      }),
      get('/apis', { ...text('*/*'), view: (body) => (body as JsonObject).kind ?? null }),
      get('/apis', text('text/html')),
      get('/apis', { ...text('application/*'), view: ofGroups }),
      get('/api/v1', text('text/html')),
    ],
  },
  {
    name: 'version and health',
    steps: [
      get('/version', { view: ofVersion }),
      get('/version/', { view: ofVersion }),
      ...['/healthz', '/livez', '/readyz'].map((path) => get(path)),
      get('/version', { user: 'anonymous', view: ofVersion }),
      get('/healthz', { user: 'anonymous' }),
      get('/livez', { user: 'nobody' }),
      { method: 'POST', path: '/version', body: {} },
      { method: 'HEAD', path: '/healthz' },
    ],
  },
  {
    name: 'OpenAPI: where the documents are',
    steps: [
      get('/openapi/v3', {
        view: (body) =>
          Object.keys((body as JsonObject).paths as JsonObject)
            .filter((path) => path.startsWith('apis/coordination.k8s.io/v1'))
            .filter((path) => !path.includes('beta')),
      }),
      get('/openapi/v3/apis/nobody.example/v1'),
      get('/openapi/v3/apis/coordination.k8s.io/v1', {
        view: (body) => {
          const { openapi, paths } = body as { openapi: Json; paths: JsonObject };
          return {
            openapi,
            paths: Object.keys(paths).filter((path) => path.includes('/leases') && !path.includes('/watch/')),
          };
        },
      }),
      get('/openapi'),
      get('/openapi/v4'),
      get('/openapi/v3', { user: 'nobody', view: () => 'allowed' }),
      get('/openapi/v3', { user: 'anonymous' }),
    ],
  },
  {
    name: 'paths that are none',
    steps: [
      get('/nope'),
      get('/nope', { user: 'nobody' }),
      get('/nope', { user: 'anonymous' }),
      get(`${NAMESPACES}/{{ns}}/nonsense`),
      get(`${NAMESPACES}/{{ns}}/pods/a/nonsense`),
      get('/apis/coordination.k8s.io/v1/namespaces/{{ns}}/nonsense'),
      get('/apis/coordination.k8s.io/v1/namespaces/{{ns}}/leases/a/status'),
      get('/apis/coordination.k8s.io/v1/leases/a'),
      get('/apis/coordination.k8s.io/v1/namespaces/{{ns}}'),
      get('/apis/coordination.k8s.io/v1/nonsense'),
      get('/api/v1/nonsense/a'),
      get('/apis/coordination.k8s.io/v1/namespaces/{{ns}}/leases/'),
      get('/apis//coordination.k8s.io/v1/namespaces/{{ns}}/leases'),
    ],
  },
];
