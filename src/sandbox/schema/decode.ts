/**
 * JSON into the canonical form of a kind, as Go decodes into its struct and prints it again: unknown members dropped
 * and reported, zero values left out, fields in the order of the struct, times in UTC. Errors carry Go's words.
 */
import { readMicroTime, readTime } from '../json/go-time.js';
import { duplicateMembers, membersOf, quoteGo } from '../json/reader.js';
import { isObject, type Json, type JsonObject, member, NumberLiteral, put } from '../json/value.js';
import { type Field, type FieldType, goType, type StructType } from './types.js';

/** A value of the wrong type, or a text that a field cannot hold. */
export class DecodeError extends Error {}

export interface Decoded {
  object: JsonObject;
  /** `unknown field "a.b"`, `duplicate field "a.b"`: errors for fieldValidation=Strict, warnings for Warn. */
  strict: string[];
}

/**
 * Decodes an object of a kind. `map` decodes as a strategic patch does (apimachinery pkg/runtime/converter.go): other
 * words, fields in the order of the struct, the first mismatch ends it. Throws DecodeError.
 */
export function decode(type: StructType, value: JsonObject, mode: 'json' | 'map' = 'json'): Decoded {
  const decoder = new Decoder(mode === 'map');
  const object = decoder.struct(type, value, '');
  // Go goes on after a value of the wrong type and answers the first such error; a time it cannot read ends it at once.
  if (decoder.firstError) throw new DecodeError(decoder.firstError);
  return { object, strict: decoder.strict };
}

class Decoder {
  firstError: string | undefined;
  readonly strict: string[] = [];
  private readonly fromMap: boolean;

  constructor(fromMap: boolean) {
    this.fromMap = fromMap;
  }

  struct(type: StructType, value: JsonObject, path: string): JsonObject {
    const decoded: JsonObject = {};
    const seen = new Set<string>();
    for (const [key, member] of this.fromMap ? byStruct(type, value) : membersOf(value)) {
      const at = path === '' ? key : `${path}.${key}`;
      const field = Object.hasOwn(type.fields, key) ? type.fields[key] : undefined;
      if (!field) {
        this.report(`unknown field ${quoteGo(at)}`);
        continue;
      }
      if (seen.has(key)) this.report(`duplicate field ${quoteGo(at)}`);
      seen.add(key);
      decoded[key] = this.value(field.type, member, at, type.go);
    }
    return inOrder(type, decoded);
  }

  private report(strict: string): void {
    if (!this.strict.includes(strict)) this.strict.push(strict);
  }

  private mismatch(value: Json, at: string, owner: string, type: string): undefined {
    if (this.fromMap) throw new DecodeError(mapMismatch(value, type));
    const field = at.replace(/\[[^\]]*\]/g, '');
    this.firstError ??= `json: cannot unmarshal ${kindOf(value)} into Go struct field ${owner}.${field} of type ${type}`;
    return undefined;
  }

  /** Undefined is Go's zero value. */
  private value(type: FieldType, value: Json, at: string, owner: string): Json | undefined {
    if (value === null) return undefined;
    switch (type.is) {
      case 'any':
        if (isDeeper(value, MAX_OPAQUE_DEPTH)) throw new DecodeError('exceeded max depth');
        return value;
      case 'string':
        return typeof value === 'string' ? value : this.mismatch(value, at, owner, goType(type));
      case 'bool':
        return typeof value === 'boolean' ? value : this.mismatch(value, at, owner, 'bool');
      case 'int32':
      case 'int64':
        return this.integer(type.is, value, at, owner);
      case 'time':
      case 'microTime':
        return this.instant(type.is, value, at, owner);
      case 'stringMap':
        return isObject(value) ? this.stringMap(value, at, owner) : this.mismatch(value, at, owner, goType(type));
      case 'bytesMap':
        return isObject(value) ? this.bytesMap(value, at, owner) : this.mismatch(value, at, owner, goType(type));
      case 'struct':
        return isObject(value) ? this.struct(type.struct, value, at) : this.mismatch(value, at, owner, goType(type));
      case 'list':
        if (!Array.isArray(value)) return this.mismatch(value, at, owner, goType(type));
        return value.map((item, i) => this.value(type.of, item, `${at}[${i}]`, owner) ?? zero(type.of));
    }
  }

  /** null for Go's zero time, which is printed as null. */
  private instant(type: 'time' | 'microTime', value: Json, at: string, owner: string): string | null {
    if (typeof value !== 'string') {
      const where = this.fromMap ? 'value' : `struct field ${owner}.${at.replace(/\[[^\]]*\]/g, '')}`;
      throw new DecodeError(`json: cannot unmarshal ${kindOf(value)} into Go ${where} of type string`);
    }
    try {
      const text = type === 'microTime' ? readMicroTime(value) : readTime(value);
      return isZeroTime(text) ? null : text;
    } catch (error) {
      throw new DecodeError((error as Error).message);
    }
  }

  private integer(type: 'int32' | 'int64', value: Json, at: string, owner: string): number | undefined {
    const limit = type === 'int32' ? 2 ** 31 : 2 ** 63;
    if (this.fromMap) {
      const whole = value instanceof NumberLiteral ? Number(value.text) : value;
      if (typeof whole !== 'number' || !Number.isInteger(whole)) return this.mismatch(value, at, owner, type);
      // Go's conversion wraps.
      return type === 'int32' ? Number(BigInt.asIntN(32, BigInt(whole))) : whole;
    }
    if (typeof value === 'number') {
      if (value >= -limit && value < limit) return value === 0 ? 0 : value;
    } else if (value instanceof NumberLiteral && type === 'int64' && /^-?\d+$/.test(value.text)) {
      const exact = BigInt(value.text);
      if (exact === BigInt.asIntN(64, exact)) return Number(exact);
    }
    const isNumber = typeof value === 'number' || value instanceof NumberLiteral;
    const what = value instanceof NumberLiteral ? value.text : String(value);
    if (!isNumber) return this.mismatch(value, at, owner, type);
    this.firstError ??= `json: cannot unmarshal number ${what} into Go struct field ${owner}.${at} of type ${type}`;
    return undefined;
  }

  private bytesMap(value: JsonObject, at: string, owner: string): JsonObject {
    const map = this.stringMap(value, at, owner);
    for (const text of Object.values(map)) {
      const wrong = base64Problem(String(text));
      if (wrong !== undefined) throw new DecodeError(`illegal base64 data at input byte ${wrong}`);
    }
    return map;
  }

  private stringMap(value: JsonObject, at: string, owner: string): JsonObject {
    const map: JsonObject = {};
    for (const key of Object.keys(value)) {
      const item = value[key] ?? null;
      if (item === null) put(map, key, '');
      else if (typeof item === 'string') put(map, key, item);
      else this.mismatch(item, at, owner, 'string');
    }
    for (const key of duplicateMembers(value)) this.report(`duplicate field ${quoteGo(`${at}.${key}`)}`);
    return map;
  }
}

