/** GET of one object and LIST (apiserver pkg/storage/etcd3/store.go, pkg/storage/continue.go, pkg/storage/errors.go). */
import { sleep } from '../../platform/clock.js';
import { JsonSyntaxError, readJson } from '../json/reader.js';
import { isObject, type KubeObject } from '../json/value.js';
import { groupResource, type Resource } from '../resources/resource.js';
import { badRequest, expired, notFound, tooLargeVersion, unclassified } from '../status.js';
import { CompactedError, keyOf } from '../store.js';
import { type ApiServer, nowMs } from './api-server.js';
import type { Answer, Call } from './call.js';
import { outputForm } from './negotiate.js';
import { type ListOptions, listOptions } from './options.js';
import { isTrue } from './request-info.js';
import { type Selection, selectionOf } from './selection.js';
import { type ListMeta, shapeList, shapeObject, shown } from './shape.js';
import { parseVersion, VersionError } from './versions.js';

export async function getObject(server: ApiServer, call: Call, resource: Resource): Promise<Answer> {
  const form = outputForm(call, true);
  if (isTrue(call.query.get('export'))) {
    throw badRequest('the export parameter, deprecated since v1.14, is no longer supported');
  }
  const version = versionFor(call.query.get('resourceVersion') ?? '', unclassified);
  await waitForRevision(server, version);
  const stored = server.store.get(resource.storage, keyOf(scopeOf(call, resource), call.info.name));
  if (!stored) throw notFound(groupResource(resource), call.info.name);
  return { status: 200, body: shapeObject(call, resource, form, shown(resource, stored), nowMs(server)) };
}

export const scopeOf = (call: Call, resource: Resource): string | undefined =>
  resource.namespaced ? call.info.namespace : undefined;

/** A version from the query; a text that is none gets the handler's own status. */
export function versionFor(text: string, refusal: (message: string) => Error): bigint {
  try {
    return parseVersion(text);
  } catch (error) {
    if (error instanceof VersionError) throw refusal(error.ofQuery);
    throw error;
  }
}

/** Waits for a revision that is yet to come; 504 when it does not. */
export async function waitForRevision(server: ApiServer, version: bigint): Promise<void> {
  const { store, clock } = server;
  if (version <= BigInt(store.revision)) return;
  const reached = new AbortController();
  const stop = store.onChange(() => {
    if (version <= BigInt(store.revision)) reached.abort();
  });
  await sleep(clock, server.futureWaitMs, reached.signal).catch(() => {});
  stop();
  if (version > BigInt(store.revision)) throw tooLargeVersion(String(version), store.revision);
}

export async function listObjects(server: ApiServer, call: Call, resource: Resource): Promise<Answer> {
  const form = outputForm(call, true);
  const options = listOptions(call.query, false);
  const selection = selectionOf(call, resource, options);
  const page = await readPage(server, resource, options, selection);
  const objects = page.objects.map((object) => shown(resource, object));
  return { status: 200, body: shapeList(call, resource, form, objects, page.metadata, nowMs(server)) };
}

interface Page {
  objects: KubeObject[];
  metadata: ListMeta;
}

/** Where a list goes on: after this key, at this revision (-1: at whatever is current). */
interface Continuation {
  revision: number;
  after: string;
}

/** One page of what matches. */
export async function readPage(
  server: ApiServer,
  resource: Resource,
  options: ListOptions,
  selection: Selection,
): Promise<Page> {
  const { store } = server;
  const version = versionFor(options.resourceVersion, (message) => badRequest(`invalid resource version: ${message}`));
  const from = options.continue === '' ? undefined : readContinue(options);
  // From the cache, which pages nothing: limit counts only where etcd itself is read.
  const limit = options.resourceVersion === '0' && options.resourceVersionMatch === '' ? 0 : options.limit;
  await waitForRevision(server, version);
  const exact =
    options.resourceVersionMatch === 'Exact' ||
    (version > 0n && options.limit > 0 && options.resourceVersionMatch === '' && !from);
  const revision = from && from.revision > 0 ? from.revision : exact ? Number(version) : store.revision;
  let all: KubeObject[];
  try {
    all = store.listAt(resource.storage, revision);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    throw from ? expiredContinue(from) : expired('The resourceVersion for the provided list is too old.');
  }
  const inScope = all.filter(
    (object) =>
      (!resource.namespaced || selection.namespace === '' || object.metadata.namespace === selection.namespace) &&
      (!from || isAfter(resource, selection, object, from)),
  );
  const found = inScope.filter(selection.matches);
  const objects = limit > 0 ? found.slice(0, limit) : found;
  const metadata: ListMeta = { resourceVersion: String(revision) };
  const last = objects.at(-1);
  // A full page has a next one where there are more objects, matching or not: nobody has looked at them.
  if (last && objects.length === limit && !selection.single && last !== inScope.at(-1)) {
    metadata.continue = writeContinue({ revision, after: pageKey(selection.namespace !== '', resource, last) });
    if (!selection.selective) metadata.remainingItemCount = found.length - objects.length;
  }
  return { objects, metadata };
}

/**
 * A token is written relative to the namespace that a field selector names, but read relative to that of the path: the
 * second page of such a list begins anew on the real server too.
 */
function isAfter(resource: Resource, selection: Selection, object: KubeObject, from: Continuation): boolean {
  const scoped = selection.pathNamespace !== '';
  const after = scoped && resource.namespaced && !from.after.startsWith('/') ? `/${from.after}` : from.after;
  return pageKey(scoped, resource, object) > after;
}

/** Relative to what is listed. Within a namespace it begins with the slash that follows the namespace. */
function pageKey(scoped: boolean, resource: Resource, object: KubeObject): string {
  const { namespace, name = '' } = object.metadata;
  return scoped && resource.namespaced ? `/${name}` : keyOf(resource.namespaced ? namespace : undefined, name);
}

const VERSION = 'meta.k8s.io/v1';

function writeContinue({ revision, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start: `${after}\u0000` })).toString('base64url');
}

function expiredContinue(from: Continuation): Error {
  return expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    writeContinue({ revision: -1, after: from.after.replace(/^\//, '') }),
  );
}

function readContinue(options: ListOptions): Continuation {
  const refuse = (why: string) => badRequest(`invalid continue token: ${why}`);
  if (options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  if (!/^[\w-]*$/.test(options.continue) || options.continue.length % 4 === 1) {
    const whole = options.continue.length - (options.continue.length % 4);
    const at = /[^\w-]/.exec(options.continue)?.index ?? whole;
    throw refuse(`continue key is not valid: illegal base64 data at input byte ${at}`);
  }
  try {
    const token = readJson(Buffer.from(options.continue, 'base64url').toString('utf8'));
    if (!isObject(token)) throw refuse('continue key is not valid: json: cannot unmarshal value');
    const { v, rv, start } = token;
    if (v !== VERSION)
      throw refuse(`continue key is not valid: server does not recognize this encoded version ${v ?? ''}`);
    if (typeof rv !== 'number' || rv === 0)
      throw refuse(`continue key is not valid: incorrect encoded start resourceVersion (version ${VERSION})`);
    if (typeof start !== 'string' || start === '')
      throw refuse(`continue key is not valid: encoded start key empty (version ${VERSION})`);
    return { revision: rv, after: start.replace(/\u0000$/, '') };
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw refuse(`continue key is not valid: ${error.message}`);
    throw error;
  }
}
