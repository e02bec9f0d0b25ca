import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, settled } from '../../../test/support/fake-clock.js';
import {
  answer,
  chunk,
  connectionTo,
  hang,
  head,
  json,
  reset,
  type Script,
  startTestServer,
  status,
  type TestServer,
} from '../../../test/support/test-server.js';
import type { ApiRequest } from './api-request.js';
import { ConnectError, type Connection } from './connection.js';
import { Transport, type TransportOptions } from './transport.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const target = { verb: 'get', resource: 'leases' };
const get: ApiRequest = { method: 'GET', path: '/x', target };
const put: ApiRequest = { method: 'PUT', path: '/x', body: { a: 'ü' }, target };

async function serve(...scripts: Script[]): Promise<TestServer> {
  const server = await startTestServer(scripts);
  closing.push(() => server.close());
  return server;
}

function open(server: URL, options: TransportOptions = {}, more: Parameters<typeof connectionTo>[1] = {}): Transport {
  const transport = new Transport(connectionTo(server, more), { version: '1.2.3', ...options });
  closing.push(() => transport.close());
  return transport;
}

const bearer = { authorization: 'Bearer t0ps3cret' };
const ok = json({ fine: true });

describe('a request', () => {
  it('carries the path prefix, the query, repeated headers, the credential and the body', async () => {
    const server = await serve(ok);
    const transport = open(
      new URL('/k8s/clusters/c-1/', server.url),
      {},
      {
        present: bearer,
        headers: [
          ['Impersonate-User', 'ann'],
          ['Impersonate-Group', 'a'],
          ['Impersonate-Group', 'b'],
        ],
      },
    );
    const result = await transport.json({ ...put, query: { fieldManager: 'kle', left: undefined, label: 'a=b,c' } });
    expect(result).toMatchObject({ ok: true, value: { fine: true } });
    const [request] = server.requests;
    expect(request?.line).toBe('PUT /k8s/clusters/c-1/x?fieldManager=kle&label=a%3Db%2Cc HTTP/1.1');
    expect(request?.body).toBe('{"a":"ü"}');
    const headers = (name: string) => request?.headers.filter(([key]) => key === name).map(([, value]) => value);
    expect(headers('impersonate-group')).toEqual(['a', 'b']);
    expect(headers('authorization')).toEqual(['Bearer t0ps3cret']);
    expect(headers('user-agent')).toEqual(['kle/1.2.3']);
    expect(headers('accept')).toEqual(['application/json']);
    expect(headers('accept-encoding')).toEqual([]);
    expect(headers('content-type')).toEqual(['application/json']);
  });

  it('uses one connection for all that follow each other', async () => {
    const server = await serve(ok);
    const transport = open(server.url);
    for (let i = 0; i < 5; i++) await transport.json(get);
    expect(server.connections).toBe(1);
    expect(server.requests).toHaveLength(5);
  });

  it('knows when it was sent and received, and learns the time from the answer', async () => {
    const clock = new FakeClock(5_000);
    const server = await serve((socket, request) => {
      clock.advance(40);
      json({}, { date: 'Sat, 21 Nov 2026 03:30:25 GMT' })(socket, request);
    });
    const transport = open(server.url, { clock });
    expect(transport.serverTime()).toBeUndefined();
    expect((await transport.json(get)).times).toEqual({ sentMs: 5_000, receivedMs: 5_040 });
    expect(clock.timers).toBe(0);
    const second = BigInt(Date.UTC(2026, 10, 21, 3, 30, 25)) * 1000n;
    expect(transport.serverTime()).toEqual({ earliest: second, latest: second + 1_040_000n });
  });
});

