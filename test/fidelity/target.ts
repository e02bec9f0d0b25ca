/** A server to play sequences on, over plain requests: no client library between the bytes and us. */
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { UserName } from './sequence.js';

export interface RawRequest {
  method: string;
  path: string;
  headers: OutgoingHttpHeaders;
  body?: Buffer;
  user: UserName;
}

export interface RawAnswer {
  status: number;
  headers: { [name: string]: string[] };
  text: string;
}

export interface RawWatch {
  status: number;
  headers: { [name: string]: string[] };
  /** Takes the next line; undefined at the end of the stream. Rejects when neither comes. */
  next(): Promise<string | undefined>;
  close(): void;
}

export interface Target {
  /** Host and port. */
  host: string;
  exchange(request: RawRequest): Promise<RawAnswer>;
  watch(request: RawRequest): Promise<RawWatch>;
  nowMs(): number;
  /** To the next second of the server's clock. */
  tick(): Promise<void>;
  compact(): Promise<void>;
  stop(): Promise<void>;
}

export interface Access {
  url: string;
  ca?: string;
  /** By certificate or by token; users without an entry are known by their token. */
  admin: { certificate: string; key: string } | { token: string };
}

/** An answer that does not come is a failure of the run, not of one comparison. */
const PATIENCE_MS = 15_000;

export function httpClient(access: Access): Pick<Target, 'host' | 'exchange' | 'watch'> & { close(): void } {
  const url = new URL(access.url);
  const transport = url.protocol === 'https:' ? https : http;
  const tls = access.ca === undefined ? {} : { ca: access.ca };
  const agents = { admin: newAgent(access, tls, true), others: newAgent(access, tls, false) };
  const send = (request: RawRequest) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = transport.request({
        host: url.hostname,
        port: url.port,
        method: request.method,
        path: request.path,
        agent: request.user === 'admin' ? agents.admin : agents.others,
        headers: {
          ...authorization(access, request.user),
          ...request.headers,
          ...(request.body === undefined ? {} : { 'content-length': request.body.length }),
        },
      });
      outgoing.setTimeout(PATIENCE_MS, () =>
        outgoing.destroy(new Error(`${request.method} ${request.path}: no answer`)),
      );
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
      outgoing.end(request.body);
    });
  return {
    host: url.host,
    async exchange(request) {
      const answer = await send(request);
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      return {
        status: answer.statusCode ?? 0,
        headers: headersOf(answer),
        text: Buffer.concat(chunks).toString('utf8'),
      };
    },
    watch: async (request) => watchOf(await send(request)),
    close() {
      agents.admin.destroy();
      agents.others.destroy();
    },
  };
}

function newAgent(access: Access, tls: { ca?: string }, admin: boolean): http.Agent {
  if (access.url.startsWith('http:')) return new http.Agent({ keepAlive: true });
  const certificate = admin && 'certificate' in access.admin ? access.admin : undefined;
  const own = certificate ? { cert: certificate.certificate, key: certificate.key } : {};
  return new https.Agent({ keepAlive: true, ...tls, ...own });
}

function authorization(access: Access, user: UserName): OutgoingHttpHeaders {
  if (user === 'anonymous') return {};
  if (user !== 'admin') return { authorization: `Bearer ${user}-token` };
  return 'token' in access.admin ? { authorization: `Bearer ${access.admin.token}` } : {};
}

function headersOf(answer: IncomingMessage): { [name: string]: string[] } {
  return Object.fromEntries(Object.entries(answer.headersDistinct).map(([name, values]) => [name, values ?? []]));
}

function watchOf(answer: IncomingMessage): RawWatch {
  const lines: string[] = [];
  let rest = '';
  let ended = false;
  let wake = () => {};
  answer.setEncoding('utf8');
  answer.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.filter((line) => line !== ''));
    wake();
  });
  const end = () => {
    ended = true;
    if (rest !== '') lines.push(rest);
    rest = '';
    wake();
  };
  answer.on('end', end);
  answer.on('error', end);
  return {
    status: answer.statusCode ?? 0,
    headers: headersOf(answer),
    async next() {
      if (lines.length === 0 && !ended) {
        await new Promise<void>((resolve, reject) => {
          const late = setTimeout(() => reject(new Error('no event came')), PATIENCE_MS);
          wake = () => {
            clearTimeout(late);
            resolve();
          };
        });
        wake = () => {};
      }
      return lines.length > 0 || !ended ? lines.shift() : undefined;
    },
    close: () => answer.destroy(),
  };
}
