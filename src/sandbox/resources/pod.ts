/** Pods, kept as they come: no defaults, no kubelet, almost no checks. Enough to find a holder's Pod and to delete it. */
import { isObject, type Json, type JsonObject, type KubeObject } from '../json/value.js';
import { pod as type } from '../schema/kinds.js';
import { type FieldError, fieldRequired } from '../validation/field-error.js';
import { validateMeta, validateMetaUpdate } from '../validation/metadata.js';
import { subdomainErrors } from '../validation/names.js';
import { AGE_COLUMN, age, NAME_COLUMN } from './printing.js';
import { type Column, defineResource, type Resource } from './resource.js';

const part = (object: KubeObject, name: 'spec' | 'status'): JsonObject => {
  const value = object[name];
  return isObject(value) ? value : {};
};
const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const list = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

export const pods: Resource = defineResource({
  name: 'pods',
  singular: 'pod',
  kind: 'Pod',
  group: '',
  shortNames: ['po'],
  categories: ['all'],
  storageVersionHash: 'xPOwRZ+Yhw8=',
  type,
  goType: '*core.Pod',
  returnsDeleted: true,
  selectable: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  unknownField: (field) => `field label not supported: ${field}`,
  fields: (object) => ({
    'spec.nodeName': text(part(object, 'spec').nodeName),
    'spec.restartPolicy': text(part(object, 'spec').restartPolicy),
    'spec.schedulerName': text(part(object, 'spec').schedulerName),
    'spec.serviceAccountName': text(part(object, 'spec').serviceAccountName),
    'spec.hostNetwork': String(part(object, 'spec').hostNetwork === true),
    'status.phase': text(part(object, 'status').phase),
    'status.podIP': text(part(object, 'status').podIP),
    'status.podIPs': text(part(object, 'status').podIP),
    'status.nominatedNodeName': text(part(object, 'status').nominatedNodeName),
  }),
  prepareForCreate: (object) => ({
    ...object,
    metadata: { ...object.metadata, generation: 1 },
    status: { phase: 'Pending', ...part(object, 'status') },
  }),
  validate: (object) => [...validateMeta(object, true, subdomainErrors), ...validateContainers(object)],
  validateUpdate: validateMetaUpdate,
  columns: columns(),
  cells,
});

function validateContainers(object: KubeObject): FieldError[] {
  return list(part(object, 'spec').containers).length === 0 ? [fieldRequired('spec.containers')] : [];
}

function columns(): Column[] {
  const column = (name: string, description: string, priority = 0): Column => ({
    name,
    type: 'string',
    description,
    priority,
  });
  return [
    NAME_COLUMN,
    column('Ready', 'The aggregate readiness state of this pod for accepting traffic.'),
    column('Status', 'The aggregate status of the containers in this pod.'),
    column(
      'Restarts',
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    ),
    AGE_COLUMN,
    column(
      'IP',
      'podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.',
      1,
    ),
    column(
      'Node',
      'NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename',
      1,
    ),
    column(
      'Nominated Node',
      'nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.',
      1,
    ),
    column(
      'Readiness Gates',
      'If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to "True" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates',
      1,
    ),
  ];
}

function cells(object: KubeObject, now: number): Json[] {
  const spec = part(object, 'spec');
  const status = part(object, 'status');
  const statuses = list(status.containerStatuses);
  const ready = statuses.filter((container) => container.ready === true).length;
  const restarts = statuses.reduce((sum, container) => sum + Number(container.restartCount ?? 0), 0);
  const reason = object.metadata.deletionTimestamp ? 'Terminating' : text(status.reason) || text(status.phase);
  return [
    object.metadata.name ?? '',
    `${ready}/${list(spec.containers).length}`,
    reason,
    String(restarts),
    age(object.metadata.creationTimestamp, now),
    text(status.podIP) || '<none>',
    text(spec.nodeName) || '<none>',
    text(status.nominatedNodeName) || '<none>',
    '<none>',
  ];
}
