/** Which APIs there are: the legacy documents, the aggregated one, and the version. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../json/value.js';
import type { Resource } from '../resources/resource.js';
import { noSuchPath } from '../status.js';
import type { ApiServer } from './api-server.js';
import type { Answer, Call } from './call.js';
import { checkRoute, outputForm, parseAccept } from './negotiate.js';

const AGGREGATED_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Reviews are not stored, so they are no entry of the catalog. */
const REVIEWS = [
  { name: 'selfsubjectaccessreviews', singular: 'selfsubjectaccessreview', kind: 'SelfSubjectAccessReview' },
];
/** In the server's own order of priority. */
const GROUPS = ['events.k8s.io', 'authorization.k8s.io', 'coordination.k8s.io'];

/** The answer to a discovery path, or undefined when the path is none. */
export function discover(server: ApiServer, call: Call): Answer | undefined {
  const parts = call.path.split('/').filter((part) => part !== '');
  const [prefix, second, third] = parts;
  if (prefix !== 'api' && prefix !== 'apis') return undefined;
  const aggregates = parts.length === 1 && wantsAggregated(call);
  // The list of groups is no route of go-restful, which would look at Accept first.
  if (!aggregates && call.path !== '/apis') checkRoute(call, false);
  if (!aggregates) outputForm(call, 'none');
  if (parts.length === 1) {
    if (aggregates) return aggregated(call, prefix === 'api' ? coreGroups(server) : namedGroups(server));
    return answer(prefix === 'api' ? coreVersions(server) : groupList(server));
  }
  if (prefix === 'api') {
    if (parts.length > 2) return undefined;
    if (second !== 'v1') throw noSuchPath();
    return answer({ kind: 'APIResourceList', groupVersion: 'v1', resources: resourceList(server, '') });
  }
  if (parts.length > 3) return undefined;
  if (second === undefined || !GROUPS.includes(second)) return notFoundText();
  if (third === undefined) return answer({ kind: 'APIGroup', apiVersion: 'v1', ...groupOf(second) });
  if (third !== 'v1') throw noSuchPath();
  const resources = resourceList(server, second);
  return answer({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${second}/v1`, resources });
}

export const notFoundText = (): Answer => ({
  status: 404,
  body: '404 page not found\n',
  contentType: 'text/plain; charset=utf-8',
  headers: { 'x-content-type-options': 'nosniff' },
});

export const answer = (body: JsonObject): Answer => ({ status: 200, body });

/** Every path that answers something, for people who look around. */
export function pathList(): Answer {
  const apis = GROUPS.flatMap((group) => [`/apis/${group}`, `/apis/${group}/v1`]);
  const others = ['/healthz', '/livez', '/openapi/v3', '/openapi/v3/', '/readyz', '/version'];
  return { status: 200, body: { paths: ['/api', '/api/v1', '/apis', ...apis, ...others] } };
}

const coreVersions = (server: ApiServer): JsonObject => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: server.address }],
});

const groupList = (_server: ApiServer): JsonObject => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: GROUPS.map(groupOf),
});

function groupOf(name: string): JsonObject {
  const version = { groupVersion: `${name}/v1`, version: 'v1' };
  return { name, versions: [version], preferredVersion: version };
}

function resourceList(server: ApiServer, group: string): JsonObject[] {
  if (group === 'authorization.k8s.io') {
    return REVIEWS.map(({ name, singular, kind }) => ({
      name,
      singularName: singular,
      namespaced: false,
      kind,
      verbs: ['create'],
    }));
  }
  return sortedResources(server, group).map((resource) => ({
    name: resource.name,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(resource.shortNames ? { shortNames: resource.shortNames } : {}),
    ...(resource.categories ? { categories: resource.categories } : {}),
    ...(resource.storageVersionHash ? { storageVersionHash: resource.storageVersionHash } : {}),
  }));
}

const sortedResources = (server: ApiServer, group: string): Resource[] =>
  server.resources.filter((r) => r.group === group).sort((a, b) => (a.name < b.name ? -1 : 1));

function wantsAggregated(call: Call): boolean {
  for (const { type, parameters } of parseAccept(call.header('accept') ?? '')) {
    if (type !== 'application/json') continue;
    if (!parameters.has('as')) return false;
    const [g, v, as] = ['g', 'v', 'as'].map((name) => parameters.get(name));
    if (g === 'apidiscovery.k8s.io' && v === 'v2' && as === 'APIGroupDiscoveryList') return true;
  }
  return false;
}

const coreGroups = (server: ApiServer): JsonObject[] => [discoveryGroup(server, '')];
const namedGroups = (server: ApiServer): JsonObject[] => GROUPS.map((group) => discoveryGroup(server, group));

function discoveryGroup(server: ApiServer, group: string): JsonObject {
  const resources: JsonObject[] =
    group === 'authorization.k8s.io'
      ? REVIEWS.map(({ name, singular, kind }) => ({
          resource: name,
          responseKind: { group: '', version: '', kind },
          scope: 'Cluster',
          singularResource: singular,
          verbs: ['create'],
        }))
      : sortedResources(server, group).map((resource) => ({
          resource: resource.name,
          responseKind: { group: '', version: '', kind: resource.kind },
          scope: resource.namespaced ? 'Namespaced' : 'Cluster',
          singularResource: resource.singular,
          verbs: resource.verbs,
          ...(resource.shortNames ? { shortNames: resource.shortNames } : {}),
          ...(resource.categories ? { categories: resource.categories } : {}),
        }));
  const metadata = group === '' ? {} : { name: group };
  return { metadata, versions: [{ version: 'v1', resources, freshness: 'Current' }] };
}

/** Cached by clients, who ask again with the ETag. */
function aggregated(call: Call, items: JsonObject[]): Answer {
  const body = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
  const etag = `"${createHash('sha512').update(JSON.stringify(body)).digest('hex').toUpperCase()}"`;
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
  if (call.header('if-none-match') === etag) return { status: 304, body: '', headers };
  return { status: 200, body, contentType: AGGREGATED_TYPE, headers };
}

export function version(server: ApiServer): Answer {
  const [major = '', minor = ''] = server.serverVersion.replace(/^v/, '').split('.');
  return {
    status: 200,
    body: `${JSON.stringify(
      {
        major,
        minor,
        emulationMajor: major,
        emulationMinor: minor,
        minCompatibilityMajor: major,
        minCompatibilityMinor: String(Number(minor) - 1),
        gitVersion: `${server.serverVersion}+kle.sandbox`,
        gitCommit: '',
        gitTreeState: '',
        buildDate: '1970-01-01T00:00:00Z',
        goVersion: '',
        compiler: 'node',
        platform: 'kle/sandbox',
      },
      null,
      2,
    )}`,
    contentType: 'application/json',
  };
}
