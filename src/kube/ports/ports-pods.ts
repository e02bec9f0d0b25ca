/** Pods, their nodes and their eviction, as operations need them. */
import type { Answer, CallOptions, LeaseRef } from '../../lease/api.js';
import type { ContainerFacts, PodFacts, PodPort } from '../../operations/ports.js';
import type { Transport } from '../http/transport.js';
import { type Json, listOf, objectOf, readAs, segment, textOf, timeOf } from './ports-read.js';

const MIRROR = 'kubernetes.io/config.mirror';

export function createPodPort(transport: Transport): PodPort {
  return {
    list: (namespace, options = {}) => list(transport, namespace, options),
    get: (ref, options = {}) => get(transport, ref, options),
    nodeReady: (name, options = {}) => nodeReady(transport, name, options),
    evict: (pod, options = {}) => evict(transport, pod, options),
  };
}

const podsOf = (namespace: string) => `/api/v1/namespaces/${segment(namespace)}/pods`;

async function list(transport: Transport, namespace: string, options: CallOptions): Promise<Answer<PodFacts[]>> {
  const target = { verb: 'list', resource: 'pods', namespace };
  const answer = await transport.json({ ...options, method: 'GET', path: podsOf(namespace), target });
  return readAs(
    answer,
    ({ items }) => (items === null || Array.isArray(items) ? listOf(items).map(podFacts) : null),
    'a list of Pods',
  );
}

async function get(
  transport: Transport,
  { namespace, name }: LeaseRef,
  options: CallOptions,
): Promise<Answer<PodFacts>> {
  const target = { verb: 'get', resource: 'pods', namespace, name };
  const path = `${podsOf(namespace)}/${segment(name)}`;
  const answer = await transport.json({ ...options, method: 'GET', path, target });
  return readAs(answer, (value) => (textOf(objectOf(value.metadata).name) ? podFacts(value) : null), 'a Pod');
}

async function nodeReady(transport: Transport, name: string, options: CallOptions): Promise<Answer<boolean>> {
  const target = { verb: 'get', resource: 'nodes', name };
  const answer = await transport.json({ ...options, method: 'GET', path: `/api/v1/nodes/${segment(name)}`, target });
  return readAs(
    answer,
    ({ status }) => listOf(objectOf(status).conditions).some((one) => one.type === 'Ready' && one.status === 'True'),
    'a Node',
  );
}

async function evict(
  transport: Transport,
  { namespace, name, uid }: { namespace: string; name: string; uid: string },
  options: CallOptions,
): Promise<Answer<undefined>> {
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
    deleteOptions: { preconditions: { uid } },
  };
  const target = { verb: 'create', resource: 'pods/eviction', namespace, name };
  const path = `${podsOf(namespace)}/${segment(name)}/eviction`;
  const answer = await transport.json({ ...options, method: 'POST', path, body, target });
  return answer.ok ? { ...answer, value: undefined } : answer;
}

/** A Pod as the server sent it. Exported for its test. */
export function podFacts(pod: Json): PodFacts {
  const metadata = objectOf(pod.metadata);
  const spec = objectOf(pod.spec);
  const status = objectOf(pod.status);
  const controller = listOf(metadata.ownerReferences).find((owner) => owner.controller === true);
  return {
    namespace: textOf(metadata.namespace) ?? '',
    name: textOf(metadata.name) ?? '',
    uid: textOf(metadata.uid) ?? '',
    nodeName: textOf(spec.nodeName),
    hostNetwork: spec.hostNetwork === true,
    mirror: objectOf(metadata.annotations)[MIRROR] !== undefined,
    phase: textOf(status.phase) ?? '',
    startedAt: timeOf(status.startTime),
    controllerUid: textOf(controller?.uid),
    deleting: textOf(metadata.deletionTimestamp) !== null && metadata.deletionGracePeriodSeconds !== 0,
    containers: listOf(status.containerStatuses).map(containerFacts),
  };
}

function containerFacts(container: Json): ContainerFacts {
  const state = objectOf(container.state);
  const last = objectOf(objectOf(container.lastState).terminated);
  const terminated = objectOf(state.terminated);
  const endedIds = [terminated.containerID, last.containerID].map(textOf).filter((id) => id !== null);
  const running = objectOf(state.running);
  return {
    name: textOf(container.name) ?? '',
    id: textOf(container.containerID),
    state: state.running !== undefined ? 'running' : state.terminated !== undefined ? 'terminated' : 'waiting',
    endedIds,
    startedAt: timeOf(running.startedAt ?? terminated.startedAt),
  };
}