/** Where Go's decoder gives up, if it does. */
function base64Problem(text: string): number | undefined {
  const data = text.replace(/[\r\n]/g, '');
  const strange = /[^A-Za-z0-9+/=]/.exec(data)?.index;
  if (strange !== undefined) return strange;
  if (/^[^=]*={0,2}$/.test(data) && data.length % 4 === 0) return undefined;
  const padding = data.indexOf('=');
  return padding >= 0 ? padding : data.length - (data.length % 4);
}

const isZeroTime = (text: string): boolean => text.startsWith('0001-01-01T00:00:00') && !/\.0*[1-9]/.test(text);

const byStruct = (type: StructType, value: JsonObject): [key: string, value: Json][] =>
  [
    ...Object.keys(type.fields).filter((name) => Object.hasOwn(value, name)),
    ...Object.keys(value).filter((name) => !Object.hasOwn(type.fields, name)),
  ].map((name) => [name, value[name] ?? null]);

function mapMismatch(value: Json, type: string): string {
  const from = mapKind(value);
  if (type.startsWith('[]')) return `cannot restore slice from ${from}`;
  if (type.startsWith('map[')) return `cannot restore map from ${from}`;
  if (type.startsWith('v1.') && !SCALARS.includes(type)) return `cannot restore struct from: ${from}`;
  const isNumber = from === 'int64' || from === 'float64';
  const toNumber = type === 'int32' || type === 'int64';
  const convertible = (from === 'int64' && !toNumber && type !== 'bool') || (isNumber && toNumber);
  if (convertible) return `cannot convert ${from} to ${type}`;
  return `unrecognized type: ${type.includes('.') ? 'string' : type}`;
}

/** Named strings. */
const SCALARS = ['v1.CoordinatedLeaseStrategy', 'v1.ManagedFieldsOperationType', 'v1.DeletionPropagation'];

function mapKind(value: Json): string {
  if (typeof value === 'number') return 'int64';
  if (value instanceof NumberLiteral) return /^-?\d+$/.test(value.text) ? 'int64' : 'float64';
  if (Array.isArray(value)) return 'slice';
  return isObject(value) ? 'map' : typeof value === 'boolean' ? 'bool' : 'string';
}

/** What is kept without a look inside must still be printable: deeper values would exhaust the stack. */
const MAX_OPAQUE_DEPTH = 500;

function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof NumberLiteral) return false;
  if (levels === 0) return true;
  const items = Array.isArray(value) ? value : Object.values(value);
  return items.some((item) => item !== undefined && isDeeper(item, levels - 1));
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (value instanceof NumberLiteral) return 'number';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

function zero(type: FieldType): Json {
  switch (type.is) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
      return 0;
    case 'struct':
      return inOrder(type.struct, {});
    default:
      return null;
  }
}

/** The canonical form: what Go's encoder would print, in the order of the struct. */
function inOrder(type: StructType, decoded: JsonObject): JsonObject {
  const object: JsonObject = {};
  for (const [name, field] of Object.entries(type.fields)) {
    const value = printed(field, member(decoded, name));
    if (value !== undefined) object[name] = value;
  }
  return object;
}

function printed(field: Field, value: Json | undefined): Json | undefined {
  const { type } = field;
  if (field.pointer) return value;
  if (type.is === 'struct' && value === undefined) {
    const empty = inOrder(type.struct, {});
    return field.omitZero && Object.keys(empty).length === 0 ? undefined : empty;
  }
  if (type.is === 'struct' && field.omitZero && isObject(value) && Object.keys(value).length === 0) return undefined;
  if (field.always) return value ?? zero(type);
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return undefined;
  if (Array.isArray(value)) return value.length > 0 ? value : undefined;
  if (type.is === 'stringMap' || type.is === 'bytesMap') return sorted(value as JsonObject);
  return value;
}

/** Go prints maps in the order of their keys, and an empty one not at all. */
function sorted(map: JsonObject): JsonObject | undefined {
  const keys = Object.keys(map).sort();
  if (keys.length === 0) return undefined;
  const result: JsonObject = {};
  for (const key of keys) put(result, key, map[key]);
  return result;
}

/** An object of the kind with nothing set. */
export const emptyObject = (type: StructType): JsonObject => inOrder(type, {});
