/** Who wrote which field of spec, as the server keeps it in metadata.managedFields. */
import { type Micros, parseMicroTime } from './micro-time.js';
import type { LeaseRecord } from './record.js';

export interface FieldWriter {
  /** The client's `fieldManager`, else its User-Agent up to the first `/`, else `unknown`. */
  manager: string;
  /** `Update` (PUT and most patches) or `Apply`. */
  operation: string;
  /** When this writer last changed a field that it owns: the server's clock in whole seconds; null when not stamped. */
  time: Micros | null;
  /** The fields of spec that it was the last to change, sorted. */
  fields: string[];
}

/**
 * The writers of spec. Parsed at each call, for the one Lease that is described: lists of thousands never need it. A
 * field that was removed has no writer, and who wrote the same value again is not told.
 */
export function fieldWriters(record: LeaseRecord): FieldWriter[] {
  const metadata: unknown = record.raw.metadata;
  const entries = isObject(metadata) ? metadata.managedFields : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) => {
    if (!isObject(entry) || !isObject(entry.fieldsV1)) return [];
    const spec = entry.fieldsV1['f:spec'];
    if (!isObject(spec)) return [];
    const fields = Object.keys(spec)
      .filter((key) => key.startsWith('f:'))
      .map((key) => key.slice(2))
      .sort();
    return [
      {
        manager: text(entry.manager),
        operation: text(entry.operation),
        time: parseMicroTime(text(entry.time)) ?? null,
        fields,
      },
    ];
  });
}

/** The writer of one field; with several (co-owned by Apply) the one stamped last; undefined when nobody owns it. */
export function writerOf(writers: readonly FieldWriter[], field: string): FieldWriter | undefined {
  return writers
    .filter((writer) => writer.fields.includes(field))
    .reduce<FieldWriter | undefined>(
      (newest, writer) => (newest === undefined || (writer.time ?? 0n) > (newest.time ?? 0n) ? writer : newest),
      undefined,
    );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
