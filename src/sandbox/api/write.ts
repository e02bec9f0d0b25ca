/** What create, update and patch share: from a decoded object to a stored one (apiserver pkg/registry/generic/registry/store.go). */
import { withMeta } from '../json/meta.js';
import type { KubeObject } from '../json/value.js';
import { equalButForTimes, updateManagedFields } from '../managed-fields/update.js';
import { finalizersOf, isTerminating } from '../resources/namespace.js';
import { errorKind, groupResource, groupVersion, type Resource } from '../resources/resource.js';
import {
  ApiError,
  alreadyExists,
  beingDeleted,
  conflict,
  forbidden,
  invalid,
  notFound,
  unclassified,
} from '../status.js';
import { keyOf } from '../store.js';
import { fieldInvalid } from '../validation/field-error.js';
import { validateMetaUpdate, validatePathSegment, withoutDuplicateOwners } from '../validation/metadata.js';
import { type ApiServer, nowText } from './api-server.js';
import { emptyOf } from './body.js';
import { type Call, warn } from './call.js';
import type { WriteOptions } from './options.js';
import { parseVersion, VersionError } from './versions.js';

export interface Written {
  object: KubeObject;
  created: boolean;
}

const NAME_LIMIT = 63;
const GENERATED_LENGTH = 5;
const GENERATE_ATTEMPTS = 8;

/** What the client may not say of a new object. */
export function wiped(object: KubeObject): KubeObject {
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, selfLink, ...rest } = object.metadata;
  return withMeta(object, rest);
}

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

/** Stores a new object; it is decoded, wiped and in the namespace of the request. */
export function create(server: ApiServer, resource: Resource, given: KubeObject, options: WriteOptions): KubeObject {
  const owned = track(server, resource, emptyOf(resource), given, options);
  admitNamespace(server, resource, owned, true);
  for (let attempt = 1; ; attempt++) {
    const object = prepareCreate(server, resource, named(server, owned));
    try {
      return insert(server, resource, object, options);
    } catch (error) {
      const generated = owned.metadata.generateName && !owned.metadata.name;
      const taken = error instanceof ApiError && error.status.reason === 'AlreadyExists';
      if (!generated || !taken || attempt === GENERATE_ATTEMPTS) throw error;
    }
  }
}

function named(server: ApiServer, object: KubeObject): KubeObject {
  const { name, generateName } = object.metadata;
  if (name || !generateName) return object;
  const base = generateName.slice(0, NAME_LIMIT - GENERATED_LENGTH);
  return withMeta(object, { ...object.metadata, name: base + server.nameSuffix() });
}

/** The checks and changes of BeforeCreate. */
function prepareCreate(server: ApiServer, resource: Resource, given: KubeObject): KubeObject {
  const filled = withMeta(given, {
    ...given.metadata,
    uid: server.newUid(),
    creationTimestamp: nowText(server),
  });
  const object = resource.prepareForCreate?.(filled) ?? filled;
  let errors = resource.validate(asStored(resource, object));
  if (errors.length === 0) errors = validatePathSegment(object, resource.namespaced);
  if (errors.length > 0) throw invalid(errorKind(resource), object.metadata.name ?? '', errors);
  return object;
}

const asStored = (resource: Resource, object: KubeObject): KubeObject => resource.toStored?.(object) ?? object;
const asShown = (resource: Resource, object: KubeObject): KubeObject => resource.fromStored?.(object) ?? object;

function insert(server: ApiServer, resource: Resource, object: KubeObject, options: WriteOptions): KubeObject {
  const name = object.metadata.name ?? '';
  const version = readable(object.metadata.resourceVersion ?? '');
  if (version !== 0n) throw unclassified('resourceVersion should not be set on objects to be created');
  const key = keyOf(resource.namespaced ? object.metadata.namespace : undefined, name);
  const existing = server.store.get(resource.storage, key);
  if (existing) {
    const refuse = existing.metadata.deletionTimestamp ? beingDeleted : alreadyExists;
    throw refuse(groupResource(resource), name);
  }
  const { resourceVersion: _, ...metadata } = object.metadata;
  const fresh = withMeta(object, metadata);
  if (options.dryRun) return fresh;
  checkSize(fresh);
  return asShown(resource, server.store.create(resource.storage, key, asStored(resource, fresh)));
}

/** etcd's limit for a request (--max-request-bytes); there the object is protobuf, which is a little smaller. */
const MAX_STORED_BYTES = 1.5 * 1024 * 1024;

function checkSize(object: KubeObject): void {
  if (JSON.stringify(object).length > MAX_STORED_BYTES) throw unclassified('etcdserver: request is too large');
}

/** On creation a version that cannot be read counts as none. */
function readable(text: string): bigint {
  try {
    return parseVersion(text);
  } catch {
    return 0n;
  }
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
  const entries = updateManagedFields(resource.type, before, after, writer);
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
  const refusal = forbidden(groupResource(resource), object.metadata.name || 'Unknown', why);
  const details = refusal.status.details as KubeObject;
  details.causes = [
    { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' },
  ];
  throw refusal;
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
