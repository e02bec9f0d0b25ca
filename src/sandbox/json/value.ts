/** JSON values as the sandbox keeps them: plain data, never changed once stored. */

/** A number whose text is not a plain integer (`15.0`, `1e1`, 20 digits): Go refuses most of them for an int32, so the text is kept. */
export class NumberLiteral {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toJSON(): number {
    return Number(this.text);
  }
}

export type Json = null | boolean | number | string | NumberLiteral | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

/** metadata of an object, as far as the sandbox looks into it. */
export interface ObjectMeta extends JsonObject {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: { [key: string]: string };
  annotations?: { [key: string]: string };
  ownerReferences?: JsonObject[];
  finalizers?: string[];
  managedFields?: JsonObject[];
}

/** An object of a resource in its canonical form: fields in the order of the Go struct, zero values left out. */
export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral);
}

/** Sets a member whatever its name: plain assignment of `__proto__` would change the prototype instead. */
export function put(target: JsonObject, key: string, value: Json | undefined): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Own member or undefined: `constructor` and the like are not members of an object that lacks them. */
export function member(target: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(target, key) ? target[key] : undefined;
}

/** Equality of JSON data; the order of members does not count, and an undefined member is an absent one. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof NumberLiteral) return equalJson(Number(a.text), b);
  if (b instanceof NumberLiteral) return equalJson(a, Number(b.text));
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((x, i) => equalJson(x, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  if (keys.length !== Object.keys(b).filter((key) => b[key] !== undefined).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]));
}

export function cloneJson<T>(value: T): T {
  return structuredCloneJson(value) as T;
}

function structuredCloneJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCloneJson);
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key of Object.keys(value)) put(copy, key, structuredCloneJson(value[key]) as Json);
  return copy;
}

/** JSON text that keeps numbers as they were written. */
export function exactJson(value: Json | undefined): string {
  if (value instanceof NumberLiteral) return value.text;
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`;
  if (!isObject(value)) return goText(JSON.stringify(value ?? null));
  const members = Object.keys(value).filter((key) => value[key] !== undefined);
  return `{${members.map((key) => `${goText(JSON.stringify(key))}:${exactJson(value[key])}`).join(',')}}`;
}

/** Go escapes what could end a script or a line. */
const goText = (json: string): string =>
  json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
