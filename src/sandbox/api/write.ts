/** What creations and updates share: owners said once, managedFields, the life of namespaces, sizes. */
import { withMeta } from '../json/meta.js';
import type { KubeObject } from '../json/value.js';
import { updateManagedFields } from '../managed-fields/update.js';
import { isTerminating } from '../resources/namespace.js';
import { groupResource, groupVersion, type Resource } from '../resources/resource.js';
import { forbidden, notFound, unclassified } from '../status.js';
import { withoutDuplicateOwners } from '../validation/metadata.js';
import { type ApiServer, nowText } from './api-server.js';
import { type Call, warn } from './call.js';
import type { WriteOptions } from './options.js';

/** An object of a resource in the form in which it is stored, and back. */
export function asStored(resource: Resource, object: KubeObject): KubeObject {
  const { selfLink, ...metadata } = object.metadata;
  const kept = selfLink === undefined ? object : withMeta(object, metadata);
  return resource.toStored?.(kept) ?? kept;
}

export const asShown = (resource: Resource, object: KubeObject): KubeObject => resource.fromStored?.(object) ?? object;

/** The object with its owners said once; a client that repeats them is warned. */
export function dedupOwners(call: Call, object: KubeObject): KubeObject {
  const { object: kept, duplicates } = withoutDuplicateOwners(object);
  if (duplicates.length > 0) {
    warn(
      call,
      `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${duplicates.join(', ')}`,
    );
  }
  return kept;
}

/** etcd's limit for a request (--max-request-bytes); there the object is protobuf, which is a little smaller. */
const MAX_STORED_BYTES = 1.5 * 1024 * 1024;

/** Throws the refusal of an object that is too large to be stored. */
export function checkSize(object: KubeObject): void {
  if (JSON.stringify(object).length > MAX_STORED_BYTES) throw unclassified('etcdserver: request is too large');
}

function withReset(resource: Resource, before: KubeObject, after: KubeObject): KubeObject {
  const reset = { ...after };
  for (const name of resource.resetFields ?? []) reset[name] = before[name];
  return reset;
}

/** The object with managedFields as this write leaves them. */
export function track(
  server: ApiServer,
  resource: Resource,
  before: KubeObject,
  after: KubeObject,
  options: WriteOptions,
): KubeObject {
  const writer = { manager: options.manager, apiVersion: groupVersion(resource), time: nowText(server) };
  const entries = updateManagedFields(resource.type, before, withReset(resource, before, after), writer);
  const { managedFields: _, ...metadata } = after.metadata;
  return withMeta(after, entries && entries.length > 0 ? { ...metadata, managedFields: entries } : metadata);
}

/** A namespace that is missing takes no writes, one that ends takes no new objects (admission NamespaceLifecycle). */
export function admitNamespace(server: ApiServer, resource: Resource, object: KubeObject, creating: boolean): void {
  const name = object.metadata.namespace ?? '';
  if (!resource.namespaced || name === '') return;
  const namespace = server.store.get('namespaces', name);
  if (!namespace) throw notFound({ group: '', resource: 'namespaces' }, name);
  if (!creating || !isTerminating(namespace)) return;
  const why = `unable to create new content in namespace ${name} because it is being terminated`;
  const refusal = forbidden(
    groupResource(resource),
    object.metadata.name || object.metadata.generateName || 'Unknown',
    why,
  );
  const details = refusal.status.details as KubeObject;
  details.causes = [
    { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' },
  ];
  throw refusal;
}
