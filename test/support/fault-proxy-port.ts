/** The port of one client of a fault proxy: connections, TLS, and how a network fails. */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Pair } from './test-certificates.js';

type Serve = (request: IncomingMessage, response: ServerResponse, reset: () => void) => void;

export class Port {
  network: 'open' | 'closed' | 'reset' | 'blackhole' = 'open';
  readonly #http: HttpServer;
  /** By the client's port: what TLS and HTTP hand out is not the socket that can be reset. */
  readonly #sockets = new Map<number, Socket>();
  /** Opened in a black hole: nobody has read a byte of them. */
  readonly #unread = new Set<Socket>();
  #listener: Server | null = null;
  #number = 0;

  constructor({ cert, key, http2: offered }: Pair & { http2: boolean }, serve: Serve) {
    const onRequest = (request: IncomingMessage, response: ServerResponse) => {
      const port = request.socket.remotePort ?? -1;
      serve(request, response, () => this.#sockets.get(port)?.resetAndDestroy());
    };
    // Neither listens: both are handed the connections that may go on.
    this.#http = offered
      ? (http2.createSecureServer({ cert, key, allowHTTP1: true }, onRequest as never) as unknown as HttpServer)
      : https.createServer({ cert, key }, onRequest);
    // An idle connection that we closed would be a fault that nobody asked for.
    this.#http.keepAliveTimeout = 0;
    this.#http.on('tlsClientError', () => {});
    this.#http.on('sessionError', () => {});
    this.#http.on('clientError', (_error, socket) => socket.destroy());
  }

  async open(): Promise<number> {
    const listener = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      // The number could have been taken while it was closed, by anybody's outgoing connection: rare, and said.
      listener.once('error', reject);
      listener.listen(this.#number, '127.0.0.1', resolve);
    });
    this.#listener = listener;
    this.#number = (listener.address() as AddressInfo).port;
    return this.#number;
  }

  async refuse(how: 'closed' | 'reset'): Promise<void> {
    this.network = how;
    const listener = this.#listener;
    const closed = new Promise((resolve) => {
      if (how === 'reset' || listener === null) return resolve(undefined);
      this.#listener = null;
      // Nobody can connect from here on; it calls back when the last connection is gone.
      listener.close(resolve);
    });
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
    await closed;
  }

  blackhole(): void {
    this.network = 'blackhole';
  }

  async heal(): Promise<void> {
    this.network = 'open';
    const unread = [...this.#unread];
    this.#unread.clear();
    // Their first bytes have waited in the kernel, as they would on a line that comes back.
    for (const socket of unread) this.#http.emit('connection', socket);
    if (this.#listener === null) await this.open();
  }

  #accept(socket: Socket): void {
    const port = socket.remotePort ?? -1;
    this.#sockets.set(port, socket);
    socket.on('close', () => {
      if (this.#sockets.get(port) === socket) this.#sockets.delete(port);
      this.#unread.delete(socket);
    });
    socket.on('error', () => {});
    if (this.network === 'reset') socket.resetAndDestroy();
    else if (this.network === 'blackhole') this.#unread.add(socket);
    else this.#http.emit('connection', socket);
  }
}
