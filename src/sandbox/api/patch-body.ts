/** From a patch's text and the stored object to the patched one, with each patch type's own refusals. */
import { duplicateMembers, JsonSyntaxError, readJson } from '../json/reader.js';
import { exactJson, isObject, type Json, type JsonObject, type KubeObject } from '../json/value.js';
import { jsonPatch, mergePatch, PatchError, PatchFormatError } from '../patches.js';
import { groupVersion, type Resource } from '../resources/resource.js';
import { DecodeError, decode } from '../schema/decode.js';
import { badRequest, invalid, tooLarge, unclassified, unprocessable } from '../status.js';
import { goMap, strategicPatch } from '../strategic-patch.js';
import { fieldInvalid } from '../validation/field-error.js';
import { asKubeObject, type FieldValidation, OTHER_VERSIONS, TYPE_HEADER, unregistered } from './body.js';
import { type Call, warn } from './call.js';

export const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
] as const;
export type PatchType = (typeof PATCH_TYPES)[number];
/** Server-side apply: not served yet. */
export const APPLY_TYPE = 'application/apply-patch+yaml';

const MAX_OPERATIONS = 10_000;

export function patchedObject(
  call: Call,
  resource: Resource,
  type: PatchType,
  existing: KubeObject,
  bytes: Buffer,
  validation: FieldValidation,
): KubeObject {
  const { object, shown, strict } = applied(resource, type, existing, bytes.toString('utf8'), validation);
  const refuse = (why: string) => invalid({ group: '', kind: '' }, '', [fieldInvalid('patch', shown, why)]);
  const strategic = type === 'application/strategic-merge-patch+json';
  if (!strategic) checkType(call, resource, object, validation, refuse);
  let decoded: ReturnType<typeof decode>;
  try {
    decoded = decode(resource.type, object, strategic ? 'map' : 'json');
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message);
    throw error;
  }
  const problems = validation === 'Ignore' ? [] : [...strict, ...decoded.strict];
  if (problems.length > 0 && validation === 'Strict') throw refuse(`strict decoding error: ${problems.join(', ')}`);
  for (const problem of problems) warn(call, problem);
  return asKubeObject(decoded.object, resource, object);
}

/** A patch may change what the object says it is; strategic patches do not look. */
function checkType(
  call: Call,
  resource: Resource,
  object: JsonObject,
  validation: FieldValidation,
  refuse: (why: string) => Error,
): void {
  const { kind, apiVersion } = object;
  if (apiVersion === undefined) {
    // Without a type nothing of the object is understood, its name neither.
    if (validation !== 'Ignore')
      for (const name of Object.keys(object).filter((key) => key !== 'kind')) warn(call, `unknown field "${name}"`);
    throw badRequest(
      `the name of the object (${call.info.name} based on URL) was undeterminable: name must be provided`,
    );
  }
  const expected = groupVersion(resource);
  if (apiVersion !== expected && OTHER_VERSIONS[String(apiVersion)] === resource.kind && resource.group !== '') return;
  if ((kind ?? resource.kind) !== resource.kind || apiVersion !== expected) {
    throw refuse(unregistered(String(kind ?? ''), String(apiVersion ?? '')));
  }
}

interface Applied {
  object: JsonObject;
  /** What a refusal shows as the invalid value. */
  shown: string;
  /** Members that the patch itself has twice. */
  strict: string[];
}

function applied(
  resource: Resource,
  type: PatchType,
  existing: KubeObject,
  text: string,
  validation: FieldValidation,
): Applied {
  if (type === 'application/json-patch+json') return appliedJson(existing, text, validation);
  const strategic = type === 'application/strategic-merge-patch+json';
  const prefix = strategic || validation === 'Ignore' ? '' : 'error decoding patch: ';
  const patch = parsed(text, prefix, validation === 'Ignore' && !strategic ? 'Invalid JSON Patch' : undefined);
  if (!isObject(patch)) {
    if (patch === null && strategic) return { object: existing, shown: 'map[]', strict: [] };
    if (Array.isArray(patch) && validation === 'Ignore' && !strategic) {
      const why = `couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type ${TYPE_HEADER}`;
      throw invalid({ group: '', kind: '' }, '', [fieldInvalid('patch', exactJson(patch), why)]);
    }
    if (patch === null || (validation === 'Ignore' && !strategic)) throw badRequest('Invalid JSON Patch');
    throw badRequest(`${prefix}json: cannot unmarshal ${kindOf(patch)} into Go value of type map[string]interface {}`);
  }
  const strict = duplicates(patch, '');
  try {
    if (strategic) return { object: strategicPatch(existing, patch, resource.type), shown: goMap(patch), strict };
    const object = mergePatch(existing, patch);
    return { object, shown: exactJson(object), strict };
  } catch (error) {
    if (error instanceof PatchFormatError) throw badRequest(error.message);
    if (error instanceof PatchError) throw unclassified(error.message);
    throw error;
  }
}

function appliedJson(existing: KubeObject, text: string, validation: FieldValidation): Applied {
  const prefix = validation === 'Ignore' ? '' : 'error decoding patch: ';
  const patch = parsed(text, prefix);
  const unfit = (value: Json, type: string) =>
    badRequest(`${prefix}json: cannot unmarshal ${kindOf(value)} into Go value of type ${type}`);
  if (patch !== null && !Array.isArray(patch)) {
    throw unfit(patch, validation === 'Ignore' ? 'jsonpatch.Patch' : '[]handlers.jsonPatchOp');
  }
  const operations = (patch ?? []).map((operation) => {
    if (isObject(operation)) return operation;
    if (operation === null) return {};
    throw unfit(operation, validation === 'Ignore' ? 'jsonpatch.Operation' : 'handlers.jsonPatchOp');
  });
  if (operations.length > MAX_OPERATIONS) {
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`);
  }
  try {
    const object = jsonPatch(existing, operations);
    const strict = operations.flatMap((operation, i) => operationProblems(operation, i));
    return { object, shown: exactJson(object), strict };
  } catch (error) {
    if (error instanceof PatchError) throw unprocessable();
    throw error;
  }
}

function operationProblems(operation: JsonObject, index: number): string[] {
  const at = `[${index}]`;
  const unknown = Object.keys(operation).filter((key) => !['op', 'path', 'from', 'value'].includes(key));
  return [
    ...unknown.map((key) => `json patch unknown field "${at}.${key}"`),
    ...duplicateMembers(operation).map((key) => `json patch duplicate field "${at}.${key}"`),
  ];
}

function parsed(text: string, prefix: string, instead?: string): Json {
  try {
    return readJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw badRequest(instead ?? `${prefix}${error.message}`);
  }
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return isObject(value) ? 'object' : 'number';
}

function duplicates(value: Json, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => duplicates(item, `${path}[${i}]`));
  if (!isObject(value)) return [];
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  return [
    ...duplicateMembers(value).map((key) => `duplicate field "${at(key)}"`),
    ...Object.keys(value).flatMap((key) => duplicates(value[key] ?? null, at(key))),
  ];
}
