/** A request to the API server, and the bytes it comes to. */
import type { OutgoingHttpHeaders } from 'node:http';
import type { CallOptions } from '../../lease/api.js';
import type { Target } from '../failure.js';
import type { Connection, Credential } from './connection.js';
import type { Outgoing } from './exchange.js';

export interface ApiRequest extends CallOptions {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute and escaped, such as `/apis/coordination.k8s.io/v1/leases`. */
  path: string;
  /** Pairs with an undefined value are left out. */
  query?: Readonly<Record<string, string | number | undefined>> | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** What the request is about, for the words of a failure. */
  target: Target;
}

/** Adds the server's path prefix, the credential and impersonation. Content encodings are not asked for. */
export function outgoingOf(
  request: ApiRequest,
  connection: Connection,
  credential: Credential,
  userAgent: string,
): Outgoing {
  const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
  const headers: OutgoingHttpHeaders = { accept: 'application/json', 'user-agent': userAgent };
  if (credential.authorization !== undefined) headers.authorization = credential.authorization;
  if (body) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = body.length;
  }
  for (const [name, value] of connection.headers) {
    const key = name.toLowerCase();
    headers[key] = key in headers ? [headers[key] as string | string[], value].flat() : value;
  }
  const path = prefixOf(connection.server) + request.path + queryOf(request.query);
  return { method: request.method, path, headers, body };
}

/** The server's address for people: without userinfo. */
export const addressOf = (server: URL): string => `${server.protocol}//${server.host}${prefixOf(server)}`;

const prefixOf = (server: URL): string => server.pathname.replace(/\/+$/, '');

function queryOf(query: ApiRequest['query']): string {
  const pairs = Object.entries(query ?? {}).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
  if (pairs.length === 0) return '';
  return `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
}
