/** The kinds the sandbox keeps (k8s.io/api). Pods and their like are kept without a look inside. */
import { objectMeta } from './object-meta.js';
import {
  always,
  any,
  atomic,
  bool,
  type Field,
  int32,
  microTime,
  plain,
  pointer,
  type StructType,
  string,
  stringMap,
  struct,
  time,
} from './types.js';

const kind = (go: string, fields: { [name: string]: Field }): StructType => ({
  go,
  fields: { kind: plain(string), apiVersion: plain(string), metadata: plain(struct(objectMeta)), ...fields },
});

const leaseSpec: StructType = {
  go: 'LeaseSpec',
  fields: {
    holderIdentity: pointer(
      string,
      'holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field.',
    ),
    leaseDurationSeconds: pointer(
      int32,
      'leaseDurationSeconds is a duration that candidates for a lease need to wait to force acquire it. This is measured against the time of last observed renewTime.',
    ),
    acquireTime: pointer(microTime, 'acquireTime is a time when the current lease was acquired.'),
    renewTime: pointer(microTime, 'renewTime is a time when the current holder of a lease has last updated the lease.'),
    leaseTransitions: pointer(int32, 'leaseTransitions is the number of transitions of a lease between holders.'),
    strategy: pointer(
      { is: 'string', go: 'v1.CoordinatedLeaseStrategy' },
      'Strategy indicates the strategy for picking the leader for coordinated leader election. If the field is not specified, there is no active coordination for this lease. (Alpha) Using this field requires the CoordinatedLeaderElection feature gate to be enabled.',
    ),
    preferredHolder: pointer(
      string,
      'PreferredHolder signals to a lease holder that the lease has a more optimal holder and should be given up. This field can only be set if Strategy is also set.',
    ),
  },
};

export const lease = kind('Lease', { spec: plain(struct(leaseSpec)) });

const objectReference: StructType = {
  go: 'ObjectReference',
  fields: {
    kind: plain(string),
    namespace: plain(string),
    name: plain(string),
    uid: plain({ is: 'string', go: 'types.UID' }),
    apiVersion: plain(string),
    resourceVersion: plain(string),
    fieldPath: plain(string),
  },
};

const eventSource: StructType = { go: 'EventSource', fields: { component: plain(string), host: plain(string) } };

const coreSeries: StructType = {
  go: 'EventSeries',
  fields: { count: plain(int32), lastObservedTime: plain(microTime) },
};

export const coreEvent = kind('Event', {
  involvedObject: always(atomic(objectReference)),
  reason: plain(string),
  message: plain(string),
  source: plain(struct(eventSource)),
  firstTimestamp: always(time),
  lastTimestamp: always(time),
  count: plain(int32),
  type: plain(string),
  eventTime: always(microTime),
  series: pointer(struct({ ...coreSeries, fields: { count: plain(int32), lastObservedTime: always(microTime) } })),
  action: plain(string),
  related: pointer(atomic(objectReference)),
  reportingComponent: always(string),
  reportingInstance: always(string),
});

export const event = kind('Event', {
  eventTime: always(microTime),
  series: pointer(struct({ go: 'EventSeries', fields: { count: always(int32), lastObservedTime: always(microTime) } })),
  reportingController: plain(string),
  reportingInstance: plain(string),
  action: plain(string),
  reason: plain(string),
  regarding: plain(atomic(objectReference)),
  related: pointer(atomic(objectReference)),
  note: plain(string),
  type: plain(string),
  deprecatedSource: plain(struct(eventSource)),
  deprecatedFirstTimestamp: always(time),
  deprecatedLastTimestamp: always(time),
  deprecatedCount: plain(int32),
});

const namespaceCondition: StructType = {
  go: 'NamespaceCondition',
  fields: {
    type: always(string),
    status: always(string),
    lastTransitionTime: plain(time),
    reason: plain(string),
    message: plain(string),
  },
};

export const namespace = kind('Namespace', {
  spec: plain(
    struct({
      go: 'NamespaceSpec',
      fields: { finalizers: plain({ is: 'list', of: string, go: '[]v1.FinalizerName', listType: 'atomic' }) },
    }),
  ),
  status: plain(
    struct({
      go: 'NamespaceStatus',
      fields: {
        phase: plain(string),
        conditions: plain({
          is: 'list',
          of: struct(namespaceCondition),
          go: '[]v1.NamespaceCondition',
          listType: 'map',
          keys: ['type'],
          patch: { mergeKey: 'type' },
        }),
      },
    }),
  ),
});

