/** metadata with its members in the order of the Go struct, as every answer prints them. */
import type { KubeObject, ObjectMeta } from './value.js';

const ORDER = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
];

/** The object with other metadata; undefined members are left out. */
export function withMeta<T extends KubeObject>(object: T, metadata: ObjectMeta): T {
  const ordered: ObjectMeta = {};
  for (const name of ORDER) if (metadata[name] !== undefined) ordered[name] = metadata[name];
  return { ...object, metadata: ordered };
}
