/**
 * Who owns which field after a write that is no server-side apply (apimachinery pkg/util/managedfields/internal):
 * the writer owns what it added or changed, everybody else loses that, and what is gone is nobody's. Its entry gets
 * the server's time, in whole seconds, whenever it took a field. Pure.
 */
import { equalJson, isObject, type Json, type JsonObject, type KubeObject } from '../json/value.js';
import type { StructType } from '../schema/types.js';
import { compare } from './compare.js';
import { difference, type FieldSet, fromFieldsV1, isEmpty, NO_FIELDS, setOf, toFieldsV1, union } from './field-set.js';

/** Update entries beyond this are joined, oldest first, into those of ANCIENT. */
const MAX_UPDATE_MANAGERS = 10;
const ANCIENT = 'ancient-changes';

/** Never owned (stripmeta.go). */
const STRIPPED: FieldSet = setOf([
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['f:metadata', `f:${name}`]),
]);

interface Entry {
  manager: string;
  operation: string;
  apiVersion: string;
  subresource: string;
  time: string | undefined;
  fields: FieldSet;
}

export interface Writer {
  manager: string;
  apiVersion: string;
  /** Whole seconds, RFC 3339, the server's clock. */
  time: string;
}

/**
 * The managedFields of `after`, written by `writer`; both objects are in the form of the writer's API version. `before`
 * is the stored object, or an empty one for a creation. Undefined means that the object stays untracked.
 */
export function updateManagedFields(
  type: StructType,
  before: KubeObject,
  after: KubeObject,
  writer: Writer,
): JsonObject[] | undefined {
  // What another version of the API wrote cannot be told in the terms of this one, and is forgotten (events).
  const entries = readEntries(after, before).filter((entry) => entry.apiVersion === writer.apiVersion);
  const creating = before.metadata.uid === undefined;
  // Objects stored without entries stay without (skipnonapplied.go).
  if (readEntries(after, before).length === 0 && !creating) return undefined;
  const { changed, removed } = compare(type, bare(before), bare(after));
  const left = entries.flatMap((entry) => {
    const fields = difference(difference(entry.fields, changed), removed);
    return isEmpty(fields) ? [] : [{ ...entry, fields }];
  });
  const taken = difference(changed, STRIPPED);
  return encode(capped(isEmpty(taken) ? left : join(left, writer, taken)));
}

function join(entries: Entry[], writer: Writer, taken: FieldSet): Entry[] {
  const mine = { ...writer, operation: 'Update', subresource: '' };
  const same = (entry: Entry) => identity(entry) === identity({ ...mine, fields: taken });
  const previous = entries.find(same)?.fields ?? NO_FIELDS;
  return [...entries.filter((entry) => !same(entry)), { ...mine, fields: union(previous, taken) }];
}

/** An Apply entry is one whatever the version it was written in. */
function identity({ manager, operation, apiVersion, subresource }: Entry): string {
  return JSON.stringify([manager, operation, operation === 'Update' ? apiVersion : '', subresource]);
}

/** The body's own entries count if it brings any; otherwise those of the stored object. */
function readEntries(after: KubeObject, before: KubeObject): Entry[] {
  const given = after.metadata.managedFields;
  if (given !== undefined && isReset(given)) return [];
  const read = given ? decodeEntries(given) : undefined;
  if (read && read.length > 0) return read;
  return decodeEntries(before.metadata.managedFields ?? []) ?? [];
}

/** `[]` and `[{}]` ask for a fresh start. */
function isReset(entries: JsonObject[]): boolean {
  const [first] = entries;
  return entries.length === 0 || (entries.length === 1 && first !== undefined && Object.keys(first).length === 0);
}

function decodeEntries(list: JsonObject[]): Entry[] | undefined {
  const entries = new Map<string, Entry>();
  for (const json of list) {
    const operation = json.operation;
    if (operation !== 'Apply' && operation !== 'Update') return undefined;
    if (json.fieldsType === undefined || json.fieldsV1 === undefined) return undefined;
    const fields = fromFieldsV1(json.fieldsV1);
    if (!fields) return undefined;
    const entry: Entry = {
      manager: text(json.manager),
      operation,
      apiVersion: text(json.apiVersion),
      subresource: text(json.subresource),
      time: typeof json.time === 'string' ? json.time : undefined,
      fields,
    };
    entries.set(identity(entry), entry);
  }
  return [...entries.values()];
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

function bare(object: KubeObject): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function capped(entries: Entry[]): Entry[] {
  const updates = sorted(entries.filter((entry) => entry.operation === 'Update'));
  const excess = updates.length - MAX_UPDATE_MANAGERS;
  if (excess <= 0) return entries;
  const joined = new Map<string, Entry>();
  let left = updates.length;
  for (const entry of updates) {
    if (left <= MAX_UPDATE_MANAGERS) break;
    const bucket = joined.get(entry.apiVersion);
    if (bucket) left--;
    const fields = bucket ? union(bucket.fields, entry.fields) : entry.fields;
    joined.set(entry.apiVersion, { ...entry, manager: ANCIENT, fields });
    updates[updates.indexOf(entry)] = { ...entry, manager: '' };
  }
  return [
    ...entries.filter((entry) => entry.operation !== 'Update'),
    ...joined.values(),
    ...updates.filter((entry) => entry.manager !== '' && entry.manager !== ANCIENT),
  ];
}

function sorted(entries: Entry[]): Entry[] {
  const key = (entry: Entry) => [entry.operation, entry.time ?? '', entry.manager, entry.apiVersion, entry.subresource];
  return [...entries].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    const at = x.findIndex((part, i) => part !== y[i]);
    return at < 0 ? 0 : (x[at] ?? '') < (y[at] ?? '') ? -1 : 1;
  });
}

function encode(entries: Entry[]): JsonObject[] {
  return sorted(entries).map((entry) => ({
    ...(entry.manager === '' ? {} : { manager: entry.manager }),
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    ...(entry.time === undefined ? {} : { time: entry.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(entry.fields),
    ...(entry.subresource === '' ? {} : { subresource: entry.subresource }),
  }));
}

/**
 * Whether two versions differ in nothing but the times of their managedFields: such a write changes nothing
 * (apiserver pkg/endpoints/handlers/fieldmanager/equality.go).
 */
export function equalButForTimes(a: KubeObject, b: KubeObject): boolean {
  return equalJson(withoutTimes(a), withoutTimes(b));
}

function withoutTimes(object: KubeObject): JsonObject {
  const managedFields = (object.metadata.managedFields ?? []).map((entry) => {
    const { time: _, ...rest } = isObject(entry) ? entry : {};
    return rest;
  });
  return { ...object, metadata: { ...object.metadata, managedFields, resourceVersion: '' } };
}
