/** Objects a sandbox starts with: each goes the way of a POST, so what a cluster would refuse is refused here. */
import { type ApiServer, findResource, nowText } from './api/api-server.js';
import { decodeObject } from './api/body.js';
import type { Call } from './api/call.js';
import { create, wiped } from './api/create.js';
import { requestInfo } from './api/request-info.js';
import { readJson } from './json/reader.js';
import { isObject, type KubeObject } from './json/value.js';
import { emptyObject } from './schema/decode.js';
import { ApiError } from './status.js';

/** An object that was refused. */
export class SeedError extends Error {
  /** Which of the objects, from 0. */
  readonly index: number;
  constructor(index: number, why: string) {
    super(`object ${index}: ${why}`);
    this.index = index;
  }
}

const MANAGER = 'kle-sandbox';

/** Stores the objects in order. Throws SeedError at the first that is refused. */
export function seed(server: ApiServer, objects: unknown[]): void {
  objects.forEach((object, index) => {
    try {
      add(server, object);
    } catch (error) {
      if (error instanceof ApiError) throw new SeedError(index, error.message);
      throw error instanceof Error && !(error instanceof TypeError) ? new SeedError(index, error.message) : error;
    }
  });
}

function add(server: ApiServer, given: unknown): void {
  if (!isObject(given)) throw new Error('not an object');
  const { apiVersion, kind } = given;
  const [version = '', group = ''] = String(apiVersion ?? '')
    .split('/')
    .reverse();
  const resource = server.resources.find((r) => r.group === group && r.version === version && r.kind === kind);
  if (!resource) throw new Error(`the sandbox does not serve ${String(kind)} of ${String(apiVersion)}`);
  const text = JSON.stringify(given);
  const decoded = decodeObject(
    seedCall(),
    resource,
    (bytes) => readJson(bytes.toString()),
    Buffer.from(text),
    'Strict',
  );
  const object = wiped(decoded);
  const namespace = object.metadata.namespace || 'default';
  const placed: KubeObject = resource.namespaced ? { ...object, metadata: { ...object.metadata, namespace } } : object;
  if (resource.namespaced) ensureNamespace(server, namespace);
  create(server, resource, placed, { dryRun: false, fieldValidation: 'Strict', manager: MANAGER });
}

function ensureNamespace(server: ApiServer, name: string): void {
  if (server.store.get('namespaces', name)) return;
  const resource = findResource(server, '', 'v1', 'namespaces');
  if (!resource) return;
  const empty = emptyObject(resource.type);
  const object = {
    ...empty,
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { name, creationTimestamp: nowText(server) },
  };
  create(server, resource, wiped(object), { dryRun: false, fieldValidation: 'Strict', manager: MANAGER });
}

/** A call nobody made: decoding only hangs its warnings on it. */
function seedCall(): Call {
  return {
    method: 'POST',
    path: '',
    query: new URLSearchParams(),
    header: () => undefined,
    user: { name: MANAGER, groups: [], rules: 'all' },
    info: requestInfo('POST', '', new URLSearchParams()),
    auditId: '',
    warnings: [],
    body: async () => Buffer.alloc(0),
  };
}
