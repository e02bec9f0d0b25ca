/** What a resource is: its names, the shape of its kind, and the rules of its strategy (kubernetes pkg/registry). */
import type { MessageTable } from '../json/protobuf.js';
import type { Json, KubeObject } from '../json/value.js';
import type { StructType } from '../schema/types.js';
import type { FieldError } from '../validation/field-error.js';

export interface Column {
  name: string;
  type: string;
  format?: string;
  description: string;
  priority?: number;
}

export interface Resource {
  name: string;
  singular: string;
  kind: string;
  group: string;
  version: string;
  namespaced: boolean;
  shortNames?: string[];
  categories?: string[];
  verbs: string[];
  /** Group of the kind in refusals, where it is not the group of the API. */
  internalGroup?: string;
  storageVersionHash?: string;
  /** Where the store keeps it, also the path of its keys in error messages; events of both groups share one. */
  storage: string;
  type: StructType;
  /** Its protobuf message, where bodies may come in it. */
  message?: MessageTable;
  /** PUT on a missing name creates it. */
  createOnUpdate: boolean;
  /** PUT without a resourceVersion is allowed. */
  unconditionalUpdate: boolean;
  /** DELETE answers the object instead of a Status. */
  returnsDeleted: boolean;
  /** False for what takes no part in garbage collection: propagationPolicy adds no finalizers. */
  collectsGarbage: boolean;
  /** Go's type of the internal object, which some refusals name. */
  goType: string;
  /** Fields that can be selected by, besides metadata.name and metadata.namespace. */
  selectable: string[];
  /** Refusal of a field that cannot be selected by. */
  unknownField: (field: string) => string;
  fields: (object: KubeObject) => { [field: string]: string };
  /** Members of which nobody can own anything here (the strategy's GetResetFields). */
  resetFields?: string[];
  /** Defaults of decoding. */
  defaults?: (object: KubeObject) => KubeObject;
  prepareForCreate?: (object: KubeObject) => KubeObject;
  prepareForUpdate?: (object: KubeObject, old: KubeObject) => KubeObject;
  validate: (object: KubeObject) => FieldError[];
  validateUpdate: (object: KubeObject, old: KubeObject) => FieldError[];
  /** Between the form of this API version and the stored one, where they differ. */
  toStored?: (object: KubeObject) => KubeObject;
  fromStored?: (object: KubeObject) => KubeObject;
  columns: Column[];
  cells: (object: KubeObject, nowMs: number) => Json[];
}

export const groupVersion = ({ group, version }: { group: string; version: string }): string =>
  group === '' ? version : `${group}/${version}`;

export const groupResource = (resource: Resource): { group: string; resource: string } => ({
  group: resource.group,
  resource: resource.name,
});

/** How a refusal names the kind: by the group of the type inside the server. */
export const errorKind = ({ internalGroup, group, kind }: Resource): { group: string; kind: string } => ({
  group: internalGroup ?? group,
  kind,
});

const ALL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** What most resources share; a definition overrides the rest. */
export function defineResource(
  own: Pick<
    Resource,
    'name' | 'singular' | 'kind' | 'group' | 'type' | 'validate' | 'validateUpdate' | 'cells' | 'columns'
  > &
    Partial<Resource>,
): Resource {
  return {
    version: 'v1',
    namespaced: true,
    verbs: ALL_VERBS,
    storage: own.name,
    createOnUpdate: false,
    unconditionalUpdate: true,
    returnsDeleted: false,
    collectsGarbage: true,
    goType: `*core.${own.kind}`,
    selectable: [],
    unknownField: (field) => `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
    fields: () => ({}),
    ...own,
  };
}
