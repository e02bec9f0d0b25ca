/** From a decoded object to the next version of a stored one (apiserver pkg/registry/generic/registry/store.go, Update; rest/update.go). */
import { withMeta } from '../json/meta.js';
import type { KubeObject } from '../json/value.js';
import { equalButForTimes } from '../managed-fields/update.js';
import { finalizersOf } from '../resources/namespace.js';
import { errorKind, groupResource, type Resource } from '../resources/resource.js';
import { conflict, invalid, notFound, unclassified } from '../status.js';
import { keyOf } from '../store.js';
import { fieldInvalid } from '../validation/field-error.js';
import { validateMetaUpdate, validatePathSegment } from '../validation/metadata.js';
import type { ApiServer } from './api-server.js';
import { emptyOf } from './body.js';
import { prepareCreate } from './create.js';
import type { WriteOptions } from './options.js';
import { parseVersion, VersionError } from './versions.js';
import { asShown, asStored, checkSize } from './write.js';

export interface Written {
  object: KubeObject;
  created: boolean;
}

export interface UpdateTarget {
  namespace: string;
  name: string;
}

/**
 * Replaces the stored object by what `change` makes of it. `change` gets an empty object when there is none, and only
 * where the resource may be created by PUT.
 */
export function update(
  server: ApiServer,
  resource: Resource,
  target: UpdateTarget,
  options: WriteOptions,
  change: (existing: KubeObject, missing: boolean) => KubeObject,
  hooks: { uid: string | undefined; authorizeCreate: () => void },
): Written {
  const key = keyOf(resource.namespaced ? target.namespace : undefined, target.name);
  const stored = server.store.get(resource.storage, key);
  if (!stored && !resource.createOnUpdate) throw notFound(groupResource(resource), target.name);
  checkUid(resource, key, target.name, stored, hooks.uid, options.dryRun);
  const existing = stored ? asShown(resource, stored) : emptyOf(resource);
  const object = change(existing, !stored);
  if (!stored) return createByUpdate(server, resource, key, object, options, hooks.authorizeCreate);
  const versioned = checkVersion(resource, object, stored);
  const next = prepareUpdate(resource, versioned, existing);
  if (isDeletedByUpdate(next, stored)) {
    if (!options.dryRun) server.store.delete(resource.storage, key);
    return { object: next, created: false };
  }
  const canonical = asStored(resource, next);
  if (equalButForTimes(canonical, stored)) return { object: existing, created: false };
  if (options.dryRun) return { object: next, created: false };
  checkSize(next);
  return { object: asShown(resource, server.store.update(resource.storage, key, canonical)), created: false };
}

function checkUid(
  resource: Resource,
  key: string,
  name: string,
  stored: KubeObject | undefined,
  uid: string | undefined,
  dryRun: boolean,
): void {
  const actual = stored?.metadata.uid ?? '';
  if (uid === undefined || uid === actual) return;
  const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${actual}`;
  // A dry run checks before the prefix of the database is put before the key.
  const path = `${dryRun ? '' : '/registry'}/${resource.storage}/${key}`;
  throw conflict(
    groupResource(resource),
    name,
    `StorageError: invalid object, Code: 4, Key: ${path}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
  );
}

function createByUpdate(
  server: ApiServer,
  resource: Resource,
  key: string,
  object: KubeObject,
  options: WriteOptions,
  authorizeCreate: () => void,
): Written {
  numberOf(object.metadata.resourceVersion ?? '');
  const fresh = prepareCreate(server, resource, object);
  authorizeCreate();
  if (options.dryRun) return { object: fresh, created: true };
  checkSize(fresh);
  const { resourceVersion: _, ...metadata } = fresh.metadata;
  const stored = server.store.create(resource.storage, key, asStored(resource, withMeta(fresh, metadata)));
  return { object: asShown(resource, stored), created: true };
}

function numberOf(version: string): bigint {
  try {
    return parseVersion(version);
  } catch (error) {
    if (error instanceof VersionError) throw unclassified(error.message);
    throw error;
  }
}

function checkVersion(resource: Resource, object: KubeObject, stored: KubeObject): KubeObject {
  const { name = '', resourceVersion: current = '' } = stored.metadata;
  const version = numberOf(object.metadata.resourceVersion ?? '');
  const qualified = groupResource(resource);
  if (version === 0n && resource.unconditionalUpdate) {
    return withMeta(object, { ...object.metadata, resourceVersion: current });
  }
  if (version === 0n) {
    const error = fieldInvalid('metadata.resourceVersion', 0, 'must be specified for an update');
    throw invalid({ group: qualified.group, kind: qualified.resource }, name, [error]);
  }
  if (version !== BigInt(current)) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again';
    throw conflict(qualified, name, why);
  }
  return withMeta(object, { ...object.metadata, resourceVersion: current });
}

/** The checks and changes of BeforeUpdate. */
function prepareUpdate(resource: Resource, given: KubeObject, existing: KubeObject): KubeObject {
  const old = existing.metadata;
  const { generation: _, ...metadata } = given.metadata;
  const kept = withMeta(given, {
    ...metadata,
    ...(old.generation === undefined ? {} : { generation: old.generation }),
    ...(metadata.uid ? {} : old.uid === undefined ? {} : { uid: old.uid }),
    ...(old.creationTimestamp ? { creationTimestamp: old.creationTimestamp } : {}),
    ...(old.deletionTimestamp ? { deletionTimestamp: old.deletionTimestamp } : {}),
    ...(metadata.deletionGracePeriodSeconds === undefined && old.deletionGracePeriodSeconds !== undefined
      ? { deletionGracePeriodSeconds: old.deletionGracePeriodSeconds }
      : {}),
  });
  const object = resource.prepareForUpdate?.(kept, existing) ?? kept;
  const errors = [
    ...validatePathSegment(object, resource.namespaced),
    ...validateMetaUpdate(object, existing),
    ...resource.validateUpdate(asStored(resource, object), asStored(resource, existing)),
  ];
  if (errors.length > 0) throw invalid(errorKind(resource), object.metadata.name ?? '', errors);
  return object;
}

/** The write that takes the last finalizer from an object that is being deleted deletes it. */
function isDeletedByUpdate(next: KubeObject, stored: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = stored.metadata;
  if ((next.metadata.finalizers?.length ?? 0) > 0 || !deletionTimestamp) return false;
  return deletionGracePeriodSeconds === 0 && (stored.kind !== 'Namespace' || finalizersOf(next).length === 0);
}
