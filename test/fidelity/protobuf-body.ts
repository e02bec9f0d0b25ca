/** Objects as Go's typed clients send them. The real server reads what is written here, so a wrong field number shows. */
import type { MessageField, MessageTable } from '../../src/sandbox/json/protobuf.js';
import { deleteOptionsMessage, leaseMessage } from '../../src/sandbox/schema/messages.js';
import type { Json, JsonObject } from './sequence.js';

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

const MESSAGES = { Lease: leaseMessage, DeleteOptions: deleteOptionsMessage };
const MAP_ENTRY: MessageTable = { 1: { name: 'key', is: 'string' }, 2: { name: 'value', is: 'string' } };
const TIMESTAMP: MessageTable = { 1: { name: 'seconds', is: 'int64' }, 2: { name: 'nanos', is: 'int32' } };

/** In the envelope; its type is that of the object's own apiVersion and kind. */
export function protobufBody(kind: keyof typeof MESSAGES, object: JsonObject): Buffer {
  const { apiVersion = '', kind: said = kind } = object;
  const typeMeta = message({ apiVersion, kind: said }, { 1: string('apiVersion'), 2: string('kind') });
  return Buffer.concat([Buffer.from('k8s\0'), bytes(1, typeMeta), bytes(2, message(object, MESSAGES[kind]))]);
}

const string = (name: string): MessageField => ({ name, is: 'string' });

function message(object: JsonObject, table: MessageTable): Buffer {
  const parts: Buffer[] = [];
  for (const [number, field] of Object.entries(table)) {
    const value = object[field.name];
    if (value === undefined || value === null) continue;
    for (const one of each(field, value)) parts.push(encoded(Number(number), field.is, one));
  }
  return Buffer.concat(parts);
}

function each(field: MessageField, value: Json): Json[] {
  if (field.is === 'stringMap') return Object.entries(value as JsonObject).map(([key, text]) => ({ key, value: text }));
  return field.repeated ? (value as Json[]) : [value];
}

function encoded(number: number, is: MessageField['is'], value: Json): Buffer {
  switch (is) {
    case 'string':
      return bytes(number, Buffer.from(value as string));
    case 'int32':
    case 'int64':
      return Buffer.concat([varint(BigInt(number << 3)), varint(BigInt.asUintN(64, BigInt(value as number)))]);
    case 'bool':
      return Buffer.concat([varint(BigInt(number << 3)), varint(value ? 1n : 0n)]);
    case 'stringMap':
      return bytes(number, message(value as JsonObject, MAP_ENTRY));
    case 'json':
      return bytes(number, message({ raw: JSON.stringify(value) }, { 1: string('raw') }));
    case 'time':
    case 'microTime':
      return bytes(number, timestamp(value as string));
    default:
      return bytes(number, message(value as JsonObject, is));
  }
}

/** All nine digits of the text's fraction, where it has them. */
function timestamp(text: string): Buffer {
  const seconds = Math.floor(Date.parse(text.replace(/\.\d+/, '')) / 1000);
  const nanos = Number((/\.(\d+)/.exec(text)?.[1] ?? '').padEnd(9, '0'));
  return message({ seconds, nanos }, TIMESTAMP);
}

const bytes = (number: number, value: Buffer): Buffer =>
  Buffer.concat([varint(BigInt((number << 3) | 2)), varint(BigInt(value.length)), value]);

function varint(value: bigint): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...out, Number(rest)]);
}
