/** resourceVersions as numbers of any size. Comparable within one cluster (KEP-5504; DESIGN, fact 9). */

const DECIMAL = /^\d+$/;

/** False as well when either is no number: then nothing can be said. */
export function isOlder(a: string | null, b: string | null): boolean {
  if (a === null || b === null || !DECIMAL.test(a) || !DECIMAL.test(b)) return false;
  return a.length === b.length ? a < b : a.length < b.length;
}
