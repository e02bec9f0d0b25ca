import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { connect } from '../../src/kube/connect.js';
import { type FaultClient, type FaultProxy, startFaultProxy } from './fault-proxy.js';
import { verbOf } from './fault-proxy-rules.js';
import { makeAuthority } from './test-certificates.js';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/default/leases/x';
const WATCH = '/apis/coordination.k8s.io/v1/namespaces/default/leases?watch=true';

/** What reached the API server, in order: method, path, user. */
const reached: string[] = [];
const watches = new Set<ServerResponse>();
let server: https.Server;
let folder: string;
let upstreamConfig: string;
let proxy: FaultProxy;
let client: FaultClient;
let send: (method: string, path?: string, body?: string) => Answering;

interface Answering {
  readonly answer: Promise<{ status: number; headers: IncomingMessage['headers']; body: string }>;
  /** Resolves with the head of a stream; its chunks come to `chunks`. */
  readonly head: Promise<IncomingMessage>;
  readonly chunks: string[];
  /** With that many chunks. */
  received(count: number): Promise<void>;
  leave(): void;
}

beforeAll(async () => {
  const authority = await makeAuthority();
  server = https.createServer(await authority.issue({ ip: '127.0.0.1' }), (request, response) => {
    reached.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    request.resume().on('end', () => {
      if (!request.url?.includes('watch=true')) return void response.end('done');
      response.writeHead(200).flushHeaders();
      watches.add(response);
      response.on('close', () => watches.delete(response));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  folder = await mkdtemp(join(tmpdir(), 'kle-fault-proxy-test-'));
  upstreamConfig = join(folder, 'config');
  const at = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ca = Buffer.from(authority.ca).toString('base64');
  const config = {
    clusters: [{ name: 'c', cluster: { server: at, 'certificate-authority-data': ca } }],
    users: [{ name: 'u', user: { token: 'admin' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  await writeFile(upstreamConfig, JSON.stringify(config));
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  reached.length = 0;
  proxy = await startFaultProxy({ kubeconfig: upstreamConfig });
  client = await proxy.client('a');
  send = await sender(client);
});

afterEach(async () => {
  await proxy.close();
});

async function sender(to: FaultClient): Promise<typeof send> {
  const { server: url, tls, credential } = await connect({ kubeconfig: to.kubeconfig }, { env: {} });
  const { authorization = '' } = await credential();
  const agent = new https.Agent({ keepAlive: true });
  return (method, path = LEASE, body = '') => {
    const chunks: string[] = [];
    let wake = () => {};
    const headers = { authorization, 'content-length': String(body.length) };
    const options = { method, path, agent, host: url.hostname, port: url.port, headers };
    const outgoing = https.request({ ...options, ...(tls.ca !== undefined && { ca: tls.ca }) });
    let answered: (answer: Awaited<Answering['answer']>) => void = () => {};
    let failed: (error: Error) => void = () => {};
    const answer = new Promise<Awaited<Answering['answer']>>((resolve, reject) => {
      [answered, failed] = [resolve, reject];
    });
    const head = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('error', failed).on('error', reject);
      outgoing.on('response', (response) => {
        response.setEncoding('utf8').on('error', failed);
        response.on('data', (chunk: string) => {
          chunks.push(chunk);
          wake();
        });
        response.on('end', () => {
          answered({ status: response.statusCode ?? 0, headers: response.headers, body: chunks.join('') });
        });
        resolve(response);
      });
    });
    for (const promise of [head, answer]) promise.catch(() => {});
    outgoing.end(body);
    const received = async (count: number) => {
      while (chunks.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    return { answer, head, chunks, received, leave: () => outgoing.destroy() };
  };
}

const say = (text: string) => {
  for (const watch of watches) watch.write(text);
};

test('without faults everything passes, as the user of the upstream kubeconfig, and is recorded', async () => {
  const before = process.hrtime.bigint();
  expect(await send('PUT', LEASE, '{"spec":{}}').answer).toMatchObject({ status: 200, body: 'done' });
  expect(reached).toEqual([`PUT ${LEASE} Bearer admin`]);
  const [request] = client.requests;
  expect(request).toMatchObject({ number: 1, client: 'a', method: 'PUT', verb: 'update', path: LEASE });
  expect(request).toMatchObject({ body: '{"spec":{}}', status: 200, upstreamStatus: 200, fault: null, error: null });
  const times = [before, request?.arrived, request?.forwarded, request?.upstreamAt, request?.answered];
  expect(times).toEqual([...times].sort((a, b) => Number((a ?? 0n) - (b ?? 0n))));
});

test('clients have ports, users and faults of their own', async () => {
  const other = await proxy.client('b', { token: 'viewer' });
  client.fault({}, { do: 'answer', status: 403 });
  expect((await (await sender(other))('GET').answer).status).toBe(200);
  expect((await send('GET').answer).status).toBe(403);
  expect(reached).toEqual([`GET ${LEASE} Bearer viewer`]);
  expect(proxy.requests.map((request) => request.client)).toEqual(['b', 'a']);
});

test('a stranger is refused', async () => {
  const answer = new Promise<number | undefined>((resolve) => {
    https.get(client.server, { rejectUnauthorized: false, path: LEASE }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
  });
  expect(await answer).toBe(401);
  expect(client.requests).toEqual([]);
});

test('answers errors as an API server does', async () => {
  client.fault({ verb: 'update' }, { do: 'answer', status: 429, retryAfter: 3 });
  const { status, headers, body } = await send('PUT').answer;
  expect([status, headers['retry-after']]).toEqual([429, '3']);
  expect(JSON.parse(body)).toMatchObject({
    kind: 'Status',
    reason: 'TooManyRequests',
    code: 429,
    details: { retryAfterSeconds: 3 },
  });
  expect(reached).toEqual([]);
});

test('a fault can be for the nth, for so many, for a path, for a predicate; the last planted is meant', async () => {
  const codes = async (...methods: string[]) => {
    const all: number[] = [];
    for (const method of methods) all.push((await send(method, LEASE, 'body').answer).status);
    return all;
  };
  const second = client.fault({ verb: 'update', nth: 2 }, { do: 'answer', status: 409 });
  expect(await codes('PUT', 'GET', 'PUT', 'PUT')).toEqual([200, 200, 409, 200]);
  expect(second.hits.map(({ number }) => number)).toEqual([3]);
  client.fault({ path: LEASE, times: 1 }, { do: 'answer', status: 500 });
  expect(await codes('GET', 'GET')).toEqual([500, 200]);
  client.fault({ when: ({ body }) => body === 'body' }, { do: 'answer', status: 503 });
  const exception = client.fault({ verb: ['get', 'list'] }, { do: 'pass' });
  expect(await codes('PUT', 'GET')).toEqual([503, 200]);
  exception.remove();
  expect(await codes('GET')).toEqual([503]);
  await client.heal();
  expect(await codes('PUT', 'GET')).toEqual([200, 200]);
});

test('drop: no answer, nothing passed on; healing resets it', async () => {
  const drop = client.fault({}, { do: 'drop' });
  const { answer } = send('PUT');
  await drop.hit();
  await client.heal();
  await expect(answer).rejects.toThrow(/ECONNRESET|hang up/);
  expect(reached).toEqual([]);
  expect(drop.hits[0]).toMatchObject({ fault: 'drop', status: null, forwarded: null });
});

test('reset', async () => {
  client.fault({}, { do: 'reset' });
  await expect(send('GET').answer).rejects.toThrow(/ECONNRESET|hang up/);
});

test('lose-reply: done, and the client does not know', async () => {
  const lost = client.fault({ times: 1 }, { do: 'lose-reply' });
  const silent = send('PUT');
  await lost.hit();
  await client.waitFor(({ upstreamStatus }) => upstreamStatus === 200);
  silent.leave();
  client.fault({ times: 1 }, { do: 'lose-reply', instead: 'reset' });
  await expect(send('PUT').answer).rejects.toThrow(/ECONNRESET|hang up/);
  client.fault({ times: 1 }, { do: 'lose-reply', instead: 504 });
  expect((await send('PUT').answer).status).toBe(504);
  expect(reached).toHaveLength(3);
  expect(lost.hits[0]).toMatchObject({ status: null, upstreamStatus: 200 });
});

test('hold: delivered late, although the client has gone; or never', async () => {
  const held = client.fault({ verb: 'update' }, { do: 'hold' });
  const [first, second] = [send('PUT', `${LEASE}1`), send('PUT', `${LEASE}2`)];
  await held.hit(2);
  first.leave();
  second.leave();
  expect((await send('GET').answer).status).toBe(200);
  expect((await held.deliver()).map(({ upstreamStatus, status }) => [upstreamStatus, status])).toEqual([
    [200, null],
    [200, null],
  ]);
  expect(reached.map((line) => line.split(' ')[0])).toEqual(['GET', 'PUT', 'PUT']);
  const waits = send('PUT');
  await held.hit(3);
  await held.deliver();
  expect((await waits.answer).status).toBe(200);
  const forgotten = send('PUT');
  await held.hit(4);
  await client.heal();
  await expect(forgotten.answer).rejects.toThrow(/ECONNRESET|hang up/);
  expect(await held.deliver()).toEqual([]);
  expect(reached).toHaveLength(4);
});

test('delay: both ways, ended by healing', async () => {
  client.fault({ times: 1 }, { do: 'delay', requestMs: 20, replyMs: 20 });
  await send('PUT').answer;
  const { arrived = 0n, forwarded, answered } = client.requests[0] ?? {};
  expect(Number((forwarded ?? 0n) - arrived) / 1e6).toBeGreaterThanOrEqual(19);
  expect(Number((answered ?? 0n) - (forwarded ?? 0n)) / 1e6).toBeGreaterThanOrEqual(19);
  const slow = client.fault({}, { do: 'delay', requestMs: 3_600_000 });
  const { answer } = send('PUT');
  await slow.hit();
  await client.heal();
  expect((await answer).status).toBe(200);
});

test('a watch is passed on as it comes, cut, and stalled until healed', async () => {
  const watch = send('GET', WATCH);
  expect((await watch.head).statusCode).toBe(200);
  say('one\n');
  await watch.received(1);
  expect(client.stallWatches()).toBe(1);
  say('two\n');
  const later = send('GET', WATCH);
  await later.head;
  say('three\n');
  // A whole exchange on the same path: what had been passed on would have arrived before.
  await send('GET').answer;
  expect([watch.chunks, later.chunks]).toEqual([['one\n'], []]);
  await client.heal();
  await later.received(1);
  await watch.received(2);
  expect(watch.chunks.join('')).toBe('one\ntwo\nthree\n');
  expect(later.chunks.join('')).toBe('three\n');
  expect(client.cutWatches()).toBe(2);
  expect((await watch.answer).status).toBe(200);
  const third = send('GET', WATCH);
  await third.head;
  expect(client.cutWatches('reset')).toBe(1);
  await expect(third.answer).rejects.toThrow(/aborted|ECONNRESET/);
});

test('a client that leaves its watch ends it at the API server too', async () => {
  const watch = send('GET', WATCH);
  await watch.head;
  const [upstream] = watches;
  const over = new Promise((resolve) => upstream?.on('close', resolve));
  watch.leave();
  await over;
});

test('refuse: nothing listens, or all is reset; healing opens the same port', async () => {
  const watch = send('GET', WATCH);
  await watch.head;
  await client.refuse();
  await expect(watch.answer).rejects.toThrow(/aborted|ECONNRESET/);
  await expect(send('GET').answer).rejects.toThrow('ECONNREFUSED');
  await client.heal();
  expect((await send('GET').answer).status).toBe(200);
  await client.refuse('reset');
  await expect(send('GET').answer).rejects.toThrow(/ECONNRESET|hang up|disconnected/);
  await client.refuse('closed');
  await client.refuse('reset');
  await expect(send('GET').answer).rejects.toThrow('ECONNREFUSED');
  await client.heal();
  expect((await send('GET').answer).status).toBe(200);
});

test('blackhole: silence on what is open and on what is opened; healing lets the latter through', async () => {
  const watch = send('GET', WATCH);
  await watch.head;
  await send('GET').answer;
  client.blackhole();
  say('one\n');
  const old = send('GET', `${LEASE}-on-an-open-connection`);
  await client.waitFor(({ path, fault }) => path.endsWith('connection') && fault === 'drop');
  const fresh = send('GET', `${LEASE}-on-a-new-one`);
  await client.heal();
  await expect(old.answer).rejects.toThrow(/ECONNRESET|hang up/);
  expect((await fresh.answer).status).toBe(200);
  await watch.received(1);
});

test('HTTP/2, where it is offered', async () => {
  const two = await proxy.client('h2', { http2: true });
  const { tls, credential } = await connect({ kubeconfig: two.kubeconfig }, { env: {} });
  const session = http2.connect(two.server.origin, tls.ca === undefined ? {} : { ca: tls.ca });
  const stream = session.request({ ':path': LEASE, authorization: (await credential()).authorization });
  const status = await new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])));
  expect(status).toBe(200);
  stream.resume();
  await new Promise((resolve) => stream.on('close', resolve));
  two.fault({}, { do: 'reset' });
  const lost = session.request({ ':path': LEASE, authorization: (await credential()).authorization });
  lost.on('error', () => {});
  session.on('error', () => {});
  await new Promise((resolve) => session.on('close', resolve));
});

test('closing ends what is open', async () => {
  const held = client.fault({ verb: 'update' }, { do: 'hold' });
  const [watch, put] = [send('GET', WATCH), send('PUT')];
  await Promise.all([watch.head, held.hit()]);
  await proxy.close();
  await expect(watch.answer).rejects.toThrow();
  await expect(put.answer).rejects.toThrow();
});

test.each([
  ['GET', '/api/v1/namespaces/x', 'get'],
  ['GET', '/api/v1/namespaces', 'list'],
  ['GET', '/api/v1/namespaces/x/pods', 'list'],
  ['GET', '/apis/coordination.k8s.io/v1/leases?limit=5', 'list'],
  ['GET', LEASE, 'get'],
  ['GET', `${LEASE.slice(0, -2)}?resourceVersion=1&watch=true`, 'watch'],
  ['GET', '/version', 'get'],
  ['POST', LEASE, 'create'],
  ['PATCH', LEASE, 'patch'],
  ['DELETE', LEASE, 'delete'],
  ['OPTIONS', LEASE, 'other'],
] as const)('%s %s is %s', (method, path, verb) => {
  expect(verbOf(method, path)).toBe(verb);
});
