/** Objects in the form a client asked for: as they are, as a table, or metadata alone. */
import type { Json, JsonObject, KubeObject } from '../json/value.js';
import { groupVersion, type Resource } from '../resources/resource.js';
import { badRequest, notAcceptable } from '../status.js';
import { errorText, fieldInvalid } from '../validation/field-error.js';
import type { Call } from './call.js';
import type { OutputForm } from './negotiate.js';

export interface ListMeta extends JsonObject {
  resourceVersion: string;
}

/** A stored object as this resource's API shows it. */
export const shown = (resource: Resource, stored: KubeObject): KubeObject => resource.fromStored?.(stored) ?? stored;

export function shapeObject(
  call: Call,
  resource: Resource,
  form: OutputForm,
  object: KubeObject,
  nowMs: number,
): JsonObject {
  if (form === 'object') return object;
  if (form.kind === 'Table') {
    const { resourceVersion } = object.metadata;
    const metadata = resourceVersion === undefined ? {} : { resourceVersion };
    return table(call, resource, form.version, [object], metadata, nowMs);
  }
  if (form.kind === 'PartialObjectMetadataList') {
    throw notAcceptable(
      `you requested PartialObjectMetadataList, but the requested object is not a list (${resource.goType})`,
    );
  }
  return partial(object, form.version);
}

export function shapeList(
  call: Call,
  resource: Resource,
  form: OutputForm,
  objects: KubeObject[],
  metadata: ListMeta,
  nowMs: number,
): JsonObject {
  if (form === 'object') {
    const items = objects.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest as Json);
    return { kind: `${resource.kind}List`, apiVersion: groupVersion(resource), metadata, items };
  }
  if (form.kind === 'Table') return table(call, resource, form.version, objects, metadata, nowMs);
  if (form.kind === 'PartialObjectMetadata') {
    throw notAcceptable(
      `you requested PartialObjectMetadata, but the requested object is a list (${resource.goType}List)`,
    );
  }
  const items = objects.map((object) => partial(object, form.version));
  return { kind: form.kind, apiVersion: `meta.k8s.io/${form.version}`, metadata, items };
}

export const partial = (object: KubeObject, version: string): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: object.metadata,
});

/** Throws 400 for an includeObject that is none. */
export function table(
  call: Call,
  resource: Resource,
  version: string,
  objects: KubeObject[],
  metadata: JsonObject,
  nowMs: number,
  withColumns = true,
): JsonObject {
  const include = call.query.get('includeObject') ?? '';
  if (!['', 'None', 'Metadata', 'Object'].includes(include)) {
    const error = fieldInvalid('includeObject', include, "must be 'Metadata', 'Object', 'None', or empty");
    throw badRequest(`Unable to convert to Table as requested: ${errorText(error)}`);
  }
  const columns = resource.columns.map(({ name, type, format = '', description, priority = 0 }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
  const rows = objects.map((object) => ({
    cells: resource.cells(resource.toStored?.(object) ?? object, nowMs),
    object: include === 'None' ? null : include === 'Object' ? object : partial(object, version),
  }));
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: withColumns ? columns : null,
    rows,
  };
}
