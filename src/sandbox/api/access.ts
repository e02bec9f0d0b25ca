/** Who asks, and may they (apiserver pkg/endpoints/filters, pkg/authentication, the default cluster roles of RBAC). */
import { quoteGo } from '../json/reader.js';
import { type ApiError, forbidden, unauthorized } from '../status.js';
import type { RequestInfo } from './request-info.js';

export interface Rule {
  /** `*` is any. */
  verb: string;
  /** Plural, or `plural/subresource`; `*` is any. */
  resource: string;
}

export interface User {
  name: string;
  groups: string[];
  rules: 'all' | Rule[];
}

export interface AccessAttributes {
  isResource: boolean;
  verb: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  path: string;
}

const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'], rules: [] };
const MASTERS = 'system:masters';

/** Cluster role system:public-info-viewer: for everybody. */
const PUBLIC_PATHS = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
/** Cluster role system:discovery: for everybody who is known. */
const DISCOVERY_PATHS = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/openapi',
  '/openapi/*',
  '/readyz',
  '/version',
  '/version/',
];

export interface TokenUser extends User {
  token: string;
}

/** The subject of a client certificate that our CA has signed. */
export interface CertificateUser {
  name: string;
  groups: string[];
}

/** Throws 401 for a bearer token that is not known; anything else unknown is anonymous. */
export function authenticate(
  users: TokenUser[],
  certificate: CertificateUser | undefined,
  authorization: string | undefined,
): User {
  if (certificate) {
    const rules = users.find((user) => user.name === certificate.name)?.rules ?? [];
    return { ...certificate, groups: [...certificate.groups, 'system:authenticated'], rules };
  }
  const [scheme = '', token = ''] = (authorization ?? '').trim().split(' ');
  if (scheme.toLowerCase() !== 'bearer' || token === '') return ANONYMOUS;
  const user = users.find((candidate) => candidate.token === token);
  if (!user) throw unauthorized();
  return { name: user.name, groups: [...user.groups, 'system:authenticated'], rules: user.rules };
}

export function attributesOf(info: RequestInfo): AccessAttributes {
  const { isResource, verb, group, resource, subresource, namespace, name, path } = info;
  return { isResource, verb, group, resource, subresource, namespace, name, path };
}

export function isAllowed(user: User, request: AccessAttributes): boolean {
  if (user.rules === 'all' || user.groups.includes(MASTERS)) return true;
  const known = user.groups.includes('system:authenticated');
  if (!request.isResource) {
    const paths = known ? DISCOVERY_PATHS : PUBLIC_PATHS;
    return request.verb === 'get' && paths.some((path) => pathMatches(path, request.path));
  }
  if (known && request.group === 'authorization.k8s.io' && request.verb === 'create') {
    if (/^selfsubject(access|rules)reviews$/.test(request.resource)) return true;
  }
  const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`;
  return user.rules.some(
    (rule) =>
      (rule.verb === '*' || rule.verb === request.verb) && (rule.resource === '*' || rule.resource === resource),
  );
}

const pathMatches = (pattern: string, path: string): boolean =>
  pattern.endsWith('/*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;

/** Throws 403 in the words of pkg/endpoints/handlers/responsewriters/errors.go. */
export function authorize(user: User, request: AccessAttributes): void {
  if (!isAllowed(user, request)) throw refusal(user, request);
}

function refusal(user: User, request: AccessAttributes): ApiError {
  const { group, resource, subresource, verb, namespace, name } = request;
  const who = `User ${quoteGo(user.name)} cannot ${verb}`;
  if (!request.isResource) {
    return forbidden({ group: '', resource: '' }, '', escapeHtml(`${who} path ${quoteGo(request.path)}`));
  }
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${quoteGo(namespace)}`;
  const why = `${who} resource ${quoteGo(full)} in API group ${quoteGo(group)} ${where}`;
  return forbidden({ group, resource }, name, escapeHtml(why));
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
