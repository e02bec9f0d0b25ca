/**
 * Protobuf request bodies by a table of their fields, read into the JSON that the same object would be. The envelope is
 * apimachinery pkg/runtime/serializer/protobuf: four bytes of magic, then runtime.Unknown around the object.
 */
import { EARLIEST, formatMicroTime, LATEST, MICROS_PER_SECOND } from '../../lease/micro-time.js';
import { type Json, type JsonObject, NumberLiteral, put } from './value.js';

/** Field number to what it is; a table is a message of its own. */
export interface MessageTable {
  [field: number]: MessageField;
}

export interface MessageField {
  name: string;
  is: 'string' | 'int32' | 'int64' | 'bool' | 'time' | 'microTime' | 'stringMap' | 'json' | MessageTable;
  repeated?: true;
}

/** `type`: what the envelope says the object is, when only the object itself cannot be read. */
export class ProtobufError extends Error {
  readonly type: JsonObject | undefined;
  constructor(message: string, type?: JsonObject) {
    super(message);
    this.type = type;
  }
}

type WireValue = Buffer | bigint;

const MAGIC = Buffer.from('k8s\0');
const TYPE_META: MessageTable = { 1: { name: 'apiVersion', is: 'string' }, 2: { name: 'kind', is: 'string' } };
/** runtime.Unknown. */
const UNKNOWN: MessageTable = { 1: { name: 'typeMeta', is: TYPE_META }, 2: { name: 'raw', is: 'string' } };
const VARINT = 0;
const BYTES = 2;

/** The object in an envelope, with its kind and apiVersion. Throws ProtobufError. */
export function readEnvelope(bytes: Buffer, table: MessageTable): JsonObject {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  if (bytes.length === MAGIC.length) throw new ProtobufError('empty body');
  const fields = readFields(bytes.subarray(MAGIC.length), UNKNOWN);
  const [typeMeta, raw] = [1, 2].map((wanted) => fields.findLast(({ number }) => number === wanted)?.value);
  const type = typeMeta instanceof Buffer ? readMessage(typeMeta, TYPE_META) : {};
  try {
    return { ...type, ...(raw instanceof Buffer ? readMessage(raw, table) : {}) };
  } catch (error) {
    throw error instanceof ProtobufError ? new ProtobufError(error.message, type) : error;
  }
}

/** Fields that the table does not know are passed over, as Go does. */
function readMessage(bytes: Buffer, table: MessageTable): JsonObject {
  const message: JsonObject = {};
  for (const { number, value } of readFields(bytes, table)) {
    const field = table[number];
    if (field) add(message, field, value);
  }
  return message;
}

function add(message: JsonObject, field: MessageField, value: WireValue): void {
  if (field.is === 'stringMap') {
    const { key = '', value: text = '' } = readMessage(value as Buffer, MAP_ENTRY) as { [name: string]: string };
    const map = (message[field.name] ?? {}) as JsonObject;
    put(map, key, text);
    message[field.name] = map;
    return;
  }
  const decoded = typeof value === 'bigint' ? readVarint(value, field.is) : readBytes(value, field.is);
  if (field.repeated) message[field.name] = [...((message[field.name] as Json[] | undefined) ?? []), decoded];
  else message[field.name] = decoded;
}

const MAP_ENTRY: MessageTable = { 1: { name: 'key', is: 'string' }, 2: { name: 'value', is: 'string' } };

function readVarint(value: bigint, is: MessageField['is']): Json {
  if (is === 'bool') return value !== 0n;
  const signed = BigInt.asIntN(is === 'int32' ? 32 : 64, value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : new NumberLiteral(String(signed));
}

function readBytes(bytes: Buffer, is: MessageField['is']): Json {
  if (is === 'time' || is === 'microTime') return readTimestamp(bytes, is);
  if (is === 'json') return readRaw(bytes);
  return typeof is === 'object' ? readMessage(bytes, is) : bytes.toString('utf8');
}

/** metav1.FieldsV1 carries its JSON as text. */
function readRaw(bytes: Buffer): Json {
  const { raw } = readMessage(bytes, { 1: { name: 'raw', is: 'string' } });
  try {
    return JSON.parse(String(raw ?? 'null')) as Json;
  } catch (error) {
    throw new ProtobufError((error as Error).message);
  }
}

/** An empty message is Go's zero time. Fractions are cut to what the type keeps (apimachinery meta/v1 time_proto.go). */
function readTimestamp(bytes: Buffer, is: 'time' | 'microTime'): Json {
  const { seconds = 0, nanos = 0 } = readMessage(bytes, TIMESTAMP) as { seconds?: Json; nanos?: number };
  if (bytes.length === 0) return null;
  const text = String(seconds instanceof NumberLiteral ? seconds.text : seconds);
  const micros = BigInt(text) * MICROS_PER_SECOND + BigInt(Math.trunc(nanos / 1000));
  if (micros < EARLIEST || micros > LATEST) throw new ProtobufError(`time out of range: ${text} s`);
  const time = formatMicroTime(micros);
  return is === 'time' ? time.replace(/\.\d{6}Z$/, 'Z') : time;
}

const TIMESTAMP: MessageTable = { 1: { name: 'seconds', is: 'int64' }, 2: { name: 'nanos', is: 'int32' } };

/** As the generated Go code names it. */
const goName = (name: string): string =>
  name === 'metadata' ? 'ObjectMeta' : name.charAt(0).toUpperCase() + name.slice(1);

interface WireField {
  number: number;
  value: WireValue;
}

function checkWire(field: MessageField | undefined, wire: number): void {
  if (!field) return;
  const expected = field.is === 'int32' || field.is === 'int64' || field.is === 'bool' ? VARINT : BYTES;
  if (wire !== expected) throw new ProtobufError(`proto: wrong wireType = ${wire} for field ${goName(field.name)}`);
}

/** Fields in order; those with a length as bytes, the others as numbers. */
function readFields(bytes: Buffer, table: MessageTable): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new ProtobufError('unexpected EOF');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('proto: integer overflow');
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new ProtobufError('unexpected EOF');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const read = (wire: number): WireValue => {
    if (wire === VARINT) return varint();
    if (wire === BYTES) return take(Number(varint()));
    if (wire === 1) return take(8).readBigUInt64LE();
    if (wire === 5) return BigInt(take(4).readUInt32LE());
    throw new ProtobufError(`proto: illegal wireType ${wire}`);
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = Number(tag & 7n);
    const number = Number(tag >> 3n);
    checkWire(table[number], wire);
    fields.push({ number, value: read(wire) });
  }
  return fields;
}
