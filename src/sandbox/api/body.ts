/** Request bodies: by content type to JSON, then to an object of a kind. */
import { type MessageTable, ProtobufError, readEnvelope } from '../json/protobuf.js';
import { JsonSyntaxError, readJson } from '../json/reader.js';
import { isObject, type Json, type JsonObject, type KubeObject, NumberLiteral } from '../json/value.js';
import { groupVersion, type Resource } from '../resources/resource.js';
import { DecodeError, decode, emptyObject } from '../schema/decode.js';
import type { StructType } from '../schema/types.js';
import { type ApiError, badRequest, unsupportedMediaType } from '../status.js';
import { type Call, warn } from './call.js';
import { MEDIA_TYPES } from './negotiate.js';

type BodyReader = (bytes: Buffer) => Json;

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** The reader for the body's type; protobuf only where a table says what it means. Throws 415. */
export function bodyReader(call: Call, protobuf?: MessageTable): BodyReader {
  const header = call.header('content-type') ?? '';
  const type = header === '' ? JSON_TYPE : (header.split(';')[0] ?? '').trim().toLowerCase();
  // Invalid UTF-8 becomes U+FFFD, as in Go.
  if (type === JSON_TYPE) return (bytes) => readJson(bytes.toString('utf8'));
  if (type === PROTOBUF_TYPE && protobuf) return (bytes) => readEnvelope(bytes, protobuf);
  const accepted = MEDIA_TYPES.join(', ');
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** The body as an object of the resource's kind, in this API version's form. */
export function decodeObject(
  call: Call,
  resource: Resource,
  reader: BodyReader,
  bytes: Buffer,
  validation: FieldValidation,
): KubeObject {
  const value = readTyped(reader, bytes, resource);
  const { kind, apiVersion } = typeOf(value, resource);
  checkKind(resource, kind, apiVersion, bytes);
  try {
    const { object, strict } = decode(resource.type, value ?? {});
    report(call, strict, validation);
    return asKubeObject(object, resource, value);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw unhandled(resource, { kind, apiVersion }, error.message);
  }

  function report(to: Call, strict: string[], how: FieldValidation): void {
    if (strict.length === 0 || how === 'Ignore') return;
    if (how === 'Warn') for (const text of strict) warn(to, text);
    else throw new DecodeError(`strict decoding error: ${strict.join(', ')}`);
  }
}

/** `raw`: what the object was decoded from. */
export function asKubeObject(object: JsonObject, resource: Resource, raw: JsonObject | null): KubeObject {
  const { kind: _kind, apiVersion: _version, metadata: decoded, ...rest } = object;
  // An empty list of managedFields is a wish, not a zero value: forget who owns what.
  const given = isObject(raw?.metadata) ? raw.metadata.managedFields : undefined;
  const reset = Array.isArray(given) && given.length === 0;
  const metadata = reset && isObject(decoded) ? { ...decoded, managedFields: [] } : decoded;
  const typed: KubeObject = {
    kind: resource.kind,
    apiVersion: groupVersion(resource),
    metadata: isObject(metadata) ? metadata : {},
    ...rest,
  };
  return resource.defaults?.(typed) ?? typed;
}

/** An object of the resource with nothing set: what a creation is compared with. */
export const emptyOf = (resource: Resource): KubeObject => {
  const object = emptyObject(resource.type);
  return { ...object, kind: resource.kind, apiVersion: groupVersion(resource), metadata: {} };
};

/** null is an object without members. Throws the refusals of json.Serializer.Decode before the kind is known. */
function readTyped(reader: BodyReader, bytes: Buffer, resource: Resource): JsonObject | null {
  const { kind } = resource;
  let value: Json;
  try {
    value = reader(bytes);
  } catch (error) {
    if (error instanceof ProtobufError) throw unreadable(resource, bytes, error);
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw untyped(kind, bytes, error.message);
  }
  if (value === null || isObject(value)) {
    const header = value ?? {};
    for (const name of ['apiVersion', 'kind']) {
      const member = header[name] ?? null;
      if (member === null || typeof member === 'string') continue;
      const field = name === 'kind' ? 'kind' : 'apiVersion';
      throw untyped(
        kind,
        bytes,
        `json: cannot unmarshal ${jsonKind(member)} into Go struct field .${field} of type string`,
      );
    }
    return value;
  }
  throw untyped(kind, bytes, `json: cannot unmarshal ${jsonKind(value)} into Go value of type ${TYPE_HEADER}`);
}

/** Go's name of what a body is first read into. */
export const TYPE_HEADER =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function jsonKind(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (value instanceof NumberLiteral) return 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

const untyped = (kind: string, bytes: Buffer, why: string): ApiError =>
  unrecognized(kind, bytes, `couldn't get version/kind; json parse error: ${why}`);

const unrecognized = (kind: string, bytes: Buffer, why: string): ApiError =>
  badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summary(bytes)})`);

function unreadable(resource: Resource, bytes: Buffer, { type, message }: ProtobufError): ApiError {
  return type ? unhandled(resource, typeOf(type, resource), message) : unrecognized(resource.kind, bytes, message);
}

const unhandled = (resource: Resource, { kind, apiVersion }: TypeMeta, why: string): ApiError =>
  badRequest(`${kind} in version "${versionOf(apiVersion)}" cannot be handled as a ${resource.kind}: ${why}`);

/** Text if it looks like JSON, else hexadecimal (apiserver pkg/endpoints/handlers/rest.go, summarizeData). */
function summary(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const text = bytes[0] === 0x7b;
  const max = 30;
  if (!text) return bytes.length > max ? `${bytes.subarray(0, max).toString('hex')} ...` : bytes.toString('hex');
  return bytes.length > max ? `${bytes.subarray(0, max).toString('utf8')} ...` : bytes.toString('utf8');
}

interface TypeMeta {
  kind: string;
  apiVersion: string;
}

function typeOf(value: JsonObject | null, resource: Resource): TypeMeta {
  const { kind, apiVersion } = value ?? {};
  return {
    kind: typeof kind === 'string' && kind !== '' ? kind : resource.kind,
    apiVersion: typeof apiVersion === 'string' && apiVersion !== '' ? apiVersion : groupVersion(resource),
  };
}

const versionOf = (apiVersion: string): string => apiVersion.split('/').at(-1) ?? '';

/** Where kube-apiserver's scheme is made, which its refusals name. */
const SCHEME = 'pkg/runtime/scheme.go:111';

/** The refusal of a kind that nobody has registered. */
export const unregistered = (kind: string, apiVersion: string): string =>
  `no kind "${kind}" is registered for version "${apiVersion}" in scheme "${SCHEME}"`;

/** Versions that the server's scheme knows besides the one that is served. */
export const OTHER_VERSIONS: { [apiVersion: string]: string } = {
  v1: 'Event',
  'events.k8s.io/v1': 'Event',
  'coordination.k8s.io/v1beta1': 'Lease',
  'events.k8s.io/v1beta1': 'Event',
};

/** Refuses a body of another kind or of a version that is not served here. */
function checkKind(resource: Resource, kind: string, apiVersion: string, bytes: Buffer): void {
  if (apiVersion.split('/').length > 2) {
    throw unrecognized(resource.kind, bytes, `unexpected GroupVersion string: ${apiVersion}`);
  }
  const expected = groupVersion(resource);
  if (kind === resource.kind && apiVersion === expected) return;
  if (kind === resource.kind && OTHER_VERSIONS[apiVersion] === kind) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  const kinds = KNOWN_KINDS[apiVersion];
  const known = kinds?.includes(kind.replace(/List$/, '')) || (kinds && META_KINDS.includes(kind));
  const why = known
    ? `converting (${versionOf(apiVersion)}.${kind}) to (${resource.goType.slice(1)}): unknown conversion`
    : unregistered(kind, apiVersion);
  throw unhandled(resource, { kind, apiVersion }, why);
}

/** Kinds that the scheme knows; of the many only those that the sandbox has too. */
const KNOWN_KINDS: { [apiVersion: string]: string[] } = {
  v1: ['ConfigMap', 'Event', 'Namespace', 'Pod', 'ServiceAccount', 'Status', 'APIVersions', 'APIGroup', 'APIResource'],
  'coordination.k8s.io/v1': ['Lease'],
  'events.k8s.io/v1': ['Event'],
};

/** Kinds of every version (apimachinery meta/v1/register.go, AddToGroupVersion). */
const META_KINDS = [
  'WatchEvent',
  'ListOptions',
  'GetOptions',
  'DeleteOptions',
  'CreateOptions',
  'UpdateOptions',
  'PatchOptions',
];

/** The body as options of an API call (DeleteOptions); their errors are plain. */
export function decodeOptions(reader: BodyReader, bytes: Buffer, type: StructType): JsonObject {
  let value: Json;
  try {
    value = reader(bytes);
  } catch (error) {
    if (error instanceof ProtobufError) throw badRequest(error.message);
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
  }
  if (value !== null && !isObject(value)) {
    throw badRequest(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonKind(value)} into Go value of type ${TYPE_HEADER}`,
    );
  }
  const kind = value?.kind;
  if (typeof kind === 'string' && kind !== '' && kind !== type.go) {
    throw badRequest(unregistered(kind, typeof value?.apiVersion === 'string' ? value.apiVersion : 'meta.k8s.io/v1'));
  }
  try {
    return decode(type, value ?? {}).object;
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(error.message);
    throw error;
  }
}
