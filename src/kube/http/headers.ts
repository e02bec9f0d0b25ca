/** Text from a kubeconfig as HTTP headers. Pure. */

import type { User } from '../kubeconfig/kubeconfig.js';
import { ConnectError } from './connection.js';

/** Bytes that may stand in a header's name (RFC 9110 token), less % which escapes the others. */
const PLAIN_NAME_BYTE = /[!#$&'*+.^_`|~0-9A-Za-z-]/;

/**
 * Impersonation as client-go sends it (`transport/round_trippers.go`, `impersonatingRoundTripper`): one header for each
 * group and each extra value. Throws ConnectError for a value that cannot stand in a header.
 */
export function impersonationHeaders(user: User): (readonly [name: string, value: string])[] {
  if (!user.as) return [];
  const headers: [string, string][] = [['Impersonate-User', user.as]];
  if (user.asUid) headers.push(['Impersonate-Uid', user.asUid]);
  for (const group of user.asGroups ?? []) headers.push(['Impersonate-Group', group]);
  for (const [key, values] of user.asUserExtra ?? []) {
    for (const value of values) headers.push([`Impersonate-Extra-${escapeName(key)}`, value]);
  }
  return headers.map(([name, value]) => [name, headerValue(value, `the value of ${name}`)]);
}

/**
 * Node writes a header's characters as one byte each and refuses others; Go writes UTF-8. So the bytes of the UTF-8 form
 * stand for themselves here. Throws ConnectError (naming `what`, never the value) for control characters.
 */
export function headerValue(value: string, what: string): string {
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(value)) {
    throw new ConnectError(`${what} holds a line break or another control character`);
  }
  return Buffer.from(value, 'utf8').toString('latin1');
}

/** client-go `headerKeyEscape`. */
function escapeName(key: string): string {
  let escaped = '';
  for (const byte of Buffer.from(key, 'utf8')) {
    const char = String.fromCharCode(byte);
    escaped += PLAIN_NAME_BYTE.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}
