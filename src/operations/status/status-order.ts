/** The order of `status` rows: by one of its columns or by a field of the object. */
import type { StatusRow } from './status.js';

type Key = string | number | bigint | null;
type KeyOf = (row: StatusRow) => Key;

const BY_COLUMN: Readonly<Record<string, KeyOf>> = {
  namespace: (row) => row.ref.namespace,
  name: (row) => row.ref.name,
  state: (row) => row.verdict.state,
  holder: (row) => row.record?.holder || null,
  renewed: (row) => row.verdict.renewedAgoMs,
  expires: (row) => row.verdict.expiresInMs,
  transitions: (row) => row.record?.transitions ?? null,
  basis: (row) => row.verdict.basis,
  duration: (row) => row.record?.leaseDurationSeconds ?? null,
  acquired: (row) => row.record?.acquireTime ?? null,
  role: (row) => row.record?.role ?? null,
};

export const SORT_COLUMNS: readonly string[] = Object.keys(BY_COLUMN);

const PATH = /^\{?\.?((?:metadata|spec)(?:\.[A-Za-z0-9_-]+)+)\}?$/;

/**
 * The comparison for a `--sort-by`: a column, or a path under metadata or spec as kubectl takes it (`.spec.renewTime`,
 * `{.metadata.name}`). Rows without a value come last. Undefined when the key is neither.
 */
export function rowOrder(key: string): ((a: StatusRow, b: StatusRow) => number) | undefined {
  const keyOf = Object.hasOwn(BY_COLUMN, key.toLowerCase()) ? BY_COLUMN[key.toLowerCase()] : byPath(key);
  return (
    keyOf &&
    ((a, b) =>
      compare(keyOf(a), keyOf(b)) || compare(a.ref.namespace, b.ref.namespace) || compare(a.ref.name, b.ref.name))
  );
}

function byPath(key: string): KeyOf | undefined {
  const segments = PATH.exec(key)?.[1]?.split('.');
  return (
    segments &&
    ((row) => {
      let value: unknown = row.record?.raw;
      for (const segment of segments) value = (value as Record<string, unknown> | null | undefined)?.[segment];
      return typeof value === 'string' || typeof value === 'number' ? value : null;
    })
  );
}

// By code point: a collator costs more than the rest of `status`, and Lease names are ASCII.
function compare(a: Key, b: Key): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
