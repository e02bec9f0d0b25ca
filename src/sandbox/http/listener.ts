/** The port: TLS with HTTP/2 and 1.1, or plain HTTP/1.1 for loopback names only. Turns requests into calls. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { authenticate, type CertificateUser, type TokenUser } from '../api/access.js';
import type { ApiServer } from '../api/api-server.js';
import { type Call, isStream } from '../api/call.js';
import { failure, handle } from '../api/handle.js';
import { requestInfo } from '../api/request-info.js';
import { forbidden } from '../status.js';
import { type HttpRequest, readBody } from './body-limit.js';
import type { Certificates } from './certificates.js';
import { type HttpResponse, httpDate, send, stream } from './respond.js';

export interface RequestLine {
  method: string;
  path: string;
  status: number;
  ms: number;
  /** Empty when the request came without a user. */
  user: string;
}

export interface ListenerOptions {
  port: number;
  /** Undefined: plain HTTP. */
  certificates: Certificates | undefined;
  users: TokenUser[];
  random: () => number;
  onRequest: ((line: RequestLine) => void) | undefined;
}

export interface Listener {
  port: number;
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 32_000;
/** A request, its body included, may take no longer (apiserver pkg/server/config.go, RequestTimeout). */
const REQUEST_TIMEOUT_MS = 60_000;

export async function listen(server: ApiServer, options: ListenerOptions): Promise<Listener> {
  const sockets = new Set<Socket>();
  const onRequest = (request: HttpRequest, response: HttpResponse) => void serve(server, options, request, response);
  const { certificates } = options;
  const listener = certificates
    ? http2.createSecureServer(
        {
          allowHTTP1: true,
          key: certificates.server.key,
          cert: certificates.server.certificate,
          ca: certificates.caPem,
          requestCert: true,
          // A certificate of somebody else is no error: its owner is anonymous.
          rejectUnauthorized: false,
        },
        onRequest as (request: Http2ServerRequest, response: Http2ServerResponse) => void,
      )
    : http.createServer(onRequest as (request: IncomingMessage, response: ServerResponse) => void);
  if (listener instanceof http.Server) {
    listener.headersTimeout = HEADERS_TIMEOUT_MS;
    listener.requestTimeout = REQUEST_TIMEOUT_MS;
  }
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A connection that breaks must not end the process.
    socket.on('error', () => socket.destroy());
  });
  listener.on('sessionError', () => {});
  listener.on('tlsClientError', (_error, socket) => socket.destroy());
  listener.on('clientError', (_error, socket) => refuseGarbage(socket as Socket));
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(options.port, '127.0.0.1', () => {
      listener.off('error', reject);
      resolve();
    });
  });
  return {
    port: (listener.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** What is no HTTP is answered as Go's server answers it. */
function refuseGarbage(socket: Socket): void {
  if (socket.writable) {
    socket.end(
      'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request',
    );
  } else socket.destroy();
}

async function serve(
  server: ApiServer,
  options: ListenerOptions,
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const started = server.clock.monoMs();
  const date = () => httpDate(server.clock.wallMicros());
  let call: Call | undefined;
  response.on('error', () => {});
  const log = () => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const ms = Math.round(server.clock.monoMs() - started);
    options.onRequest?.({
      method: request.method ?? '',
      path,
      status: response.statusCode,
      ms,
      user: call?.user.name ?? '',
    });
  };
  response.on('close', log);
  try {
    if (!options.certificates) refuseStrangers(request);
    call = readCall(server, options, request);
    const answer = await handle(server, call, options.random);
    if (isStream(answer)) stream(response, call, answer, date());
    else send(response, call, answer, date());
  } catch (error) {
    sendFailure(response, call, error, date());
  }
}

function sendFailure(response: HttpResponse, call: Call | undefined, error: unknown, date: string): void {
  try {
    if (!response.headersSent) send(response, call, error instanceof BadPath ? BAD_PATH : failure(error), date);
    else (response as ServerResponse).destroy();
  } catch {
    // The connection went away between the answer and its writing.
    (response as ServerResponse).destroy();
  }
}

const LOOPBACK = /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/i;

/** Without TLS a page in a browser could reach us under a name of its own, so only loopback names and no pages. */
function refuseStrangers(request: HttpRequest): void {
  const host = request.headers.host ?? '';
  if (!LOOPBACK.test(host) || request.headers.origin !== undefined) {
    throw forbidden(
      { group: '', resource: '' },
      '',
      'only requests to 127.0.0.1 or localhost from outside a browser are answered',
    );
  }
}

/** Such a header counts as none (apiserver pkg/authentication/request/bearertoken). */
const EXTRA_SPACE = /^bearer {2,}\S/i;
const EXTRA_SPACE_WARNING =
  'the provided Authorization header contains extra space before the bearer token, and is ignored';

function readCall(server: ApiServer, options: ListenerOptions, request: HttpRequest): Call {
  const target = request.url ?? '/';
  const question = target.indexOf('?');
  const raw = question < 0 ? target : target.slice(0, question);
  const query = readQuery(question < 0 ? '' : target.slice(question + 1));
  const path = decodePath(raw);
  const header = (name: string) => {
    const value = request.headers[name];
    const text = Array.isArray(value) ? value.join(', ') : value;
    // Node reads header bytes as Latin-1, Go as UTF-8.
    return text === undefined ? undefined : Buffer.from(text, 'latin1').toString('utf8');
  };
  const method = request.method ?? 'GET';
  return {
    method,
    path,
    query,
    header,
    user: authenticate(options.users, certificateUser(request), header('authorization')),
    info: requestInfo(method, path, query),
    auditId: server.newAuditId(),
    warnings: EXTRA_SPACE.test(header('authorization') ?? '') ? [EXTRA_SPACE_WARNING] : [],
    body: () => readBody(request, server.clock),
  };
}

/** A path that is no URL: refused before anything else, in text. */
class BadPath extends Error {}

const BAD_PATH = { status: 400, body: '400 Bad Request', contentType: 'text/plain; charset=utf-8' };

/** Go drops a parameter that it cannot decode; URLSearchParams would keep it as it is. */
function readQuery(text: string): URLSearchParams {
  const readable = (part: string) => !/%(?![0-9a-f]{2})/i.test(part) && !part.includes(';');
  return new URLSearchParams(text.split('&').filter(readable).join('&'));
}

function decodePath(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw new BadPath();
  }
}

/** CN is the user and O are its groups, if our CA has signed it. */
function certificateUser(request: HttpRequest): CertificateUser | undefined {
  const socket =
    (request as { stream?: { session?: { socket?: TLSSocket } } }).stream?.session?.socket ?? request.socket;
  const tls = socket as TLSSocket;
  if (!tls.authorized) return undefined;
  const { subject } = tls.getPeerCertificate();
  if (!subject?.CN) return undefined;
  const { O: groups } = subject as { O?: string | string[] };
  return { name: String(subject.CN), groups: groups === undefined ? [] : Array.isArray(groups) ? groups : [groups] };
}
