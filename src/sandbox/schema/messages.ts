/** Field numbers of the protobuf messages that clients send (k8s.io/api and apimachinery, generated.proto). */
import type { MessageField, MessageTable } from '../json/protobuf.js';

const field = (name: string, is: MessageField['is']): MessageField => ({ name, is });
const list = (name: string, is: MessageField['is']): MessageField => ({ name, is, repeated: true });

const ownerReference: MessageTable = {
  1: field('kind', 'string'),
  3: field('name', 'string'),
  4: field('uid', 'string'),
  5: field('apiVersion', 'string'),
  6: field('controller', 'bool'),
  7: field('blockOwnerDeletion', 'bool'),
};

const managedFieldsEntry: MessageTable = {
  1: field('manager', 'string'),
  2: field('operation', 'string'),
  3: field('apiVersion', 'string'),
  4: field('time', 'time'),
  6: field('fieldsType', 'string'),
  7: field('fieldsV1', 'json'),
  8: field('subresource', 'string'),
};

const objectMeta: MessageTable = {
  1: field('name', 'string'),
  2: field('generateName', 'string'),
  3: field('namespace', 'string'),
  4: field('selfLink', 'string'),
  5: field('uid', 'string'),
  6: field('resourceVersion', 'string'),
  7: field('generation', 'int64'),
  8: field('creationTimestamp', 'time'),
  9: field('deletionTimestamp', 'time'),
  10: field('deletionGracePeriodSeconds', 'int64'),
  11: field('labels', 'stringMap'),
  12: field('annotations', 'stringMap'),
  13: list('ownerReferences', ownerReference),
  14: list('finalizers', 'string'),
  17: list('managedFields', managedFieldsEntry),
};

/** coordination/v1. Every typed Go client since 1.32 writes a Lease so (client-go kubernetes/typed/coordination/v1/lease.go). */
export const leaseMessage: MessageTable = {
  1: field('metadata', objectMeta),
  2: field('spec', {
    1: field('holderIdentity', 'string'),
    2: field('leaseDurationSeconds', 'int32'),
    3: field('acquireTime', 'microTime'),
    4: field('renewTime', 'microTime'),
    5: field('leaseTransitions', 'int32'),
    6: field('strategy', 'string'),
    7: field('preferredHolder', 'string'),
  }),
};

/** meta/v1. */
export const deleteOptionsMessage: MessageTable = {
  1: field('gracePeriodSeconds', 'int64'),
  2: field('preconditions', { 1: field('uid', 'string'), 2: field('resourceVersion', 'string') }),
  3: field('orphanDependents', 'bool'),
  4: field('propagationPolicy', 'string'),
  5: list('dryRun', 'string'),
  6: field('ignoreStoreReadErrorWithClusterBreakingPotential', 'bool'),
};

/** authorization/v1: what `kubectl auth can-i` asks. */
export const selfSubjectAccessReviewMessage: MessageTable = {
  2: field('spec', {
    1: field('resourceAttributes', {
      1: field('namespace', 'string'),
      2: field('verb', 'string'),
      3: field('group', 'string'),
      4: field('version', 'string'),
      5: field('resource', 'string'),
      6: field('subresource', 'string'),
      7: field('name', 'string'),
    }),
    2: field('nonResourceAttributes', { 1: field('path', 'string'), 2: field('verb', 'string') }),
  }),
};
