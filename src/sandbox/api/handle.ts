/** From a request to its answer. Every refusal, and every bug of ours, becomes a Status here. */
import type { Resource } from '../resources/resource.js';
import { ApiError, internal, methodNotAllowed, noSuchPath } from '../status.js';
import { attributesOf, authorize } from './access.js';
import { isReview, reviewAccess } from './access-review.js';
import { type ApiServer, findResource } from './api-server.js';
import type { Answer, Call, StreamAnswer } from './call.js';
import { discover, notFoundText, pathList, version } from './discovery.js';
import { createObject, patchObject, replaceObject } from './mutate.js';
import { checkRoute } from './negotiate.js';
import { openApi } from './openapi.js';
import { getObject, listObjects } from './read.js';
import { deleteCollection, deleteObject } from './remove.js';
import { watchObjects } from './watch-source.js';

const HEALTH = ['/healthz', '/livez', '/readyz'];

export async function handle(server: ApiServer, call: Call, random: () => number): Promise<Answer | StreamAnswer> {
  try {
    // Before anything else, the existence of the path included.
    admit(call);
    // Elsewhere an empty segment is overlooked, here it is none of the paths.
    if (/^\/apis?\/\//.test(call.path)) return notFoundText();
    return call.info.isResource ? await resourceAnswer(server, call, random) : plainAnswer(server, call);
  } catch (error) {
    return failure(error);
  }
}

/** The filter before all handlers; its refusals have a header of their own. */
function admit(call: Call): void {
  try {
    authorize(call.user, attributesOf(call.info));
  } catch (error) {
    if (error instanceof ApiError) throw new ApiError(error.status, { 'x-content-type-options': 'nosniff' });
    throw error;
  }
}

/** The answer to a request that could not be handled. */
export function failure(error: unknown): Answer {
  const refusal = error instanceof ApiError ? error : internal(error instanceof Error ? error.message : String(error));
  return { status: refusal.status.code, body: refusal.status, headers: refusal.headers };
}

function plainAnswer(server: ApiServer, call: Call): Answer {
  const { path, method } = call;
  const isRead = method === 'GET' || method === 'HEAD';
  if (HEALTH.includes(path)) {
    return {
      status: 200,
      body: 'ok',
      contentType: 'text/plain; charset=utf-8',
      headers: { 'x-content-type-options': 'nosniff' },
    };
  }
  if (path === '/version' || path === '/version/') return isRead ? version(server) : fail(methodNotAllowed());
  if (path === '/' && isRead) return pathList();
  const api = discover(server, call);
  // The list of groups is answered whatever the method: it is no route of go-restful.
  if (api) return isRead || path === '/apis' ? api : fail(methodNotAllowed());
  return openApi(server, call) ?? notFoundText();
}

function fail(error: ApiError): never {
  throw error;
}

async function resourceAnswer(server: ApiServer, call: Call, random: () => number): Promise<Answer | StreamAnswer> {
  const { info } = call;
  if (isReview(info.group, info.version, info.resource)) {
    if (call.method !== 'POST') throw methodNotAllowed();
    checkRoute(call, false);
    return reviewAccess(server, call);
  }
  const resource = findResource(server, info.group, info.version, info.resource);
  if (!resource) return unknownResource(server, call);
  if (info.subresource !== '' || info.rest.length > 0) throw noSuchPath();
  if (!resource.namespaced && info.namespace !== '' && info.namespace !== info.name) throw noSuchPath();
  return dispatch(server, call, resource, random);
}

/** A group that is served refuses in JSON, one that is not is no path at all. */
function unknownResource(server: ApiServer, call: Call): Answer {
  const { group } = call.info;
  const known = group === 'authorization.k8s.io' || server.resources.some((r) => r.group === group);
  if (!known) return notFoundText();
  throw noSuchPath();
}

async function dispatch(
  server: ApiServer,
  call: Call,
  resource: Resource,
  random: () => number,
): Promise<Answer | StreamAnswer> {
  const { method, info } = call;
  // The name may come from a field selector, so the path decides.
  const named = pathHasName(call);
  const elsewhere = resource.namespaced && info.namespace === '';
  const allowed = (verb: string) => resource.verbs.includes(verb);
  if (method === 'GET') {
    checkRoute(call, !named || info.watchPath);
    if (info.watchPath) return watchObjects(server, call, resource, random);
    if (named) return elsewhere ? fail(noSuchPath()) : getObject(server, call, resource);
    return info.verb === 'watch' ? watchObjects(server, call, resource, random) : listObjects(server, call, resource);
  }
  if (named && elsewhere) throw noSuchPath();
  const handler = named
    ? { PUT: replaceObject, PATCH: patchObject, DELETE: deleteObject }[method]
    : { POST: createObject, DELETE: allowed('deletecollection') ? deleteCollection : undefined }[method];
  if (!handler || info.watchPath || (elsewhere && !named)) throw methodNotAllowed();
  checkRoute(call, false);
  return handler(server, call, resource);
}

function pathHasName({ path, info }: Call): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  return info.name !== '' && parts.at(-1) === info.name && parts.at(-2) === info.resource;
}
