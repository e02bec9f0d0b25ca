/**
 * `--http`: `/livez`, `/readyz`, `/leader` and `/metrics` of a running `kle acquire`. Read-only, without secrets, and never a
 * reason for the process to live on. A supervisor that is stopped answers nothing, which is the truth.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isReady, metricsText, type ProbeSnapshot, type ReadyWhen } from './metrics.js';
import type { ProbeAddress } from './probe-address.js';

export interface ProbeServer {
  /** Where it listens: the port that the system chose for port 0. */
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface ProbeOptions {
  readonly address: ProbeAddress;
  readonly readyWhen: ReadyWhen;
  /** Asked at each request. */
  readonly snapshot: () => ProbeSnapshot;
}

/** Probes are small; who sends more is none. */
const MOST_HEADER_BYTES = 8 * 1024;
const REQUEST_WITHIN_MS = 5_000;
const IDLE_MS = 30_000;
const MOST_CONNECTIONS = 100;

/** Resolves when it listens; rejects with the system's error when it cannot (address in use, not ours). */
export function serveProbes({ address, readyWhen, snapshot }: ProbeOptions): Promise<ProbeServer> {
  // As an ES module import it would load undici with it.
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer(
    {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: REQUEST_WITHIN_MS,
      requestTimeout: REQUEST_WITHIN_MS,
      keepAliveTimeout: IDLE_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => answer(request, response, () => reply(request.url ?? '/', snapshot(), readyWhen)),
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = IDLE_MS;
  // Neither the listening socket nor a connection that a client keeps open holds the process back from its end.
  server.on('connection', (socket) => socket.unref());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: address.port, ...(address.host !== undefined && { host: address.host }) }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      server.unref();
      resolve(running(server));
    });
  });
}

function running(server: Server): ProbeServer {
  const { address, port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { host: address, port, close };
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';
const text = (status: number, body: string): Reply => ({ status, type: TEXT, body: `${body}\n` });

function reply(url: string, snapshot: ProbeSnapshot, readyWhen: ReadyWhen): Reply {
  switch (url.split('?', 1)[0]) {
    case '/livez':
      return snapshot.live ? text(200, 'ok') : text(503, 'not live');
    case '/readyz':
      return isReady(snapshot, readyWhen) ? text(200, 'ok') : text(503, `not ready: no ${readyWhen} yet`);
    case '/leader':
      return { status: 200, type: 'application/json', body: `${JSON.stringify(leaderDocument(snapshot))}\n` };
    case '/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: metricsText(snapshot) };
    default:
      return text(404, 'not found: /livez, /readyz, /leader and /metrics are here');
  }
}

function leaderDocument(snapshot: ProbeSnapshot) {
  const { namespace, lease, identity, leading, holder, token, remainingMs } = snapshot;
  return { namespace, lease, identity, isLeader: leading, holder, token, remainingMs };
}

function answer(request: IncomingMessage, response: ServerResponse, make: () => Reply): void {
  // What is not read of a body does not keep the connection busy.
  request.resume();
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  const asked = request.method === 'GET' || request.method === 'HEAD';
  if (!asked) response.setHeader('Allow', 'GET, HEAD');
  const { status, type, body } = asked ? attempt(make) : text(405, 'only GET and HEAD');
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function attempt(make: () => Reply): Reply {
  try {
    return make();
  } catch {
    return text(500, 'the state could not be read');
  }
}
