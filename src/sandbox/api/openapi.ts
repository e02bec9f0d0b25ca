/** OpenAPI v3, as far as kubectl reads it: which kinds there are, that PATCH knows fieldValidation, and the fields of a Lease. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../json/value.js';
import { groupVersion, type Resource } from '../resources/resource.js';
import type { FieldType, StructType } from '../schema/types.js';
import type { ApiServer } from './api-server.js';
import type { Answer, Call } from './call.js';

const ROOT = '/openapi/v3';

export function openApi(server: ApiServer, call: Call): Answer | undefined {
  if (call.path === ROOT || call.path === `${ROOT}/`) return root(server);
  if (!call.path.startsWith(`${ROOT}/`)) return undefined;
  const resources = server.resources.filter((r) => pathOf(r) === call.path.slice(ROOT.length + 1));
  if (resources.length === 0) return { status: 404, body: '' };
  const body = JSON.stringify(document(server, resources));
  const hash = hashOf(body);
  const headers = { etag: `"${hash}"`, vary: 'Accept', ...cached(call, hash) };
  if (call.header('if-none-match') === `"${hash}"`) return { status: 304, body: '', headers };
  return { status: 200, body, contentType: 'application/json', headers };
}

/** A document asked for by its hash never changes. */
function cached(call: Call, hash: string): { [name: string]: string } {
  return call.query.get('hash') === hash ? { 'cache-control': 'public, immutable' } : {};
}

const pathOf = (resource: Resource): string => (resource.group === '' ? 'api/v1' : `apis/${groupVersion(resource)}`);
const hashOf = (text: string): string => createHash('sha512').update(text).digest('hex').toUpperCase();

function root(server: ApiServer): Answer {
  const paths: JsonObject = {};
  for (const path of [...new Set(server.resources.map(pathOf))].sort()) {
    const resources = server.resources.filter((r) => pathOf(r) === path);
    const hash = hashOf(JSON.stringify(document(server, resources)));
    paths[path] = { serverRelativeURL: `${ROOT}/${path}?hash=${hash}` };
  }
  return { status: 200, body: JSON.stringify({ paths }), contentType: 'text/plain; charset=utf-8' };
}

function document(server: ApiServer, resources: Resource[]): JsonObject {
  const paths: JsonObject = {};
  const schemas: JsonObject = {};
  for (const resource of resources) {
    const base = `/${pathOf(resource)}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.name}`;
    if (resource.namespaced) paths[`/${pathOf(resource)}/${resource.name}`] = { get: operation(resource, 'list') };
    paths[base] = { get: operation(resource, 'list'), post: operation(resource, 'post') };
    paths[`${base}/{name}`] = {
      get: operation(resource, 'get'),
      put: operation(resource, 'put'),
      delete: operation(resource, 'delete'),
      patch: operation(resource, 'patch'),
    };
    addSchema(schemas, schemaName(resource), resource.type, resource);
  }
  const [, minor = ''] = server.serverVersion.split('.');
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: `1.${minor}` },
    paths,
    components: { schemas },
  };
}

const gvk = ({ group, version, kind }: Resource): JsonObject => ({ group, version, kind });

function operation(resource: Resource, action: string): JsonObject {
  const writes = ['post', 'put', 'patch'].includes(action);
  const names = writes ? ['dryRun', 'fieldManager', 'fieldValidation', ...(action === 'patch' ? ['force'] : [])] : [];
  const parameters = names.map((name) => ({
    name,
    in: 'query',
    schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
  }));
  const schema = { $ref: `#/components/schemas/${schemaName(resource)}` };
  return {
    operationId: `${action}${resource.kind}`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(action === 'post' || action === 'put' ? { requestBody: { content: { '*/*': { schema } } } } : {}),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(resource),
  };
}

const schemaName = (resource: Resource): string =>
  `io.k8s.api.${resource.group === '' ? 'core' : resource.group.split('.')[0]}.v1.${resource.kind}`;
const META_NAME = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

function addSchema(schemas: JsonObject, name: string, type: StructType, resource?: Resource): void {
  if (schemas[name]) return;
  const properties: JsonObject = {};
  schemas[name] = {
    type: 'object',
    properties,
    ...(resource ? { 'x-kubernetes-group-version-kind': [gvk(resource)] } : {}),
  };
  for (const [field, { type: fieldType, description }] of Object.entries(type.fields)) {
    properties[field] = { ...(description ? { description } : {}), ...schemaOf(schemas, fieldType, name) };
  }
}

function schemaOf(schemas: JsonObject, type: FieldType, owner: string): JsonObject {
  switch (type.is) {
    case 'string':
      return { type: 'string' };
    case 'bool':
      return { type: 'boolean' };
    case 'int32':
    case 'int64':
      return { type: 'integer', format: type.is };
    case 'time':
    case 'microTime':
      return { type: 'string', format: 'date-time' };
    case 'bytesMap':
      return { type: 'object', additionalProperties: { type: 'string', format: 'byte' } };
    case 'stringMap':
      return { type: 'object', additionalProperties: { type: 'string' } };
    case 'any':
      return { 'x-kubernetes-preserve-unknown-fields': true };
    case 'list':
      return { type: 'array', items: schemaOf(schemas, type.of, owner) };
    case 'struct': {
      const own = type.struct.go === 'ObjectMeta' ? META_NAME : owner.replace(/[^.]+$/, type.struct.go);
      addSchema(schemas, own, type.struct);
      return { allOf: [{ $ref: `#/components/schemas/${own}` }] };
    }
  }
}
