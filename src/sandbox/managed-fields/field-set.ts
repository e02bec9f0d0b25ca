/** Sets of field paths and their JSON form, fieldsV1 (structured-merge-diff fieldpath/serialize.go). Sets are values: no operation changes its operands. */
import { isObject, type Json, type JsonObject } from '../json/value.js';

/** A node of the tree of paths: whether the path that ends here is in the set, and what lies below. */
export interface FieldSet {
  readonly member: boolean;
  /** By path element as fieldsV1 writes it: `f:name`, `k:{"uid":"…"}`, `v:"…"`. */
  readonly children: ReadonlyMap<string, FieldSet>;
}

export type FieldPath = readonly string[];

export const NO_FIELDS: FieldSet = { member: false, children: new Map() };

export const isEmpty = (set: FieldSet): boolean => !set.member && set.children.size === 0;

export function setOf(paths: Iterable<FieldPath>): FieldSet {
  let set = NO_FIELDS;
  for (const path of paths) set = union(set, single(path));
  return set;
}

function single(path: FieldPath): FieldSet {
  const [first, ...rest] = path;
  if (first === undefined) return { member: true, children: new Map() };
  return { member: false, children: new Map([[first, single(rest)]]) };
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const mine = children.get(element);
    children.set(element, mine ? union(mine, child) : child);
  }
  return { member: a.member || b.member, children };
}

/** Paths of `a` that are not in `b`; a path is itself, not what lies below it. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const theirs = b.children.get(element);
    const rest = theirs ? difference(child, theirs) : child;
    if (!isEmpty(rest)) children.set(element, rest);
  }
  return { member: a.member && !b.member, children };
}

/** fieldsV1: `.` marks a path that is in the set and has others below it. */
export function toFieldsV1(set: FieldSet): JsonObject {
  const json: JsonObject = {};
  for (const element of [...set.children.keys()].sort()) {
    const child = set.children.get(element) ?? NO_FIELDS;
    const below = toFieldsV1(child);
    json[element] = child.member && child.children.size > 0 ? { '.': {}, ...below } : below;
  }
  return json;
}

/** Undefined when it is no such thing: the server then takes the entries of the stored object instead. */
export function fromFieldsV1(json: Json | undefined): FieldSet | undefined {
  if (!isObject(json)) return undefined;
  const children = new Map<string, FieldSet>();
  let member = false;
  for (const element of Object.keys(json)) {
    if (element === '.') {
      member = true;
      continue;
    }
    if (!/^[fkvi]:/.test(element)) return undefined;
    const child = fromFieldsV1(json[element]);
    if (!child) return undefined;
    children.set(element, child.children.size === 0 ? { member: true, children: child.children } : child);
  }
  return { member, children };
}