export const configMap = kind('ConfigMap', {
  immutable: pointer(bool),
  data: plain(stringMap),
  binaryData: plain({ is: 'bytesMap' }),
});

const opaque = (names: string): { [name: string]: Field } =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, plain(any)]));

/** Members are known by name and kept as they come. */
const podSpec: StructType = {
  go: 'PodSpec',
  fields: {
    ...opaque('volumes initContainers'),
    containers: always(any),
    ...opaque(
      `ephemeralContainers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector
       serviceAccountName serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC
       shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity schedulerName tolerations
       hostAliases priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks
       preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os hostUsers schedulingGates
       resourceClaims resources hostnameOverride workloadRef`,
    ),
  },
};

const podStatus: StructType = {
  go: 'PodStatus',
  fields: opaque(
    `observedGeneration phase conditions message reason nominatedNodeName hostIP hostIPs podIP podIPs startTime
     initContainerStatuses containerStatuses qosClass ephemeralContainerStatuses resize resourceClaimStatuses
     extendedResourceClaimStatus allocatedResources resources`,
  ),
};

export const pod = kind('Pod', { spec: plain(struct(podSpec)), status: plain(struct(podStatus)) });

export const serviceAccount = kind('ServiceAccount', {
  secrets: plain({
    is: 'list',
    of: atomic(objectReference),
    go: '[]v1.ObjectReference',
    listType: 'map',
    keys: ['name'],
    patch: { mergeKey: 'name' },
  }),
  imagePullSecrets: plain({
    is: 'list',
    of: atomic({ go: 'LocalObjectReference', fields: { name: plain(string) } }),
    go: '[]v1.LocalObjectReference',
    listType: 'atomic',
    patch: { mergeKey: 'name' },
  }),
  automountServiceAccountToken: pointer(bool),
});

const labels = { is: 'list', of: any, go: '[]v1.LabelSelectorRequirement' } as const;

const resourceAttributes: StructType = {
  go: 'ResourceAttributes',
  fields: {
    namespace: plain(string),
    verb: plain(string),
    group: plain(string),
    version: plain(string),
    resource: plain(string),
    subresource: plain(string),
    name: plain(string),
    fieldSelector: pointer(
      struct({ go: 'FieldSelectorAttributes', fields: { rawSelector: plain(string), requirements: plain(labels) } }),
    ),
    labelSelector: pointer(
      struct({ go: 'LabelSelectorAttributes', fields: { rawSelector: plain(string), requirements: plain(labels) } }),
    ),
  },
};

export const selfSubjectAccessReview = kind('SelfSubjectAccessReview', {
  spec: plain(
    struct({
      go: 'SelfSubjectAccessReviewSpec',
      fields: {
        resourceAttributes: pointer(struct(resourceAttributes)),
        nonResourceAttributes: pointer(
          struct({ go: 'NonResourceAttributes', fields: { path: plain(string), verb: plain(string) } }),
        ),
      },
    }),
  ),
  status: plain(
    struct({
      go: 'SubjectAccessReviewStatus',
      fields: { allowed: always(bool), denied: plain(bool), reason: plain(string), evaluationError: plain(string) },
    }),
  ),
});

export const deleteOptions: StructType = {
  go: 'DeleteOptions',
  fields: {
    kind: plain(string),
    apiVersion: plain(string),
    gracePeriodSeconds: pointer({ is: 'int64' }),
    preconditions: pointer(
      struct({
        go: 'Preconditions',
        fields: { uid: pointer({ is: 'string', go: 'types.UID' }), resourceVersion: pointer(string) },
      }),
    ),
    orphanDependents: pointer(bool),
    propagationPolicy: pointer({ is: 'string', go: 'v1.DeletionPropagation' }),
    dryRun: plain({ is: 'list', of: string, go: '[]string' }),
    ignoreStoreReadErrorWithClusterBreakingPotential: pointer(bool),
  },
};
