/** A server that does to each request what the test's script says, byte by byte if need be. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Connection, Credential } from '../../src/kube/http/connection.js';

export interface RawRequest {
  /** Such as `GET /path?query HTTP/1.1`. */
  line: string;
  /** In the order received, names in lower case. */
  headers: [name: string, value: string][];
  body: string;
  /** Counts connections from 0. */
  connection: number;
}

export type Script = (socket: Socket, request: RawRequest) => void;

export interface TestServer {
  url: URL;
  port: number;
  requests: RawRequest[];
  connections: number;
  /** Resolves when that many requests have arrived. */
  seen(count: number): Promise<void>;
  close(): Promise<void>;
}

/** The n-th request, over all connections, meets the n-th script; the last script serves all further ones. */
export async function startTestServer(scripts: Script[], tls?: TlsOptions): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const requests: RawRequest[] = [];
  const watchers = new Set<() => void>();
  const state = { connections: 0 };
  const accept = (socket: Socket) => {
    const connection = state.connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    readRequests(socket, (request) => {
      requests.push({ ...request, connection });
      for (const watcher of [...watchers]) watcher();
      const script = scripts[Math.min(requests.length, scripts.length) - 1];
      script?.(socket, { ...request, connection });
    });
  };
  const server: Server = tls ? createTlsServer(tls, accept) : createServer(accept);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as { port: number }).port;
  return {
    url: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`),
    port,
    requests,
    get connections() {
      return state.connections;
    },
    seen: (count) =>
      new Promise((resolve) => {
        const check = () => {
          if (requests.length < count) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function readRequests(socket: Socket, onRequest: (request: Omit<RawRequest, 'connection'>) => void): void {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
      const [line = '', ...lines] = text.slice(0, end).split('\r\n');
      const headers = lines.map((header): [string, string] => {
        const at = header.indexOf(':');
        return [header.slice(0, at).toLowerCase(), header.slice(at + 1).trim()];
      });
      const length = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      const body = Buffer.from(text.slice(end + 4, end + 4 + length), 'latin1').toString('utf8');
      text = text.slice(end + 4 + length);
      onRequest({ line, headers, body });
    }
  });
}

/** A whole answer with its length. */
export function answer(status: number, body: string, headers: Record<string, string> = {}): Script {
  const all = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return (socket) => socket.write(`HTTP/1.1 ${status} Whatever\r\n${lines.join('')}\r\n${body}`);
}

export const json = (body: unknown, headers: Record<string, string> = {}, status = 200): Script =>
  answer(status, JSON.stringify(body), headers);

/** A metav1.Status with that code. */
export const status = (
  code: number,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Script => json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, ...more }, headers, code);

export const hang: Script = () => {};

/** Ends the connection with RST and without an answer. */
export const reset: Script = (socket) => void socket.resetAndDestroy();

export const head = (headers = ''): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n${headers}\r\n`;

export const chunk = (data: string | Buffer): Buffer => {
  const bytes = Buffer.from(data as string);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
};

export const LAST_CHUNK = '0\r\n\r\n';

/** A connection to that server, with whatever differs. */
export function connectionTo(server: URL, more: Partial<Connection> & { present?: Credential } = {}): Connection {
  const { present = {}, ...rest } = more;
  return {
    server,
    contextName: 'test',
    namespace: 'default',
    tls: { insecure: false },
    proxy: null,
    headers: [],
    credential: async () => present,
    forgetCredential: () => false,
    ...rest,
  };
}
