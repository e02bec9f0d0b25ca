/** DELETE of one object and of a collection (apiserver pkg/endpoints/handlers/delete.go, registry store.go, rest/delete.go). */
import { withMeta } from '../json/meta.js';
import type { JsonObject, KubeObject } from '../json/value.js';
import { errorKind, groupResource, type Resource } from '../resources/resource.js';
import { deleteOptions as optionsType } from '../schema/kinds.js';
import { deleteOptionsMessage } from '../schema/messages.js';
import { ApiError, conflict, forbidden, notFound } from '../status.js';
import { keyOf } from '../store.js';
import { type ApiServer, nowMs, nowText } from './api-server.js';
import { bodyReader, decodeOptions } from './body.js';
import type { Answer, Call } from './call.js';
import { outputForm } from './negotiate.js';
import { type DeleteOptions, deleteOptions, listOptions } from './options.js';
import { readPage, scopeOf } from './read.js';
import { selectionOf } from './selection.js';
import { shapeList, shapeObject, shown } from './shape.js';

const IMMORTAL = ['default', 'kube-system', 'kube-public'];
const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

interface Removed {
  object: KubeObject;
  gone: boolean;
}

export async function deleteObject(server: ApiServer, call: Call, resource: Resource): Promise<Answer> {
  const form = outputForm(call, true);
  const options = await readOptions(call);
  const { object, gone } = remove(server, resource, scopeOf(call, resource), call.info.name, options);
  const status = !gone && options.orphanDependents === false ? 202 : 200;
  if (gone && !resource.returnsDeleted) return { status, body: success(resource, object) };
  return { status, body: shapeObject(call, resource, form, object, nowMs(server)) };
}

