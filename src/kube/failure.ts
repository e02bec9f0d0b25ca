/** Why a request brought no result: an answer's status and body, or a socket's error, as one of the ApiFailures. */
import type { ApiFailure } from '../lease/api.js';
import { ConnectError } from './http/connection.js';
import { LimitError } from './http/limits.js';
import { parseHttpDate } from './http/server-clock.js';

/** What a request was about, in the words of RBAC. */
export interface Target {
  verb: string;
  resource: string;
  namespace?: string | undefined;
  name?: string | undefined;
}

/** An answer as received. Header names are in lower case. */
export interface Reply {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

interface Status {
  reason: string;
  message: string;
  details: { name?: unknown; kind?: unknown; causes?: unknown; retryAfterSeconds?: unknown };
}

/**
 * Reads an answer that is no success. `nowMs`: the wall clock, for a Retry-After that is a date. 400, 413 and 422 are
 * `invalid`; other 4xx that have no kind of their own are `server` with their status, as is any 5xx, whoever sent it:
 * a gateway's HTML page with 502 says that the server is away, not that there is none.
 */
export function failureOfReply(reply: Reply, target: Target, nowMs: number): ApiFailure {
  const { status } = reply;
  const body = readStatus(reply);
  const message = body?.message || `${status} from the server`;
  if (status === 401) return { kind: 'unauthorised', message: body?.message || 'Unauthorized' };
  if (status === 429) return { kind: 'throttled', retryAfterMs: retryAfterMs(reply, body, nowMs), message };
  if (status >= 500) {
    const said = body?.message || `${status}${hint(reply)}`;
    return { kind: 'server', status, retryAfterMs: retryAfterMs(reply, body, nowMs), message: said };
  }
  if (status === 404 && !body && /^404 page not found\s*$/.test(reply.text)) {
    return { kind: 'not-found', resource: target.resource, name: null, message: reply.text.trim() };
  }
  if (!body) return notKubernetes(reply, `answered ${status}${hint(reply)}`);
  return failureOfStatus(status, body, target, message);
}

/** Reads a Status object, such as the one in a watch's ERROR event. Undefined when it is none. */
export function failureOfStatusObject(value: unknown, target: Target): ApiFailure | undefined {
  const body = statusOf(value);
  const code = isObject(value) && typeof value.code === 'number' ? value.code : 500;
  if (!body) return undefined;
  const message = body.message || `${code} from the server`;
  if (code === 401) return { kind: 'unauthorised', message };
  if (code === 429) return { kind: 'throttled', retryAfterMs: secondsOf(body), message };
  if (code >= 500) return { kind: 'server', status: code, retryAfterMs: secondsOf(body), message };
  return failureOfStatus(code, body, target, message);
}

function failureOfStatus(status: number, body: Status, target: Target, message: string): ApiFailure {
  switch (status) {
    case 403:
      return { kind: 'forbidden', ...denied(message, target), message };
    case 404:
      return { kind: 'not-found', ...missing(body, target), message };
    case 409:
      return { kind: 'conflict', exists: body.reason === 'AlreadyExists', message };
    case 410:
      return { kind: 'expired', message };
    case 400:
    case 413:
    case 422:
      return { kind: 'invalid', causes: causesOf(body), message };
    default:
      return { kind: 'server', status, retryAfterMs: null, message };
  }
}

/** The verb that was missing can differ from the one sent: a PUT that would create needs `create`. */
function denied(message: string, target: Target) {
  const [, verb, resource] = /cannot (\S+) resource "([^"]+)"/.exec(message) ?? [];
  return {
    verb: verb ?? target.verb,
    resource: resource ?? target.resource,
    namespace: target.namespace ?? null,
    name: target.name ?? null,
  };
}

/** A write into a missing namespace names the namespace, an unknown path nothing at all. */
function missing(body: Status, target: Target) {
  const { kind, name } = body.details;
  return {
    resource: typeof kind === 'string' && kind !== '' ? kind : target.resource,
    name: typeof name === 'string' && name !== '' ? name : null,
  };
}

