/** The side of a fault proxy that speaks to the API server. */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Connection, Credential } from '../../src/kube/http/connection.js';

/** Names in lower case, values in order: some headers (impersonation) may come more than once. */
export type Headers = Record<string, string[]>;

const HOP_BY_HOP = /^(:.*|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings)$/;
/** Of the near side only: told anew to the other. */
const OF_THE_CLIENT = /^(host|authorization|content-length|expect)$/;

export function endToEnd(raw: readonly string[]): Headers {
  const headers: Headers = {};
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    if (HOP_BY_HOP.test(name)) continue;
    headers[name] = [...(headers[name] ?? []), raw[at + 1] ?? ''];
  }
  return headers;
}

export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Buffer;
}

export class Upstream {
  readonly #connection: Connection;
  readonly #credential: Credential;
  // A connection for each request: one that is kept can be closed by the server while a request is on its way, and to
  // send that again would be a fault that nobody asked for.
  readonly #agent: http.Agent | https.Agent;

  private constructor(connection: Connection, credential: Credential) {
    this.#connection = connection;
    this.#credential = credential;
    this.#agent = connection.server.protocol === 'https:' ? new https.Agent() : new http.Agent();
  }

  /** With a token, as that user; else as the kubeconfig's. */
  static async of(connection: Connection, token: string | undefined): Promise<Upstream> {
    const own = token === undefined ? await connection.credential() : { authorization: `Bearer ${token}` };
    return new Upstream(connection, own);
  }

  /** Rejects when no answer comes. `signal` ends the request and its answer. */
  send({ method, path, headers, body }: Outgoing, signal: AbortSignal): Promise<IncomingMessage> {
    const { server, tls } = this.#connection;
    const { authorization, cert, key } = this.#credential;
    const sent: Headers = { ...headers };
    for (const name of Object.keys(sent)) if (OF_THE_CLIENT.test(name)) delete sent[name];
    if (authorization !== undefined) sent.authorization = [authorization];
    if (body.length > 0 || /^(POST|PUT|PATCH)$/.test(method)) sent['content-length'] = [String(body.length)];
    const { request } = server.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      const outgoing = request({
        agent: this.#agent,
        host: server.hostname,
        port: server.port,
        method,
        path: `${server.pathname.replace(/\/$/, '')}${path}`,
        headers: sent,
        signal,
        rejectUnauthorized: !tls.insecure,
        ...(tls.ca !== undefined && { ca: tls.ca }),
        ...(tls.servername !== undefined && { servername: tls.servername }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
      });
      outgoing.on('response', resolve);
      // Stays after the answer has begun: what ends it is seen there too.
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
