/**
 * Protobuf messages by a table of their fields: no more than kubectl needs to ask `auth can-i`. The envelope is
 * apimachinery pkg/runtime/serializer/protobuf: four bytes of magic, then runtime.Unknown around the object.
 */
import type { Json, JsonObject } from './value.js';

/** Field number to name and kind; a table is a message of its own. */
export interface MessageTable {
  [field: number]: { name: string; is: 'string' | MessageTable };
}

export class ProtobufError extends Error {}

const MAGIC = Buffer.from('k8s\0');
const TYPE_META: MessageTable = { 1: { name: 'apiVersion', is: 'string' }, 2: { name: 'kind', is: 'string' } };

/** The object in an envelope, with its kind and apiVersion. Throws ProtobufError. */
export function readEnvelope(bytes: Buffer, table: MessageTable): JsonObject {
  if (!bytes.subarray(0, 4).equals(MAGIC)) {
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const fields = readFields(bytes.subarray(4));
  const typeMeta = fields.find(([number]) => number === 1)?.[1];
  const raw = fields.find(([number]) => number === 2)?.[1];
  return {
    ...(typeMeta instanceof Buffer ? readMessage(typeMeta, TYPE_META) : {}),
    ...(raw instanceof Buffer ? readMessage(raw, table) : {}),
  };
}

function readMessage(bytes: Buffer, table: MessageTable): JsonObject {
  const message: JsonObject = {};
  for (const [number, value] of readFields(bytes)) {
    const field = table[number];
    if (!field || !(value instanceof Buffer)) continue;
    const decoded: Json = field.is === 'string' ? value.toString('utf8') : readMessage(value, field.is);
    message[field.name] = decoded;
  }
  return message;
}

/** Fields in order; those with a length as bytes, the others as numbers. */
function readFields(bytes: Buffer): [number: number, value: Buffer | bigint][] {
  const fields: [number, Buffer | bigint][] = [];
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
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (wire === 0) fields.push([number, varint()]);
    else if (wire === 1) fields.push([number, take(8).readBigUInt64LE()]);
    else if (wire === 2) fields.push([number, take(Number(varint()))]);
    else if (wire === 5) fields.push([number, BigInt(take(4).readUInt32LE())]);
    else throw new ProtobufError(`proto: illegal wireType ${wire}`);
  }
  return fields;
}
