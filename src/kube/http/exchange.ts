/** One HTTP request on a socket: out it goes, the head of the answer comes back. Knows no Kubernetes and no retries. */
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, RequestOptions } from 'node:http';
import type { PeerCertificate } from 'node:tls';
import { bareHost, http, https, portOf, proxyAuthorization, type SocketPool } from './agent.js';
import type { Connection, Credential } from './connection.js';
import type { Limits } from './limits.js';

export interface Outgoing {
  method: string;
  /** With the server's path prefix and the query. */
  path: string;
  headers: OutgoingHttpHeaders;
  body: Buffer | undefined;
}

export type Sent =
  /** `writableMs`: the server cannot have begun to answer before this monotonic moment. */
  | { ok: true; head: IncomingMessage; writableMs: number; headMs: number }
  /** `connected`: the request may have reached the server. `reused`: over a socket that had served before. */
  | { ok: false; error: unknown; connected: boolean; reused: boolean };

/** Sends and waits for the head. A limit that is reached later ends the body with its LimitError. */
export function send(
  connection: Connection,
  pool: SocketPool,
  credential: Credential,
  outgoing: Outgoing,
  limits: Limits,
  nowMs: () => number,
): Promise<Sent> {
  return new Promise((resolve) => {
    let writableMs: number | undefined;
    const fail = (error: unknown, reused: boolean) =>
      resolve({ ok: false, error, connected: writableMs !== undefined, reused });
    let request: ClientRequest;
    try {
      request = start(connection, pool, credential, outgoing);
    } catch (error) {
      // A client certificate or a header that Node refuses is thrown before anything is sent.
      return fail(error, false);
    }
    const release = limits.onEnd((error) => {
      request.destroy(error);
      // A request that still waits for its proxy has no socket yet and would tell nobody until it has one.
      fail(error, request.reusedSocket);
    });
    onWritable(request, connection, () => {
      writableMs = nowMs();
    });
    request.once('response', (head) => {
      const headMs = nowMs();
      release();
      const releaseBody = limits.onEnd((error) => head.destroy(error));
      head.once('close', releaseBody);
      // Whoever reads the body listens too; this one keeps an error between two readers from ending the process.
      head.on('error', () => {});
      resolve({ ok: true, head, writableMs: writableMs ?? headMs, headMs });
    });
    request.on('error', (error) => {
      release();
      fail(error, request.reusedSocket);
    });
    request.end(outgoing.body);
  });
}

function start(
  connection: Connection,
  pool: SocketPool,
  credential: Credential,
  { method, path, headers }: Outgoing,
): ClientRequest {
  const { server, proxy } = connection;
  const common: RequestOptions = { method, headers: { ...headers, host: server.host }, agent: pool.agent };
  if (server.protocol === 'https:') {
    return https().request({
      ...common,
      ...tlsOptions(connection, credential),
      path,
      host: bareHost(server),
      port: portOf(server),
    });
  }
  if (!proxy) return http().request({ ...common, path, host: bareHost(server), port: portOf(server) });
  const through = proxy.protocol === 'https:' ? https() : http();
  return through.request({
    ...common,
    headers: { ...common.headers, ...proxyAuthorization(proxy) },
    path: `${server.protocol}//${server.host}${path}`,
    host: bareHost(proxy),
    port: portOf(proxy),
  });
}

function tlsOptions({ tls }: Connection, credential: Credential) {
  const name = tls.servername || undefined;
  return {
    rejectUnauthorized: !tls.insecure,
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(credential.cert !== undefined && { cert: credential.cert }),
    ...(credential.key !== undefined && { key: credential.key }),
    // An address must not be sent as SNI (RFC 6066), but may be what the certificate is checked against.
    ...(name !== undefined && { servername: process.getBuiltinModule('node:net').isIP(name) ? '' : name }),
    ...(name !== undefined && {
      checkServerIdentity: (_host: string, cert: PeerCertificate) =>
        process.getBuiltinModule('node:tls').checkServerIdentity(name, cert),
    }),
  };
}

/** Calls `fn` when the request's bytes can leave: the connection, and TLS where there is any, is up. */
function onWritable(request: ClientRequest, connection: Connection, fn: () => void): void {
  const secure =
    (connection.server.protocol === 'https:' ? connection.server : connection.proxy)?.protocol === 'https:';
  request.once('socket', (socket) => {
    if (request.reusedSocket) fn();
    else socket.once(secure ? 'secureConnect' : 'connect', fn);
  });
}

export class TooLongError extends Error {}

/** The whole body. Rejects with TooLongError beyond `mostBytes`, with the socket's error when it ends early. */
export function readBody(head: IncomingMessage, mostBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    head.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) head.destroy(new TooLongError(`the answer is longer than ${mostBytes} bytes`));
      else chunks.push(chunk);
    });
    head.once('end', () => resolve(Buffer.concat(chunks, bytes).toString('utf8')));
    head.once('error', reject);
    head.once('close', () =>
      reject(Object.assign(new Error('closed before the answer was whole'), { code: 'ECONNRESET' })),
    );
  });
}
