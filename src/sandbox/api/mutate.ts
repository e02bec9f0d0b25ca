/** POST, PUT and PATCH (apiserver pkg/endpoints/handlers/create.go, update.go, patch.go). */
import { withMeta } from '../json/meta.js';
import type { KubeObject } from '../json/value.js';
import { groupResource, type Resource } from '../resources/resource.js';
import { badRequest, notFound, unsupportedMediaTypeRoute } from '../status.js';
import { attributesOf, authorize } from './access.js';
import { type ApiServer, nowMs } from './api-server.js';
import { bodyReader, decodeObject } from './body.js';
import type { Answer, Call } from './call.js';
import { create, wiped } from './create.js';
import { outputForm } from './negotiate.js';
import { writeOptions } from './options.js';
import { APPLY_TYPE, PATCH_TYPES, type PatchType, patchedObject } from './patch-body.js';
import { shapeObject } from './shape.js';
import { update, type Written } from './update.js';
import { admitNamespace, dedupOwners, track } from './write.js';

export async function createObject(server: ApiServer, call: Call, resource: Resource): Promise<Answer> {
  const form = outputForm(call, true);
  const reader = bodyReader(call, resource.message);
  const bytes = await call.body();
  const options = writeOptions(call, 'CreateOptions');
  const decoded = decodeObject(call, resource, reader, bytes, options.fieldValidation);
  const object = dedupOwners(call, inNamespace(call, resource, wiped(decoded)));
  const stored = create(server, resource, object, options);
  return { status: 201, body: shapeObject(call, resource, form, stored, nowMs(server)) };
}

export async function replaceObject(server: ApiServer, call: Call, resource: Resource): Promise<Answer> {
  const form = outputForm(call, true);
  const bytes = await call.body();
  const options = writeOptions(call, 'UpdateOptions');
  const decoded = decodeObject(call, resource, bodyReader(call, resource.message), bytes, options.fieldValidation);
  const object = dedupOwners(call, atTarget(call, resource, decoded));
  const written = update(
    server,
    resource,
    { namespace: call.info.namespace, name: call.info.name },
    options,
    (existing, missing) => {
      const tracked = track(server, resource, existing, object, options);
      admitNamespace(server, resource, tracked, missing);
      return tracked;
    },
    { uid: object.metadata.uid || undefined, authorizeCreate: () => authorizeCreate(call) },
  );
  return answer(server, call, resource, form, written);
}

export async function patchObject(server: ApiServer, call: Call, resource: Resource): Promise<Answer> {
  const type = (call.header('content-type') ?? '').split(';')[0] ?? '';
  if (type === APPLY_TYPE || !PATCH_TYPES.includes(type as PatchType)) throw unsupportedMediaTypeRoute();
  const form = outputForm(call, true);
  const bytes = await call.body();
  const options = writeOptions(call, 'PatchOptions');
  const written = update(
    server,
    resource,
    { namespace: call.info.namespace, name: call.info.name },
    options,
    (existing, missing) => {
      if (missing) throw notFound(groupResource(resource), call.info.name);
      const patched = patchedObject(call, resource, type as PatchType, existing, bytes, options.fieldValidation);
      const tracked = track(server, resource, existing, patched, options);
      const object = dedupOwners(call, atTarget(call, resource, tracked));
      admitNamespace(server, resource, object, false);
      return object;
    },
    { uid: undefined, authorizeCreate: () => authorizeCreate(call) },
  );
  return answer(server, call, resource, form, written);
}

function answer(
  server: ApiServer,
  call: Call,
  resource: Resource,
  form: ReturnType<typeof outputForm>,
  { object, created }: Written,
): Answer {
  return { status: created ? 201 : 200, body: shapeObject(call, resource, form, object, nowMs(server)) };
}

const authorizeCreate = (call: Call): void => authorize(call.user, { ...attributesOf(call.info), verb: 'create' });

/** Fills in the namespace of the request, or refuses another. */
function inNamespace(call: Call, resource: Resource, object: KubeObject): KubeObject {
  const { namespace = '' } = object.metadata;
  const expected = resource.namespaced ? call.info.namespace : '';
  if (namespace === expected) return object;
  if (namespace !== '' && resource.namespaced) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const { namespace: _, ...metadata } = object.metadata;
  return withMeta(object, expected === '' ? metadata : { ...metadata, namespace: expected });
}

/** The object has the name and the namespace of the URL, or the request is refused. */
function atTarget(call: Call, resource: Resource, given: KubeObject): KubeObject {
  const object = inNamespace(call, resource, given);
  const { name } = object.metadata;
  if (!name) {
    throw badRequest(
      `the name of the object (${call.info.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (name !== call.info.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${call.info.name})`);
  }
  return object;
}
