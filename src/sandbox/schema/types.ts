/**
 * What the fields of a kind are. Tables rather than code, because decoding, ownership of fields, strategic patches and
 * the OpenAPI document all need the same facts.
 */

export interface StructType {
  /** Name of the Go struct: decoding errors name it. */
  go: string;
  fields: { [name: string]: Field };
}

export interface Field {
  type: FieldType;
  /** A Go pointer: a zero value is kept, null means absent. */
  pointer?: boolean;
  /** Without `omitempty` in Go: printed even when it is zero. */
  always?: boolean;
  /** Left out when the struct has no field set (`omitzero`). */
  omitZero?: boolean;
  description?: string;
}

export type FieldType =
  | { is: 'string'; go?: string }
  | { is: 'bool' }
  | { is: 'int32' }
  | { is: 'int64' }
  | { is: 'time' }
  | { is: 'microTime' }
  | { is: 'stringMap' }
  /** Values are base64. */
  | { is: 'bytesMap' }
  | { is: 'struct'; struct: StructType /** Owned as one value. */; atomic?: boolean }
  | {
      is: 'list';
      of: FieldType;
      go: string;
      /** How fields of the list are owned (x-kubernetes-list-type). */
      listType?: 'atomic' | 'set' | 'map';
      keys?: string[];
      /** How a strategic merge patch merges it (patchStrategy, patchMergeKey). */
      patch?: 'merge' | { mergeKey: string };
    }
  /** Taken as it comes, without a look inside: what the sandbox keeps but does not know (Pod specs). */
  | { is: 'any' };

export const string: FieldType = { is: 'string' };
export const bool: FieldType = { is: 'bool' };
export const int32: FieldType = { is: 'int32' };
export const int64: FieldType = { is: 'int64' };
export const time: FieldType = { is: 'time' };
export const microTime: FieldType = { is: 'microTime' };
export const stringMap: FieldType = { is: 'stringMap' };
export const any: FieldType = { is: 'any' };

export const plain = (type: FieldType, description?: string): Field => (description ? { type, description } : { type });
export const pointer = (type: FieldType, description?: string): Field => ({
  ...plain(type, description),
  pointer: true,
});
export const always = (type: FieldType, description?: string): Field => ({ ...plain(type, description), always: true });
export const struct = (type: StructType): FieldType => ({ is: 'struct', struct: type });
export const atomic = (type: StructType): FieldType => ({ is: 'struct', struct: type, atomic: true });

/** Go's name of a type, as json.UnmarshalTypeError prints it. */
export function goType(type: FieldType): string {
  switch (type.is) {
    case 'string':
      return type.go ?? 'string';
    case 'struct':
      return `v1.${type.struct.go}`;
    case 'list':
      return type.go;
    case 'stringMap':
      return 'map[string]string';
    case 'bytesMap':
      return 'map[string][]uint8';
    case 'time':
      return 'v1.Time';
    case 'microTime':
      return 'v1.MicroTime';
    case 'any':
      return 'interface {}';
    default:
      return type.is;
  }
}