function causesOf(body: Status): { field: string; message: string }[] {
  if (!Array.isArray(body.details.causes)) return [];
  const causes = body.details.causes.filter(isObject).map((cause) => ({
    field: typeof cause.field === 'string' ? cause.field : '',
    message: typeof cause.message === 'string' ? cause.message : '',
  }));
  // kube-apiserver lists some causes twice (a changed metadata.uid).
  return causes.filter((a, i) => causes.findIndex((b) => a.field === b.field && a.message === b.message) === i);
}

const secondsOf = (body: Status | undefined): number | null => {
  const seconds = body?.details.retryAfterSeconds;
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : null;
};

function retryAfterMs(reply: Reply, body: Status | undefined, nowMs: number): number | null {
  const header = header1(reply, 'retry-after');
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = parseHttpDate(header);
  if (date !== undefined) return Math.max(0, date - nowMs);
  return secondsOf(body);
}

/** `not-kubernetes`, with the reply's status and content type. */
export function notKubernetes(reply: Reply, message: string): ApiFailure {
  return { kind: 'not-kubernetes', status: reply.status, contentType: header1(reply, 'content-type'), message };
}

const HINT_CHARS = 200;

/** What the body of a foreign answer says: its title or its first line; for a redirect, where to. */
function hint(reply: Reply): string {
  const location = header1(reply, 'location');
  // The query of a login redirect may hold tokens.
  if (location) return `, a redirect to ${location.split(/[?#]/)[0]?.slice(0, HINT_CHARS)}`;
  const title = /<title[^>]*>([^<]*)</i.exec(reply.text)?.[1];
  const text = (title ?? (/^\s*</.test(reply.text) ? '' : (reply.text.trimStart().split('\n')[0] ?? ''))).trim();
  return text === '' ? '' : `: ${text.slice(0, HINT_CHARS)}`;
}

function header1(reply: Reply, name: string): string {
  const value = reply.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

function readStatus(reply: Reply): Status | undefined {
  try {
    return statusOf(JSON.parse(reply.text));
  } catch {
    return undefined;
  }
}

function statusOf(value: unknown): Status | undefined {
  if (!isObject(value) || value.kind !== 'Status') return undefined;
  return {
    reason: typeof value.reason === 'string' ? value.reason : '',
    message: typeof value.message === 'string' ? value.message : '',
    details: isObject(value.details) ? value.details : {},
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** OpenSSL's verdicts on a certificate chain, which Node passes on as codes, beside those with a telling prefix. */
const TLS_CODES = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'HOSTNAME_MISMATCH',
  'EPROTO',
]);
const TLS_PREFIX = /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_)/;

/** Reads what a socket, the HTTP parser, a credential or a limit threw. `server`: the address without userinfo. */
export function failureOfError(error: unknown, server: string): ApiFailure {
  if (error instanceof LimitError) return error.failure;
  if (error instanceof ConnectError) return { kind: 'credentials', message: error.message };
  const { code, message } = systemError(error);
  if (code === 'ERR_INVALID_CHAR') {
    return { kind: 'credentials', message: 'the credential or a header has a character that HTTP does not allow' };
  }
  if (TLS_CODES.has(code) || TLS_PREFIX.test(code)) return { kind: 'tls', server, code, message };
  if (code.startsWith('HPE_')) {
    return { kind: 'not-kubernetes', status: 0, contentType: '', message: `the answer is not HTTP (${message})` };
  }
  return { kind: 'unreachable', server, code, message };
}

function systemError(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  // A name with several addresses fails as a whole, and its own message is empty.
  const first = error instanceof AggregateError ? error.errors[0] : undefined;
  const inner: Error & { code?: unknown } = error.message === '' && first instanceof Error ? first : error;
  const code = (error as { code?: unknown }).code ?? inner.code;
  return { code: typeof code === 'string' ? code : 'UNKNOWN', message: inner.message };
}