describe('a connection that fails', () => {
  it('is refused: nothing was applied', async () => {
    const dead = createServer().listen(0, '127.0.0.1');
    await settled();
    const { port } = dead.address() as { port: number };
    await new Promise((resolve) => dead.close(resolve));
    const result = await open(new URL(`http://user:pw@127.0.0.1:${port}`)).json(put);
    expect(result).toMatchObject({
      ok: false,
      mayHaveApplied: false,
      failure: { kind: 'unreachable', code: 'ECONNREFUSED', server: `http://127.0.0.1:${port}` },
    });
    expect(JSON.stringify(result)).not.toContain('pw');
  });

  it('ends before an answer: a write may have been applied, a GET on a fresh socket is not repeated', async () => {
    const server = await serve(reset);
    const transport = open(server.url);
    expect(await transport.json(put)).toMatchObject({ mayHaveApplied: true, failure: { code: 'ECONNRESET' } });
    expect(await transport.json(get)).toMatchObject({ mayHaveApplied: false, failure: { code: 'ECONNRESET' } });
    expect(server.requests).toHaveLength(2);
  });

  it('had gone stale: a GET is sent once more on a fresh socket', async () => {
    const server = await serve(ok, reset, ok);
    const transport = open(server.url);
    await transport.json(get);
    expect(await transport.json(get)).toMatchObject({ ok: true });
    expect(server.connections).toBe(2);
  });

  it('had gone stale: a write is reported, not repeated', async () => {
    const server = await serve(ok, reset, ok);
    const transport = open(server.url);
    await transport.json(get);
    expect(await transport.json(put)).toMatchObject({ mayHaveApplied: true, failure: { kind: 'unreachable' } });
    expect(server.requests).toHaveLength(2);
  });

  it('had gone stale: nor is the GET sent again over another socket of that time', async () => {
    // Two sockets wait in the pool, both closed by the server without our having noticed.
    const server = await serve(ok, ok, reset, ok);
    const transport = open(server.url);
    await Promise.all([transport.json(get), transport.json(get)]);
    expect(server.connections).toBe(2);
    expect(await transport.json(get)).toMatchObject({ ok: true });
    expect(server.requests.at(-1)?.connection).toBe(2);
  });

  it('breaks in the middle of the answer', async () => {
    const server = await serve((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"half":');
    });
    expect(await open(server.url).json(put)).toMatchObject({ mayHaveApplied: true, failure: { kind: 'unreachable' } });
  });

  it('does not speak HTTP', async () => {
    const server = await serve((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'));
    expect(await open(server.url).json(get)).toMatchObject({ failure: { kind: 'not-kubernetes', status: 0 } });
  });
});

describe('a limit', () => {
  it('ends a call that gets no answer', async () => {
    const clock = new FakeClock();
    const server = await serve(hang);
    const result = open(server.url, { clock, timeoutMs: 4_000 }).json(put);
    await server.seen(1);
    clock.advance(3_999);
    await settled();
    clock.advance(1);
    expect(await result).toMatchObject({ mayHaveApplied: true, failure: { kind: 'timeout', afterMs: 4_000 } });
    expect(clock.timers).toBe(0);
  });

  it('ends a call whose answer stops half-way', async () => {
    const clock = new FakeClock();
    let written = () => {};
    const half = new Promise<void>((resolve) => {
      written = resolve;
    });
    const server = await serve((socket) => {
      socket.write(`${head()}${chunk('{"half":').toString()}`, () => written());
    });
    const result = open(server.url, { clock, timeoutMs: 4_000 }).json(get);
    await half;
    // Whether or not the head has been read by now, the call must end the same way.
    for (let i = 0; i < 20; i++) await settled();
    clock.advance(4_000);
    expect(await result).toMatchObject({ failure: { kind: 'timeout' } });
  });

  it('of the call counts from its beginning, so a slow credential falls under it', async () => {
    const clock = new FakeClock();
    const server = await serve(ok);
    const credential = () => new Promise<never>(() => {});
    const result = open(server.url, { clock }, { credential }).json({ ...put, timeoutMs: 100 });
    clock.advance(100);
    expect(await result).toMatchObject({ mayHaveApplied: false, failure: { kind: 'timeout', afterMs: 100 } });
    expect(server.requests).toHaveLength(0);
  });

  it('is the abort of the caller, before and after sending', async () => {
    const server = await serve(hang);
    const transport = open(server.url);
    expect(await transport.json({ ...put, signal: AbortSignal.abort() })).toMatchObject({
      mayHaveApplied: false,
      failure: { kind: 'aborted' },
    });
    expect(server.requests).toHaveLength(0);
    const controller = new AbortController();
    const result = transport.json({ ...put, signal: controller.signal });
    await server.seen(1);
    controller.abort();
    expect(await result).toMatchObject({ mayHaveApplied: true, failure: { kind: 'aborted' } });
  });
});

describe('a credential', () => {
  it('that cannot be had is said to be so, and nothing is sent', async () => {
    const server = await serve(ok);
    const credential = () => Promise.reject(new ConnectError('the plugin failed'));
    expect(await open(server.url, {}, { credential }).json(put)).toMatchObject({
      mayHaveApplied: false,
      failure: { kind: 'credentials', message: 'the plugin failed' },
    });
    expect(server.requests).toHaveLength(0);
  });

  it('that fails through a mistake of ours is not called a failure of the cluster', async () => {
    const server = await serve(ok);
    const credential = () => Promise.reject(new TypeError('x is not a function'));
    await expect(open(server.url, {}, { credential }).json(put)).rejects.toThrow(TypeError);
  });

  it('that no header can carry is not sent, nor shown', async () => {
    const server = await serve(ok);
    const result = await open(server.url, {}, { present: { authorization: 'Bearer t0ps3cret\n' } }).json(put);
    expect(result).toMatchObject({ mayHaveApplied: false, failure: { kind: 'credentials' } });
    expect(JSON.stringify(result)).not.toContain('t0ps3cret');
    expect(server.requests).toHaveLength(0);
  });
});

it('lets many calls share one signal without a warning', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  closing.push(() => process.off('warning', note));
  const server = await serve(ok);
  const { signal } = new AbortController();
  const transport = open(server.url);
  await Promise.all(Array.from({ length: 20 }, () => transport.json({ ...get, signal })));
  await settled();
  expect(warnings).toEqual([]);
});

describe('sending again', () => {
  function renewing(): Pick<Connection, 'credential' | 'forgetCredential'> & { forgotten: number } {
    const state = {
      forgotten: 0,
      credential: async () => ({ authorization: `Bearer token-${state.forgotten}` }),
      forgetCredential: () => ++state.forgotten > 0,
    };
    return state;
  }
  const authorizations = (server: TestServer) =>
    server.requests.map(({ headers }) => headers.find(([name]) => name === 'authorization')?.[1]);

  it('follows a 401 once, with a new credential, for writes too', async () => {
    const server = await serve(status(401), ok);
    expect(await open(server.url, {}, renewing()).json(put)).toMatchObject({ ok: true });
    expect(authorizations(server)).toEqual(['Bearer token-0', 'Bearer token-1']);
  });

  it('ends with the second 401', async () => {
    const server = await serve(status(401));
    expect(await open(server.url, {}, renewing()).json(put)).toMatchObject({ failure: { kind: 'unauthorised' } });
    expect(server.requests).toHaveLength(2);
  });

  it('follows Retry-After once for a GET, within the deadline', async () => {
    const clock = new FakeClock();
    const server = await serve(status(429, {}, { 'retry-after': '2' }), ok);
    const result = open(server.url, { clock }).json(get);
    while (clock.nextTimerMs() !== 2_000) await settled();
    clock.advance(2_000);
    expect(await result).toMatchObject({ ok: true });
  });

  it('does not wait beyond the deadline', async () => {
    const server = await serve(status(503, {}, { 'retry-after': '60' }), ok);
    const result = await open(server.url, { timeoutMs: 5_000 }).json(get);
    expect(result).toMatchObject({ failure: { kind: 'server', status: 503, retryAfterMs: 60_000 } });
  });

  it('never follows Retry-After for a write, which may have been applied if it was a 5xx', async () => {
    const server = await serve(
      status(429, {}, { 'retry-after': '0' }),
      status(500, {}, { 'retry-after': '0' }),
      status(409, { reason: 'Conflict' }),
    );
    const transport = open(server.url);
    expect(await transport.json(put)).toMatchObject({ mayHaveApplied: false, failure: { kind: 'throttled' } });
    expect(await transport.json(put)).toMatchObject({ mayHaveApplied: true, failure: { kind: 'server' } });
    expect(await transport.json(put)).toMatchObject({ mayHaveApplied: false, failure: { kind: 'conflict' } });
    expect(server.requests).toHaveLength(3);
  });
});

describe('an answer that is no answer of Kubernetes', () => {
  it('is a page', async () => {
    const server = await serve(answer(200, '<html><title>Sign in</title></html>', { 'content-type': 'text/html' }));
    expect(await open(server.url).json(get)).toMatchObject({
      failure: { kind: 'not-kubernetes', status: 200, contentType: 'text/html' },
    });
  });

  it('does not bring the credential into a message when the server echoes it', async () => {
    const server = await serve(answer(418, 'you said Bearer t0ps3cret', { 'content-type': 'text/plain' }));
    const result = await open(server.url, {}, { present: bearer }).json(get);
    expect(result).toMatchObject({ failure: { kind: 'not-kubernetes', message: expect.stringContaining('you said') } });
    expect(JSON.stringify(result)).not.toContain('t0ps3cret');
  });
});
