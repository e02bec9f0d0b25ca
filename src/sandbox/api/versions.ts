/** resourceVersion as clients send it: decimal text up to 64 bits. */
import { quoteGo } from '../json/reader.js';

/** A version that the server could not read; handlers differ in the status and the words they give it. */
export class VersionError extends Error {
  /** The same refusal for a version from a query. */
  readonly ofQuery: string;
  constructor(text: string, why: string) {
    super(`strconv.ParseUint: parsing ${quoteGo(text)}: ${why}`);
    this.ofQuery = `resourceVersion: Invalid value: ${quoteGo(text)}: ${this.message}`;
  }
}

/** 0 for none. Throws VersionError. */
export function parseVersion(text: string): bigint {
  if (text === '') return 0n;
  if (!/^\d+$/.test(text)) throw new VersionError(text, 'invalid syntax');
  const version = BigInt(text);
  if (version > 0xffff_ffff_ffff_ffffn) throw new VersionError(text, 'value out of range');
  return version;
}
