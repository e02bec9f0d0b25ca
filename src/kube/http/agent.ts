/** Sockets to one API server: kept alive between requests, and led through a proxy where one is set. */
import type { Agent, ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Connection } from './connection.js';

// Not `import 'node:http'`: as an ES module that loads undici, 20 ms on every start (nodejs/node #59686).
export const http = () => process.getBuiltinModule('node:http');
export const https = () => process.getBuiltinModule('node:https');

/** A silent peer is probed from this much quiet on, so that a dead connection fails by itself in the end. */
const KEEP_ALIVE_PROBE_MS = 15_000;
const TUNNEL_TIMEOUT_MS = 30_000;

export interface SocketPool {
  agent: Agent;
  /** Ends the sockets that wait for a request: after one turned out to be dead, the others are suspect. */
  dropIdle(): void;
  /** Ends every socket, those in use too. */
  close(): void;
}

export function openPool(connection: Connection): SocketPool {
  const tunnels = new Set<ClientRequest>();
  const agent = makeAgent(connection, tunnels);
  return {
    agent,
    dropIdle: () => {
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    },
    close: () => {
      for (const tunnel of tunnels) tunnel.destroy();
      agent.destroy();
    },
  };
}

function makeAgent(connection: Connection, tunnels: Set<ClientRequest>): Agent {
  const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, scheduling: 'lifo' as const };
  const { proxy } = connection;
  if (connection.server.protocol !== 'https:') return agentOf(proxy ?? connection.server, options);
  const agent = new (https().Agent)(options);
  if (proxy) tunnelThrough(agent, proxy, tunnels);
  return agent;
}

const agentOf = (url: URL, options: object): Agent =>
  url.protocol === 'https:' ? new (https().Agent)(options) : new (http().Agent)(options);

/** What @types/node leaves out: Node hands over the request's options and takes a later socket from the callback. */
interface Creating {
  createConnection(options: ConnectionOptions, created?: (error: unknown, socket?: Socket) => void): Socket | undefined;
}

/** Makes an https agent reach its server by CONNECT. */
function tunnelThrough(agent: Agent, proxy: URL, tunnels: Set<ClientRequest>): void {
  const direct = agent as unknown as Creating;
  const toServer = direct.createConnection.bind(agent);
  direct.createConnection = (options, created) => {
    const host = options.host?.includes(':') ? `[${options.host}]` : options.host;
    openTunnel(proxy, `${host}:${options.port}`, tunnels)
      .then((socket) => toServer({ ...options, socket }))
      .then(
        (socket) => created?.(null, socket),
        (error) => created?.(error),
      );
    return undefined;
  };
}

function openTunnel(proxy: URL, to: string, tunnels: Set<ClientRequest>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request = requestTo(proxy, {
      method: 'CONNECT',
      path: to,
      headers: { host: to, ...proxyAuthorization(proxy) },
      agent: false,
      timeout: TUNNEL_TIMEOUT_MS,
    });
    tunnels.add(request);
    const done = () => tunnels.delete(request);
    request.once('connect', (answer, socket) => {
      done();
      if (answer.statusCode === 200) return resolve(socket as Socket);
      socket.destroy();
      reject(proxyError(proxy, `answered CONNECT with ${answer.statusCode}`, `PROXY_${answer.statusCode}`));
    });
    request.once('timeout', () => request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    request.once('error', (error: Error & { code?: string }) => {
      done();
      reject(proxyError(proxy, error.message, error.code ?? 'UNKNOWN'));
    });
    request.end();
  });
}

function requestTo(proxy: URL, options: object): ClientRequest {
  const at = { host: bareHost(proxy), port: portOf(proxy) };
  if (proxy.protocol === 'https:') return https().request({ ...at, ...options });
  if (proxy.protocol === 'http:') return http().request({ ...at, ...options });
  throw proxyError(proxy, 'only http:// and https:// proxies are supported', 'PROXY_SCHEME');
}

/** Names the proxy without its user and password. */
const proxyError = (proxy: URL, what: string, code: string) =>
  Object.assign(new Error(`proxy ${proxy.protocol}//${proxy.host}: ${what}`), { code });

/** The header that a proxy's user and password come to; none without them. */
export function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** The host as a socket wants it: an IPv6 address without its brackets. */
export const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1');

export const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
