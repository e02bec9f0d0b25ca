import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, makeAuthority, type Pair } from '../../../test/support/test-certificates.js';
import { connectionTo, json, startTestServer } from '../../../test/support/test-server.js';
import type { ApiRequest } from './api-request.js';
import type { Connection } from './connection.js';
import { Transport } from './transport.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const get: ApiRequest = { method: 'GET', path: '/x', target: { verb: 'get', resource: 'leases' } };
const ok = json({ fine: true });
const worked = { ok: true, value: { fine: true } };

let authority: Authority;
let other: Authority;
let good: Pair;
beforeAll(async () => {
  authority = await makeAuthority();
  other = await makeAuthority();
  good = await authority.issue({ ip: '127.0.0.1', dns: 'kube.example' });
});

async function serveTls(pair: Pair, more: object = {}) {
  const server = await startTestServer([ok], { ...pair, ...more });
  closing.push(() => server.close());
  return server;
}

function ask(server: URL, more: Parameters<typeof connectionTo>[1] = {}) {
  const transport = new Transport(connectionTo(server, more));
  closing.push(() => transport.close());
  return transport.json(get);
}

const trusting = (ca: string, more: Partial<Connection['tls']> = {}) => ({ tls: { ca, insecure: false, ...more } });

describe('TLS', () => {
  it('trusts the authority that it was given', async () => {
    const { url } = await serveTls(good);
    expect(await ask(url, trusting(authority.ca))).toMatchObject(worked);
  });

  it('refuses another authority, whoever it is', async () => {
    const { url, requests } = await serveTls(good);
    const result = await ask(url, trusting(other.ca));
    expect(result).toMatchObject({ mayHaveApplied: false, failure: { kind: 'tls', code: expect.stringMatching(/./) } });
    expect(await ask(url)).toMatchObject({ failure: { kind: 'tls' } });
    expect(requests).toHaveLength(0);
  });

  it('refuses a certificate that is past its time or for another name', async () => {
    const expired = await serveTls(await authority.issue({ ip: '127.0.0.1', expired: true }));
    expect(await ask(expired.url, trusting(authority.ca))).toMatchObject({
      failure: { kind: 'tls', code: 'CERT_HAS_EXPIRED' },
    });
    const elsewhere = await serveTls(await authority.issue({ dns: 'elsewhere.example' }));
    expect(await ask(elsewhere.url, trusting(authority.ca))).toMatchObject({
      failure: { kind: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
  });

  it('checks against tls-server-name, a name or an address', async () => {
    const { url } = await serveTls(good);
    const as = (servername: string) => ask(url, trusting(authority.ca, { servername }));
    expect(await as('kube.example')).toMatchObject(worked);
    expect(await as('127.0.0.1')).toMatchObject(worked);
    expect(await as('wrong.example')).toMatchObject({ failure: { kind: 'tls' } });
    expect(await as('127.0.0.2')).toMatchObject({ failure: { kind: 'tls' } });
  });

  it('takes anything when told to', async () => {
    const { url } = await serveTls(await other.issue({ dns: 'elsewhere.example', expired: true }));
    expect(await ask(url, { tls: { insecure: true } })).toMatchObject(worked);
  });

  it('presents the client certificate, and says so when that is not accepted', async () => {
    const { url } = await serveTls(good, { ca: authority.ca, requestCert: true, rejectUnauthorized: true });
    const client = await authority.issue({ dns: 'ann' });
    expect(await ask(url, { ...trusting(authority.ca), present: client })).toMatchObject(worked);
    const refused = await ask(url, { ...trusting(authority.ca), present: await other.issue({ dns: 'eve' }) });
    expect(refused).toMatchObject({ ok: false, failure: { kind: expect.stringMatching(/^(tls|unreachable)$/) } });
    const mixed = { cert: client.cert, key: good.key };
    expect(await ask(url, { ...trusting(authority.ca), present: mixed })).toMatchObject({
      mayHaveApplied: false,
      failure: { kind: 'tls' },
    });
  });

  it('is missed where the server has none', async () => {
    const plain = await serveProxy();
    const url = new URL(`https://${plain.url.host}`);
    expect(await ask(url, trusting(authority.ca))).toMatchObject({ mayHaveApplied: false, failure: { kind: 'tls' } });
  });
});

interface Proxy {
  url: URL;
  seen: string[];
}

/** CONNECT and absolute-form, with the pair over TLS. */
async function serveProxy(options: { answer?: number; pair?: Pair } = {}): Promise<Proxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = options.pair ? (createTlsServer(options.pair) as unknown as Server) : createServer();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('request', (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ fine: true }));
  });
  server.on('connect', (request, near: Socket) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
    if (options.answer) return near.end(`HTTP/1.1 ${options.answer} No\r\n\r\n`);
    const [, port] = request.url?.split(':') ?? [];
    const far = connectTcp(Number(port), '127.0.0.1', () => {
      near.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      far.pipe(near).pipe(far);
    });
    sockets.add(far);
    for (const socket of [near, far]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  return { url: new URL(`${options.pair ? 'https' : 'http'}://127.0.0.1:${port}`), seen };
}

describe('a proxy', () => {
  it('is tunnelled through to an https server, once for all requests', async () => {
    const server = await serveTls(good);
    const proxy = await serveProxy();
    proxy.url.username = 'ann';
    proxy.url.password = 'p%40ss';
    const transport = new Transport(connectionTo(server.url, { ...trusting(authority.ca), proxy: proxy.url }));
    closing.push(() => transport.close());
    for (let i = 0; i < 3; i++) expect(await transport.json(get)).toMatchObject(worked);
    const basic = Buffer.from('ann:p@ss').toString('base64');
    expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${server.port} Basic ${basic}`]);
    expect(server.requests[0]?.line).toBe('GET /x HTTP/1.1');
    expect(server.requests[0]?.headers.map(([name]) => name)).not.toContain('proxy-authorization');
  });

  it('does not loosen the check of the server behind it', async () => {
    const server = await serveTls(good);
    const proxy = await serveProxy();
    const result = await ask(server.url, { ...trusting(other.ca), proxy: proxy.url });
    expect(result).toMatchObject({ mayHaveApplied: false, failure: { kind: 'tls' } });
  });

  it('is given the whole URL for an http server', async () => {
    const proxy = await serveProxy();
    expect(await ask(new URL('http://kube.example:8001'), { proxy: proxy.url })).toMatchObject(worked);
    expect(proxy.seen).toEqual(['GET http://kube.example:8001/x']);
  });

  it('that refuses is named, without its password', async () => {
    const proxy = await serveProxy({ answer: 407 });
    proxy.url.username = 'ann';
    proxy.url.password = 'p4ss';
    const result = await ask(new URL('https://kube.example'), { proxy: proxy.url });
    const message = `proxy ${proxy.url.protocol}//${proxy.url.host}: answered CONNECT with 407`;
    expect(result).toMatchObject({
      mayHaveApplied: false,
      failure: { kind: 'unreachable', code: 'PROXY_407', message },
    });
    expect(JSON.stringify(result)).not.toContain('p4ss');
  });

  it('that is away is named', async () => {
    const proxy = new URL('http://127.0.0.1:1');
    const result = await ask(new URL('https://kube.example'), { proxy });
    expect(result).toMatchObject({
      failure: {
        kind: 'unreachable',
        code: 'ECONNREFUSED',
        message: expect.stringContaining('proxy http://127.0.0.1:1'),
      },
    });
  });

  it('that never answers falls under the deadline', async () => {
    const silent = await startTestServer([() => {}]);
    closing.push(() => silent.close());
    const transport = new Transport(connectionTo(new URL('https://kube.example'), { proxy: silent.url }));
    closing.push(() => transport.close());
    const controller = new AbortController();
    const result = transport.json({ ...get, signal: controller.signal });
    await silent.seen(1);
    controller.abort();
    expect(await result).toMatchObject({ mayHaveApplied: false, failure: { kind: 'aborted' } });
  });
});
