/** From a decoded object to a new stored one (apiserver pkg/registry/generic/registry/store.go, Create; rest/create.go). */
import { withMeta } from '../json/meta.js';
import type { KubeObject } from '../json/value.js';
import { errorKind, groupResource, type Resource } from '../resources/resource.js';
import { ApiError, alreadyExists, beingDeleted, invalid, unclassified } from '../status.js';
import { keyOf } from '../store.js';
import { validatePathSegment } from '../validation/metadata.js';
import { type ApiServer, nowText } from './api-server.js';
import { emptyOf } from './body.js';
import type { WriteOptions } from './options.js';
import { parseVersion } from './versions.js';
import { admitNamespace, asShown, asStored, checkSize, track } from './write.js';

const NAME_LIMIT = 63;
const GENERATED_LENGTH = 5;
const GENERATE_ATTEMPTS = 8;

/** What the client may not say of a new object. */
export function wiped(object: KubeObject): KubeObject {
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, selfLink, ...rest } = object.metadata;
  return withMeta(object, rest);
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
export function prepareCreate(server: ApiServer, resource: Resource, given: KubeObject): KubeObject {
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

function insert(server: ApiServer, resource: Resource, object: KubeObject, options: WriteOptions): KubeObject {
  const name = object.metadata.name ?? '';
  const version = readable(object.metadata.resourceVersion ?? '');
  if (version !== 0n && !options.dryRun)
    throw unclassified('resourceVersion should not be set on objects to be created');
  const key = keyOf(resource.namespaced ? object.metadata.namespace : undefined, name);
  const existing = server.store.get(resource.storage, key);
  if (existing) {
    const refuse = existing.metadata.deletionTimestamp ? beingDeleted : alreadyExists;
    throw refuse(groupResource(resource), name);
  }
  if (options.dryRun) return object;
  const { resourceVersion: _, ...metadata } = object.metadata;
  const fresh = withMeta(object, metadata);
  checkSize(fresh);
  return asShown(resource, server.store.create(resource.storage, key, asStored(resource, fresh)));
}

/** On creation a version that cannot be read counts as none. */
function readable(text: string): bigint {
  try {
    return parseVersion(text);
  } catch {
    return 0n;
  }
}
