/** resourceVersion as clients send it: decimal text up to 64 bits. */
import { quoteGo } from '../json/reader.js';

/** A version that the server could not read; handlers differ in the status they give it. */
export class VersionError extends Error {}

/** 0 for none. Throws VersionError. */
export function parseVersion(text: string): bigint {
  if (text === '') return 0n;
  if (!/^\d+$/.test(text)) throw new VersionError(refusal(text, 'invalid syntax'));
  const version = BigInt(text);
  if (version > 0xffff_ffff_ffff_ffffn) throw new VersionError(refusal(text, 'value out of range'));
  return version;
}

const refusal = (text: string, why: string): string =>
  `resourceVersion: Invalid value: ${quoteGo(text)}: strconv.ParseUint: parsing ${quoteGo(text)}: ${why}`;
