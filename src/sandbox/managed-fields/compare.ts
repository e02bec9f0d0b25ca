/** Which fields differ between two versions of an object (structured-merge-diff typed/compare.go). */
import { equalJson, isObject, type Json, type JsonObject, member } from '../json/value.js';
import type { FieldType, StructType } from '../schema/types.js';
import { type FieldPath, type FieldSet, setOf, union } from './field-set.js';

export interface Comparison {
  /** Added or modified. */
  changed: FieldSet;
  removed: FieldSet;
}

export function compare(type: StructType, before: JsonObject, after: JsonObject): Comparison {
  const walker = new Walker();
  walker.struct(type, before, after, []);
  return { changed: union(setOf(walker.added), setOf(walker.modified)), removed: setOf(walker.removed) };
}

class Walker {
  readonly added: FieldPath[] = [];
  readonly modified: FieldPath[] = [];
  readonly removed: FieldPath[] = [];

  struct(type: StructType, before: JsonObject, after: JsonObject, path: FieldPath): void {
    for (const [name, field] of Object.entries(type.fields)) {
      this.value(field.type, member(before, name), member(after, name), [...path, `f:${name}`]);
    }
  }

  private value(type: FieldType, before: Json | undefined, after: Json | undefined, path: FieldPath): void {
    if (before === undefined && after === undefined) return;
    if (type.is === 'struct' && !type.atomic && !bothEmpty(before, after)) {
      this.struct(type.struct, asObject(before), asObject(after), path);
      this.presence(before, after, path);
    } else if ((type.is === 'stringMap' || type.is === 'bytesMap') && !bothEmpty(before, after)) {
      this.members(asObject(before), asObject(after), path);
      this.presence(before, after, path);
    } else if (type.is === 'list' && (type.listType === 'set' || type.listType === 'map') && !noItems(before, after)) {
      this.items(type, asList(before), asList(after), path);
      this.presence(before, after, path);
    } else if (before === undefined) this.added.push(path);
    else if (after === undefined) this.removed.push(path);
    else if (!equalJson(before, after)) this.modified.push(path);
  }

  /** A map or list that comes or goes is itself a path of the set, beside what it holds. */
  private presence(before: Json | undefined, after: Json | undefined, path: FieldPath): void {
    if (before === undefined) this.added.push(path);
    else if (after === undefined) this.removed.push(path);
  }

  private members(before: JsonObject, after: JsonObject, path: FieldPath): void {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      this.value({ is: 'string' }, member(before, key), member(after, key), [...path, `f:${key}`]);
    }
  }

  private items(type: FieldType & { is: 'list' }, before: Json[], after: Json[], path: FieldPath): void {
    const element = (item: Json): string => {
      if (type.listType === 'set') return `v:${JSON.stringify(item)}`;
      const keys = (type.keys ?? []).map((key) => [key, isObject(item) ? item[key] : undefined]);
      return `k:${JSON.stringify(Object.fromEntries(keys))}`;
    };
    const old = new Map(before.map((item) => [element(item), item]));
    const now = new Map(after.map((item) => [element(item), item]));
    for (const key of new Set([...old.keys(), ...now.keys()])) {
      this.value(type.of, old.get(key), now.get(key), [...path, key]);
    }
  }
}

const asObject = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
const asList = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const bothEmpty = (a: Json | undefined, b: Json | undefined): boolean =>
  Object.keys(asObject(a)).length === 0 && Object.keys(asObject(b)).length === 0;
const noItems = (a: Json | undefined, b: Json | undefined): boolean => asList(a).length === 0 && asList(b).length === 0;
