/**
 * Strategic merge patch: a merge patch that knows which lists are sets or maps of the kind (apimachinery
 * pkg/util/strategicpatch/patch.go). For a Lease only finalizers and ownerReferences make a difference. Pure.
 */
import { equalJson, isObject, type Json, type JsonObject, member, put } from './json/value.js';
import { PatchError, PatchFormatError } from './patches.js';
import type { FieldType, StructType } from './schema/types.js';

const DIRECTIVE = '$patch';
const DELETE_FROM = '$deleteFromPrimitiveList';
const ORDER = '$setElementOrder/';
const RETAIN = '$retainKeys';

export function strategicPatch(target: JsonObject, patch: JsonObject, type: StructType): JsonObject {
  return merge(target, patch, type);
}

function merge(target: JsonObject, patch: JsonObject, type: StructType | undefined): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return without(patch, DIRECTIVE);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') {
    throw new PatchError(`unknown patch type: ${String(directive)} in map: ${goMap(patch)}`);
  }
  const merged: JsonObject = retained(target, patch[RETAIN]);
  for (const key of Object.keys(patch)) {
    if (key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_FROM)) {
      if (key[DELETE_FROM.length] !== '/') throw new PatchFormatError('invalid patch format of primitive list');
      removeFromList(merged, key.slice(DELETE_FROM.length + 1), patch[key]);
      continue;
    }
    const value = patch[key] ?? null;
    const field = type && Object.hasOwn(type.fields, key) ? type.fields[key]?.type : undefined;
    const order = member(patch, ORDER + key);
    if (value === null && order !== undefined) {
      throw new PatchError('expected a []interface {}, but received a %!s(<nil>)');
    }
    if (value === null) delete merged[key];
    else put(merged, key, mergeValue(member(merged, key), value, field, order));
  }
  return merged;
}

function mergeValue(old: Json | undefined, value: Json, type: FieldType | undefined, order: Json | undefined): Json {
  if (isObject(value)) {
    const struct = type?.is === 'struct' ? type.struct : undefined;
    return merge(isObject(old) ? old : {}, value, struct);
  }
  if (!Array.isArray(value) || type?.is !== 'list' || type.patch === undefined) return value;
  const before = Array.isArray(old) ? old : [];
  if (type.patch === 'merge') return ordered(before, [...new Set(value)], before, order, (item) => item);
  return mergeByKey(before, value, type.patch.mergeKey, type.of, order);
}

function mergeByKey(before: Json[], patch: Json[], key: string, of: FieldType, order: Json | undefined): Json {
  const struct = of.is === 'struct' ? of.struct : undefined;
  const idOf = (item: Json) => (isObject(item) ? item[key] : undefined);
  if (patch.some((item) => isObject(item) && item[DIRECTIVE] === 'replace')) {
    return patch.filter((item) => isObject(item) && item[DIRECTIVE] === undefined);
  }
  let items = before;
  const patched: Json[] = [];
  for (const change of patch) {
    if (!isObject(change)) throw new PatchError(`expected an object in a list merged by ${key}`);
    const id = change[key];
    if (id === undefined) throw new PatchError(`map: ${goMap(change)} does not contain declared merge key: ${key}`);
    const old = items.find((item) => equalJson(idOf(item), id));
    if (change[DIRECTIVE] === 'delete') items = items.filter((item) => item !== old);
    else patched.push(merge(isObject(old) ? old : {}, change, struct));
  }
  return ordered(items, patched, before, order, idOf);
}

/**
 * Elements of the patch stand in the order of `$setElementOrder`, or of the patch; the others keep their place before
 * the first element that they stood before, or follow (patch.go, mergeSortedSlice).
 */
function ordered(
  items: Json[],
  patched: Json[],
  before: Json[],
  order: Json | undefined,
  idOf: (item: Json) => Json | undefined,
): Json[] {
  const ids = Array.isArray(order) ? order.map((item) => idOf(item)) : [];
  const find = (list: Json[], item: Json) => list.findIndex((other) => equalJson(idOf(other), idOf(item)));
  const named = (item: Json) => ids.findIndex((id) => equalJson(id, idOf(item)));
  const kept = items.filter((item) => find(patched, item) < 0 && named(item) >= 0);
  const right = [...patched, ...kept];
  if (Array.isArray(order)) right.sort((a, b) => named(a) - named(b));
  const left = items.filter((item) => find(right, item) < 0);
  const merged: Json[] = [];
  for (let i = 0, j = 0; i < left.length || j < right.length; ) {
    const [l, r] = [left[i], right[j]];
    const lFirst = l !== undefined && r !== undefined && isBefore(find(before, l), find(before, r));
    if (l !== undefined && (r === undefined || lFirst)) {
      merged.push(l);
      i++;
    } else if (r !== undefined) {
      merged.push(r);
      j++;
    }
  }
  return merged;
}

const isBefore = (a: number, b: number): boolean => a >= 0 && b >= 0 && a < b;

const has = (list: Json[], item: Json): boolean => list.some((other) => equalJson(other, item));

function removeFromList(target: JsonObject, key: string, values: Json | undefined): void {
  const list = member(target, key);
  if (!Array.isArray(list) || !Array.isArray(values)) return;
  put(
    target,
    key,
    list.filter((item) => !has(values, item)),
  );
}

function retained(target: JsonObject, keys: Json | undefined): JsonObject {
  if (keys === undefined) return { ...target };
  if (!Array.isArray(keys)) throw new PatchFormatError('invalid patch format of retainKeys');
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = object;
  return rest;
}

/** A map as Go's %v prints it. */
export function goMap(value: Json | undefined): string {
  if (value === undefined || value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goMap).join(' ')}]`;
  if (isObject(value)) {
    const members = Object.keys(value).sort();
    return `map[${members.map((key) => `${key}:${goMap(value[key])}`).join(' ')}]`;
  }
  return typeof value === 'object' ? value.text : String(value);
}
