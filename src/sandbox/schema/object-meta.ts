/** metadata, as every kind has it (apimachinery pkg/apis/meta/v1/types.go). */
import { always, any, atomic, bool, int64, plain, pointer, type StructType, string, stringMap, time } from './types.js';

const uid = { is: 'string', go: 'types.UID' } as const;

const ownerReference: StructType = {
  go: 'OwnerReference',
  fields: {
    apiVersion: always(string),
    kind: always(string),
    name: always(string),
    uid: always(uid),
    controller: pointer(bool),
    blockOwnerDeletion: pointer(bool),
  },
};

const managedFieldsEntry: StructType = {
  go: 'ManagedFieldsEntry',
  fields: {
    manager: plain(string),
    operation: plain({ is: 'string', go: 'v1.ManagedFieldsOperationType' }),
    apiVersion: plain(string),
    time: pointer(time),
    fieldsType: plain(string),
    fieldsV1: pointer(any),
    subresource: plain(string),
  },
};

export const objectMeta: StructType = {
  go: 'ObjectMeta',
  fields: {
    name: plain(
      string,
      'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
    ),
    generateName: plain(string),
    namespace: plain(string),
    selfLink: plain(string),
    uid: plain(uid),
    resourceVersion: plain(string),
    generation: plain(int64),
    creationTimestamp: plain(time),
    deletionTimestamp: pointer(time),
    deletionGracePeriodSeconds: pointer(int64),
    labels: plain(stringMap),
    annotations: plain(stringMap),
    ownerReferences: plain({
      is: 'list',
      of: atomic(ownerReference),
      go: '[]v1.OwnerReference',
      listType: 'map',
      keys: ['uid'],
      patch: { mergeKey: 'uid' },
    }),
    finalizers: plain({ is: 'list', of: string, go: '[]string', listType: 'set', patch: 'merge' }),
    managedFields: plain({
      is: 'list',
      of: atomic(managedFieldsEntry),
      go: '[]v1.ManagedFieldsEntry',
      listType: 'atomic',
    }),
  },
};
