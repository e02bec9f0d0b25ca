/** What a path and a method ask for (apiserver pkg/endpoints/request/requestinfo.go). */
import { exactMatch, type FieldTerm, parseFieldSelector } from '../selectors/fields.js';

export interface RequestInfo {
  isResource: boolean;
  path: string;
  verb: string;
  group: string;
  version: string;
  namespace: string;
  resource: string;
  subresource: string;
  name: string;
  /** What follows the subresource. */
  rest: string[];
  /** `/watch/` in the path, the old way to ask for a watch. */
  watchPath: boolean;
}

const VERBS: { [method: string]: string } = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

export function requestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const info: RequestInfo = {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    rest: [],
    watchPath: false,
  };
  let parts = path.split('/').filter((part) => part !== '');
  const [prefix] = parts;
  if (prefix === 'api') {
    if (parts.length < 3) return info;
    info.version = parts[1] ?? '';
    parts = parts.slice(2);
  } else if (prefix === 'apis') {
    if (parts.length < 4) return info;
    [, info.group = '', info.version = ''] = parts;
    parts = parts.slice(3);
  } else return info;
  info.isResource = true;
  info.verb = VERBS[method] ?? '';
  if (parts[0] === 'watch') {
    info.watchPath = true;
    parts = parts.slice(1);
  }
  if (parts[0] === 'namespaces') {
    info.namespace = parts[1] ?? '';
    const ofNamespace = parts.length <= 2 || ['status', 'finalize'].includes(parts[2] ?? '');
    if (!ofNamespace) parts = parts.slice(2);
  }
  [info.resource = '', info.name = '', info.subresource = ''] = parts;
  info.rest = parts.slice(3);
  refineVerb(info, query);
  return info;
}

function refineVerb(info: RequestInfo, query: URLSearchParams): void {
  if (info.watchPath) info.verb = 'watch';
  if (info.name !== '') return;
  if (info.verb === 'delete') info.verb = 'deletecollection';
  if (info.verb !== 'get' && info.verb !== 'watch') return;
  if (info.verb === 'get') info.verb = isTrue(query.get('watch')) ? 'watch' : 'list';
  const name = exactMatch(terms(query.get('fieldSelector')), 'metadata.name');
  if (name !== undefined && name !== '' && !name.includes('/') && !name.includes('%')) info.name = name;
}

function terms(selector: string | null): FieldTerm[] {
  try {
    return parseFieldSelector(selector ?? '');
  } catch {
    return [];
  }
}

/** How a query parameter is read as a boolean: everything but `false` and `0` is true, an empty value too. */
export const isTrue = (value: string | null): boolean =>
  value !== null && value !== '0' && value.toLowerCase() !== 'false';
