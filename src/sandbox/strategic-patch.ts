/**
 * Strategic merge patch: a merge patch that knows which lists are sets or maps of the kind (apimachinery
 * pkg/util/strategicpatch/patch.go). For a Lease only finalizers and ownerReferences make a difference. Pure.
 */
import { equalJson, isObject, type Json, type JsonObject, member, put } from './json/value.js';
import { PatchError } from './patches.js';
import type { FieldType, StructType } from './schema/types.js';

const DIRECTIVE = '$patch';
const DELETE_FROM = '$deleteFromPrimitiveList/';
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
    throw new PatchError(`Unknown patch type found: ${String(directive)}: unknown directive`);
  }
  const merged: JsonObject = retained(target, patch[RETAIN]);
  for (const key of Object.keys(patch)) {
    if (key === DIRECTIVE || key === RETAIN || key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_FROM)) {
      removeFromList(merged, key.slice(DELETE_FROM.length), patch[key]);
      continue;
    }
    const value = patch[key] ?? null;
    const field = type && Object.hasOwn(type.fields, key) ? type.fields[key]?.type : undefined;
    if (value === null) delete merged[key];
    else put(merged, key, mergeValue(member(merged, key), value, field, member(patch, ORDER + key)));
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
  if (type.patch === 'merge')
    return ordered([...before, ...value.filter((item) => !has(before, item))], order, (i) => i);
  return mergeByKey(before, value, type.patch.mergeKey, type.of, order);
}

function mergeByKey(before: Json[], patch: Json[], key: string, of: FieldType, order: Json | undefined): Json {
  const struct = of.is === 'struct' ? of.struct : undefined;
  let items = before;
  for (const change of patch) {
    if (!isObject(change)) throw new PatchError(`expected an object in a list merged by ${key}`);
    if (change[DIRECTIVE] === 'replace') {
      items = patch.filter((item) => isObject(item) && item[DIRECTIVE] === undefined);
      return items;
    }
    const id = change[key];
    if (id === undefined) throw new PatchError(`map: ${goMap(change)} does not contain declared merge key: ${key}`);
    const at = items.findIndex((item) => isObject(item) && equalJson(item[key], id));
    if (change[DIRECTIVE] === 'delete') items = items.filter((_, i) => i !== at);
    else if (at < 0) items = [...items, merge({}, change, struct)];
    else items = items.map((item, i) => (i === at && isObject(item) ? merge(item, change, struct) : item));
  }
  return ordered(items, order, (item) => (isObject(item) ? item[key] : undefined));
}

/** $setElementOrder says in which order the elements it names stand; the others follow where they were. */
function ordered(items: Json[], order: Json | undefined, idOf: (item: Json) => Json | undefined): Json[] {
  if (!Array.isArray(order)) return items;
  const ids = order.map(idOf);
  const rank = (item: Json) => ids.findIndex((id) => equalJson(id, idOf(item)));
  const named = items.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b));
  return [...named, ...items.filter((item) => rank(item) < 0)];
}

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
  if (!Array.isArray(keys)) throw new PatchError('invalid patch format of retainKeys');
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
