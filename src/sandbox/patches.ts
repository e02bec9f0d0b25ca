/**
 * Patches on plain JSON: merge patch (RFC 7386) and JSON patch (RFC 6902), with the habits of evanphx/json-patch that
 * clients of kube-apiserver can see. Pure; inputs are never changed.
 */
import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { cloneJson, isObject, type Json, type JsonObject, member, put } from './json/value.js';

/** A patch that cannot be applied to this object. */
export class PatchError extends Error {}

/** A directive that is not one: the client's fault, where other failures count as the server's. */
export class PatchFormatError extends PatchError {}

/** Members of the patch replace those of the target, null removes, objects are merged. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged: JsonObject = { ...target };
  for (const key of Object.keys(patch)) {
    const value = patch[key] ?? null;
    const old = member(target, key);
    if (value === null) delete merged[key];
    else if (isObject(value)) put(merged, key, isObject(old) ? mergePatch(old, value) : withoutNulls(value));
    else put(merged, key, value);
  }
  return sorted(merged);
}

/** What a patch adds whole has no nulls either. */
function withoutNulls(value: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) {
    const item = value[key] ?? null;
    if (item !== null) put(copy, key, isObject(item) ? withoutNulls(item) : item);
  }
  return sorted(copy);
}

/** Go prints a map by the order of its keys; refusals show the patched object. */
function sorted(object: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(object).sort()) put(copy, key, object[key]);
  return copy;
}

/** Applies the operations in order; all or nothing. Throws PatchError. */
export function jsonPatch(target: JsonObject, operations: JsonObject[]): JsonObject {
  let document = cloneJson(target);
  for (const given of operations) {
    const operation = rooted(asPlainNumbers(given));
    if (operation.op === 'replace' && operation.path === '') {
      if (!isObject(operation.value)) throw new PatchError('replace operation value must be an object');
      document = operation.value;
      continue;
    }
    applyOperation(document, fromTheEnd(document, operation));
    document = sortedAlong(document, operation.path.split('/').slice(1));
  }
  return document;
}

/** What stands before the first slash of a path is ignored. */
function rooted(operation: JsonObject): Operation {
  const absolute = (path: unknown) => {
    if (typeof path !== 'string' || path === '' || path.startsWith('/')) return path;
    const slash = path.indexOf('/');
    if (slash < 0) throw new PatchError(`doc is missing path: "${path}"`);
    return path.slice(slash);
  };
  const { from } = operation;
  if (typeof operation.path !== 'string') throw new PatchError('operation without a path');
  return {
    ...operation,
    path: absolute(operation.path),
    ...(from === undefined ? {} : { from: absolute(from) }),
  } as Operation;
}

/**
 * Where evanphx/json-patch is more lenient than the RFC: `replace` of an absent member adds it, `copy` of an absent
 * member writes null, `test` takes an absent member for null, an operation without a value has the value null.
 */
function applyOperation(document: JsonObject, given: Operation): void {
  const { op, path } = given;
  let operation = given;
  if (op === 'add' || op === 'replace' || op === 'test') {
    const value = given.value === undefined ? null : given.value;
    const absent = at(document, path) === undefined && parentIsObject(document, path);
    if (op === 'test' && value === null && absent) return;
    operation = { op: op === 'replace' && absent ? 'add' : op, path, value } as Operation;
  } else if (op === 'copy' && at(document, given.from) === undefined && parentIsObject(document, given.from)) {
    operation = { op: 'add', path, value: null };
  }
  let error: Error | null | undefined;
  try {
    [error] = applyPatch(document, [operation]);
  } catch (thrown) {
    error = thrown as Error;
  }
  if (error) throw new PatchError(error.message);
}

/** A negative index counts from the end, `-1` being the last; for `add` the end is behind the last. */
function fromTheEnd(document: JsonObject, operation: Operation): Operation {
  const resolve = (path: string, adding: boolean) => {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const list = at(document, parent);
    const index = Number(path.slice(parent.length + 1));
    if (!Array.isArray(list) || !/\/-\d+$/.test(path)) return path;
    return `${parent}/${index + list.length + (adding ? 1 : 0)}`;
  };
  const adds = operation.op === 'add' || operation.op === 'copy' || operation.op === 'move';
  const { from } = operation as { from?: string };
  const path = resolve(operation.path, adds);
  return { ...operation, path, ...(from === undefined ? {} : { from: resolve(from, false) }) } as Operation;
}

function at(document: JsonObject, path: unknown): unknown {
  try {
    return Pointer.fromJSON(String(path)).get(document);
  } catch {
    return undefined;
  }
}

function parentIsObject(document: JsonObject, path: string): boolean {
  return path !== '' && isObject(at(document, path.slice(0, Math.max(0, path.lastIndexOf('/')))));
}

/** The objects on the way of an operation come out sorted, the others as they were. */
function sortedAlong(document: JsonObject, path: string[]): JsonObject {
  const copy = sorted(document);
  const [key, ...rest] = path;
  const child = key === undefined ? undefined : member(copy, key);
  if (key !== undefined && rest.length > 0 && isObject(child)) put(copy, key, sortedAlong(child, rest));
  return copy;
}

/** The rfc6902 package copies values member by member, so only plain data survives it. */
function asPlainNumbers<T extends Json>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
