/** What controllers of a real cluster do that clients wait for: fill new namespaces, and empty and remove ending ones. */
import type { ApiServer } from './api/api-server.js';
import { nowText } from './api/api-server.js';
import type { JsonObject, KubeObject } from './json/value.js';
import { isTerminating, KUBERNETES_FINALIZER, NAME_LABEL } from './resources/namespace.js';
import { type Change, keyOf } from './store.js';

const ROOT_CA = 'kube-root-ca.crt';
const FIRST_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/** Makes the namespaces every cluster has, and watches for others to come and go. The returned function ends that. */
export function startControllers(server: ApiServer, caPem: string): () => void {
  for (const name of FIRST_NAMESPACES) {
    server.store.create('namespaces', name, firstNamespace(server, name));
    fill(server, name, caPem);
  }
  let stopped = false;
  const stop = server.store.onChange((change) => {
    if (change.resource !== 'namespaces') return;
    // After the request that made the change has been answered, as a controller would.
    setImmediate(() => {
      if (!stopped) follow(server, change, caPem);
    });
  });
  return () => {
    stopped = true;
    stop();
  };
}

function follow(server: ApiServer, change: Change, caPem: string): void {
  const namespace = server.store.get('namespaces', change.key);
  if (!namespace) return;
  if (isTerminating(namespace)) empty(server, namespace);
  else if (change.type === 'ADDED') fill(server, change.key, caPem);
}

function firstNamespace(server: ApiServer, name: string): KubeObject {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: {
      name,
      uid: server.newUid(),
      creationTimestamp: nowText(server),
      labels: { [NAME_LABEL]: name },
      managedFields: [
        {
          manager: 'kube-apiserver',
          operation: 'Update',
          apiVersion: 'v1',
          time: nowText(server),
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:metadata': { 'f:labels': { '.': {}, [`f:${NAME_LABEL}`]: {} } } },
        },
      ],
    },
    spec: { finalizers: [KUBERNETES_FINALIZER] },
    status: { phase: 'Active' },
  };
}

function fill(server: ApiServer, namespace: string, caPem: string): void {
  add(server, 'serviceaccounts', namespace, { kind: 'ServiceAccount', name: 'default' });
  add(server, 'configmaps', namespace, { kind: 'ConfigMap', name: ROOT_CA, data: { 'ca.crt': caPem } });
}

function add(
  server: ApiServer,
  resource: string,
  namespace: string,
  made: JsonObject & { kind: string; name: string },
): void {
  const key = keyOf(namespace, made.name);
  if (server.store.get(resource, key)) return;
  const { kind, name, ...rest } = made;
  const metadata = { name, namespace, uid: server.newUid(), creationTimestamp: nowText(server) };
  server.store.create(resource, key, { kind, apiVersion: 'v1', metadata, ...rest });
}

/** Removes everything in the namespace, then the namespace; what finalizers hold keeps it ending. */
function empty(server: ApiServer, namespace: KubeObject): void {
  const { store } = server;
  const name = namespace.metadata.name ?? '';
  let held = false;
  for (const resource of new Set(server.resources.filter((r) => r.namespaced).map((r) => r.storage))) {
    for (const object of store.list(resource)) {
      if (object.metadata.namespace !== name) continue;
      const key = keyOf(name, object.metadata.name ?? '');
      if ((object.metadata.finalizers?.length ?? 0) === 0) store.delete(resource, key);
      else held = true;
    }
  }
  if (!held && (namespace.metadata.finalizers?.length ?? 0) === 0) store.delete('namespaces', name);
}