function success(resource: Resource, object: KubeObject): JsonObject {
  const { name, uid } = object.metadata;
  const details = { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.name, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** With a body the query does not count, dryRun included: the server's own trap. */
async function readOptions(call: Call): Promise<DeleteOptions> {
  const bytes = await call.body();
  if (bytes.length === 0) return deleteOptions(undefined, call.query);
  return deleteOptions(decodeOptions(bodyReader(call, deleteOptionsMessage), bytes, optionsType), call.query);
}

/** Deletes one object, or marks it when finalizers hold it. */
export function remove(
  server: ApiServer,
  resource: Resource,
  namespace: string | undefined,
  name: string,
  options: DeleteOptions,
): Removed {
  if (resource.kind === 'Namespace' && IMMORTAL.includes(name)) {
    throw forbidden(groupResource(resource), name, 'this namespace may not be deleted');
  }
  const key = keyOf(namespace, name);
  const stored = server.store.get(resource.storage, key);
  if (!stored) throw notFound(groupResource(resource), name);
  checkPreconditions(resource, stored, options);
  if (resource.kind === 'Namespace') return terminate(server, resource, stored, options);
  const finalizers = finalizersFor(resource, stored, options);
  if (finalizers.length > 0) return mark(server, resource, key, stored, finalizers, options);
  if (options.dryRun) return { object: shown(resource, stored), gone: true };
  if (resource.kind === 'Pod') markAsEnding(server, resource, key, stored);
  return { object: shown(resource, server.store.delete(resource.storage, key)), gone: true };
}

/** A Pod is deleted in two steps even when nothing waits for it: no kubelet here, so no grace either. */
function markAsEnding(server: ApiServer, resource: Resource, key: string, stored: KubeObject): void {
  const deletionTimestamp = stored.metadata.deletionTimestamp ?? nowText(server);
  const metadata = { ...stored.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 };
  server.store.update(resource.storage, key, withMeta(stored, metadata));
}

function checkPreconditions(resource: Resource, stored: KubeObject, options: DeleteOptions): void {
  const { uid = '', resourceVersion = '', name = '' } = stored.metadata;
  if (resource.kind === 'Namespace') {
    checkNamespacePreconditions(resource, stored, options);
    return;
  }
  // Here the Kind stands where the resource stands elsewhere.
  const named = errorKind(resource);
  const kind = { group: named.group, resource: named.kind };
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(
      kind,
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw conflict(
      kind,
      name,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

/** Namespaces have checks and words of their own (registry/core/namespace/storage). */
function checkNamespacePreconditions(resource: Resource, stored: KubeObject, options: DeleteOptions): void {
  const { uid = '', resourceVersion = '', name = '' } = stored.metadata;
  const refuse = (what: string, asked: string, actual: string) =>
    conflict(
      groupResource(resource),
      name,
      `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${actual}`,
    );
  if (options.uid !== undefined && options.uid !== uid) throw refuse('UID', options.uid, uid);
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw refuse('ResourceVersion', options.resourceVersion, resourceVersion);
  }
}

/** Finalizers that hold the object, those of the asked propagation included. */
function finalizersFor(resource: Resource, stored: KubeObject, options: DeleteOptions): string[] {
  const finalizers = stored.metadata.finalizers ?? [];
  if (!resource.collectsGarbage) return finalizers.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  const { propagation, orphanDependents } = options;
  const asked = orphanDependents !== undefined || propagation !== undefined;
  const first = finalizers.find((name) => name === ORPHAN || name === FOREGROUND);
  const orphan = asked ? (orphanDependents ?? propagation === 'Orphan') : first === ORPHAN;
  const foreground = asked ? orphanDependents === undefined && propagation === 'Foreground' : first === FOREGROUND;
  const kept = finalizers.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  return [...kept, ...(orphan ? [ORPHAN] : []), ...(foreground ? [FOREGROUND] : [])];
}

function mark(
  server: ApiServer,
  resource: Resource,
  key: string,
  stored: KubeObject,
  finalizers: string[],
  options: DeleteOptions,
): Removed {
  const { metadata } = stored;
  const generation =
    metadata.deletionTimestamp === undefined && metadata.generation ? metadata.generation + 1 : metadata.generation;
  const marked: KubeObject['metadata'] = {
    ...metadata,
    ...(generation === undefined ? {} : { generation }),
    deletionTimestamp: metadata.deletionTimestamp ?? nowText(server),
    deletionGracePeriodSeconds: 0,
    finalizers,
  };
  const next = withMeta(stored, marked);
  const changed = metadata.deletionTimestamp === undefined || finalizers.join() !== (metadata.finalizers ?? []).join();
  const object = changed && !options.dryRun ? server.store.update(resource.storage, key, next) : next;
  return { object: shown(resource, object), gone: false };
}

/** A namespace ends in steps: here it starts to; controllers.ts does what the namespace controller would. */
function terminate(server: ApiServer, resource: Resource, stored: KubeObject, options: DeleteOptions): Removed {
  if (stored.metadata.deletionTimestamp) return { object: stored, gone: false };
  const status = { ...(stored.status as JsonObject), phase: 'Terminating' };
  const next = withMeta({ ...stored, status }, { ...stored.metadata, deletionTimestamp: nowText(server) });
  if (options.dryRun) return { object: next, gone: false };
  return {
    object: server.store.update(resource.storage, keyOf(undefined, stored.metadata.name ?? ''), next),
    gone: false,
  };
}

/** Deletes what the selectors match and answers it as it was before. */
export async function deleteCollection(server: ApiServer, call: Call, resource: Resource): Promise<Answer> {
  const form = outputForm(call, true);
  const list = listOptions(call.query, false);
  const selection = selectionOf(call, resource, list);
  const options = await readOptions(call);
  const { objects: matching, metadata: listMeta } = await readPage(server, resource, list, selection);
  for (const { metadata } of matching) {
    try {
      remove(server, resource, resource.namespaced ? metadata.namespace : undefined, metadata.name ?? '', options);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status.code !== 404) throw error;
    }
  }
  const objects = matching.map((object) => shown(resource, object));
  return {
    status: 200,
    body: shapeList(call, resource, form, objects, listMeta, nowMs(server)),
  };
}
