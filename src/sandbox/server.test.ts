import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, SeedError, startSandbox } from './server.js';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const lease = (name: string, spec: object = { holderIdentity: 'h' }) => ({ metadata: { name }, spec });

interface Reply {
  status: number;
  headers: http.IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
  body: any;
  text: string;
}

interface Ask {
  method?: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  token?: string | null;
}

/** A request over HTTP/1.1, TLS or not, as the administrator unless said otherwise. */
function ask(
  sandbox: Sandbox,
  { method = 'GET', path, body, headers = {}, token = sandbox.adminToken }: Ask,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const module = sandbox.caPem ? https : http;
    const request = module.request(
      sandbox.url + path,
      {
        method,
        agent: false,
        ...(sandbox.caPem ? { ca: sandbox.caPem } : {}),
        headers: {
          'user-agent': 'test/1',
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve(reply(response.statusCode ?? 0, response.headers, Buffer.concat(chunks).toString())),
        );
      },
    );
    request.on('error', reject);
    request.end(text);
  });
}

function reply(status: number, headers: http.IncomingHttpHeaders, text: string): Reply {
  try {
    return { status, headers, text, body: JSON.parse(text) };
  } catch {
    return { status, headers, text, body: undefined };
  }
}

/** Lines of a watch as they come. */
async function* watch(sandbox: Sandbox, path: string, signal?: AbortSignal) {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const module = sandbox.caPem ? https : http;
    const headers = { authorization: `Bearer ${sandbox.adminToken}` };
    const options = {
      agent: false as const,
      headers,
      ...(sandbox.caPem ? { ca: sandbox.caPem } : {}),
      ...(signal ? { signal } : {}),
    };
    module.get(sandbox.url + path, options, resolve).on('error', reject);
  });
  let rest = '';
  try {
    for await (const chunk of response) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line);
    }
  } finally {
    response.destroy();
  }
}

// biome-ignore lint/suspicious/noExplicitAny: events are looked into freely
async function take(events: AsyncGenerator<any>, count: number): Promise<any[]> {
  const taken = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

describe.each([
  ['TLS', {}],
  ['plain HTTP', { http: true }],
])('a sandbox over %s', (_name, options) => {
  let sandbox: Sandbox;
  const lines: unknown[] = [];
  beforeAll(async () => {
    sandbox = await startSandbox({
      ...options,
      users: [{ name: 'reader', token: 'reader-token', rules: [{ verb: 'get', resource: 'leases' }] }],
      onRequest: (line) => lines.push(line),
    });
  });
  afterAll(() => sandbox.close());

  it('creates, reads, replaces and deletes a Lease', async () => {
    const made = await ask(sandbox, { method: 'POST', path: LEASES, body: lease('crud') });
    expect(made.status).toBe(201);
    expect(made.headers['content-type']).toBe('application/json');
    expect(made.body.metadata.managedFields[0].manager).toBe('test');
    const changed = { ...made.body, spec: { holderIdentity: 'other' } };
    const put = await ask(sandbox, { method: 'PUT', path: `${LEASES}/crud`, body: changed });
    expect(BigInt(put.body.metadata.resourceVersion)).toBeGreaterThan(BigInt(made.body.metadata.resourceVersion));
    const stale = await ask(sandbox, { method: 'PUT', path: `${LEASES}/crud`, body: made.body });
    expect([stale.status, stale.body.reason]).toEqual([409, 'Conflict']);
    const gone = await ask(sandbox, { method: 'DELETE', path: `${LEASES}/crud` });
    expect([gone.status, gone.body.details.uid]).toEqual([200, made.body.metadata.uid]);
    const missing = await ask(sandbox, { path: `${LEASES}/crud` });
    expect([missing.status, missing.body.message]).toEqual([404, 'leases.coordination.k8s.io "crud" not found']);
  });

  it('knows who asks', async () => {
    expect((await ask(sandbox, { path: LEASES, token: 'nobody-knows' })).status).toBe(401);
    const anonymous = await ask(sandbox, { path: LEASES, token: null });
    expect([anonymous.status, anonymous.body.message]).toEqual([
      403,
      'leases.coordination.k8s.io is forbidden: User "system:anonymous" cannot list resource "leases" in API group "coordination.k8s.io" in the namespace "default"',
    ]);
    expect((await ask(sandbox, { path: `${LEASES}/x`, token: 'reader-token' })).status).toBe(404);
    expect(
      (await ask(sandbox, { method: 'PUT', path: `${LEASES}/x`, body: lease('x'), token: 'reader-token' })).status,
    ).toBe(403);
    expect((await ask(sandbox, { path: '/healthz', token: null })).text).toBe('ok');
  });

  it('logs requests without credentials', async () => {
    await ask(sandbox, { path: `${LEASES}?labelSelector=a` });
    await expect
      .poll(() => lines)
      .toContainEqual({ method: 'GET', path: LEASES, status: 200, ms: expect.any(Number), user: 'kle-admin' });
    expect(JSON.stringify(lines)).not.toContain(sandbox.adminToken);
  });

  it('tells its own time', async () => {
    const { headers } = await ask(sandbox, { path: '/version' });
    expect(Math.abs(Date.parse(headers.date ?? '') - Date.now())).toBeLessThan(5000);
  });

  it('watches: what there is, what comes, and the bookmark between', async () => {
    await ask(sandbox, { method: 'POST', path: LEASES, body: lease('w1') });
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const events = watch(sandbox, `${LEASES}?${query}&fieldSelector=metadata.name%3Dw1`);
    const [added, bookmark] = await take(events, 2);
    expect([added.type, added.object.metadata.name]).toEqual(['ADDED', 'w1']);
    expect(bookmark).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'Lease', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } }, spec: {} },
    });
    const headers = { 'content-type': 'application/merge-patch+json' };
    await ask(sandbox, { method: 'PATCH', path: `${LEASES}/w1`, body: { spec: { holderIdentity: 'n' } }, headers });
    await ask(sandbox, { method: 'DELETE', path: `${LEASES}/w1` });
    const [modified, deleted] = await take(events, 2);
    expect([modified.type, deleted.type]).toEqual(['MODIFIED', 'DELETED']);
    await events.return(undefined);
    const resumed = watch(
      sandbox,
      `${LEASES}?watch=1&resourceVersion=${modified.object.metadata.resourceVersion}&timeoutSeconds=1`,
    );
    expect((await take(resumed, 9)).map((event) => event.type)).toEqual(['DELETED']);
  });

  it('lives on after garbage, truncation, too much, and too deep', async () => {
    const post = (body: string) => ask(sandbox, { method: 'POST', path: LEASES, body });
    expect((await post('garbage')).status).toBe(400);
    expect((await post('{"metadata":{"name":')).status).toBe(400);
    expect((await post('['.repeat(100_000))).status).toBe(400);
    expect((await post(`{"x":${'['.repeat(9_000)}${']'.repeat(9_000)}}`)).status).toBe(422);
    const big = await post(JSON.stringify(lease('big', { holderIdentity: 'x'.repeat(10 * 1024 * 1024) })));
    expect([big.status, big.body.reason]).toEqual([413, 'RequestEntityTooLarge']);
    expect((await ask(sandbox, { path: LEASES })).status).toBe(200);
  });

  it('lives on after sockets that are half closed, silent, or speak nonsense', async () => {
    const open = () =>
      new Promise<net.Socket>((resolve, reject) => {
        const socket: net.Socket = sandbox.caPem
          ? tls.connect({ port: sandbox.port, host: '127.0.0.1', ca: sandbox.caPem, servername: 'localhost' }, () =>
              resolve(socket),
            )
          : net.connect(sandbox.port, '127.0.0.1', () => resolve(socket));
        socket.on('error', reject);
      });
    const closed = (socket: net.Socket) => new Promise((resolve) => socket.once('close', resolve).resume());
    const nonsense = await open();
    const ended = closed(nonsense);
    nonsense.write('\u0000\u0001 nonsense\r\n\r\n');
    await ended;
    const half = await open();
    half.write(
      `POST ${LEASES} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${sandbox.adminToken}\r\ncontent-length: 100\r\n\r\n{"met`,
    );
    half.end();
    await closed(half);
    const raw = net.connect(sandbox.port, '127.0.0.1');
    await new Promise((resolve) => raw.once('connect', resolve));
    raw.resetAndDestroy();
    expect((await ask(sandbox, { path: LEASES })).status).toBe(200);
  });
});

describe('a sandbox', () => {
  it('speaks HTTP/2 and takes client certificates', async () => {
    const sandbox = await startSandbox();
    const { adminCertificate, caPem } = sandbox;
    const client = http2.connect(sandbox.url, {
      ca: String(caPem),
      cert: String(adminCertificate?.certificate),
      key: String(adminCertificate?.key),
    });
    const get = (path: string) =>
      new Promise<{ status: unknown; text: string }>((resolve, reject) => {
        const stream = client.request({ ':path': path });
        let status: unknown;
        let text = '';
        stream.on('response', (headers) => {
          status = headers[':status'];
        });
        stream.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        stream.on('end', () => resolve({ status, text })).on('error', reject);
      });
    const answers = await Promise.all([
      get(LEASES),
      get('/api/v1/namespaces/default'),
      get(`${LEASES}?watch=1&timeoutSeconds=1`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(JSON.parse(answers[0]?.text ?? '').kind).toBe('LeaseList');
    client.close();
    await sandbox.close();
  });

  it('refuses strangers when it speaks plain HTTP', async () => {
    const sandbox = await startSandbox({ http: true });
    expect((await ask(sandbox, { path: LEASES, headers: { host: 'evil.example' } })).status).toBe(403);
    expect((await ask(sandbox, { path: LEASES, headers: { origin: 'http://localhost' } })).status).toBe(403);
    expect((await ask(sandbox, { path: LEASES, headers: { host: `localhost:${sandbox.port}` } })).status).toBe(200);
    await sandbox.close();
  });

  it('says that a port is in use', async () => {
    const first = await startSandbox({ http: true });
    await expect(startSandbox({ http: true, port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
  });

  it('starts with objects, and says which one it refuses and why', async () => {
    const seeded = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'a', namespace: 'team' },
      spec: {},
    };
    const sandbox = await startSandbox({ http: true, objects: [seeded] });
    const path = '/apis/coordination.k8s.io/v1/namespaces/team/leases/a';
    expect((await ask(sandbox, { path })).body.metadata.managedFields).toBeUndefined();
    expect((await ask(sandbox, { path: '/api/v1/namespaces/team/serviceaccounts/default' })).status).toBe(200);
    await sandbox.close();
    const bad = { ...seeded, spec: { leaseDurationSeconds: 0 } };
    const refused = startSandbox({ http: true, objects: [seeded, bad] });
    await expect(refused).rejects.toThrow(SeedError);
    await expect(refused).rejects.toMatchObject({
      index: 1,
      message: expect.stringContaining('must be greater than 0'),
    });
  });

  it('answers 410 to those who come back too late, in the stream, in lists and with a way on', async () => {
    const sandbox = await startSandbox({ http: true });
    for (const name of ['a', 'b', 'c']) await ask(sandbox, { method: 'POST', path: LEASES, body: lease(name) });
    const page = await ask(sandbox, { path: `${LEASES}?limit=1` });
    const version = page.body.metadata.resourceVersion;
    await ask(sandbox, { method: 'DELETE', path: `${LEASES}/b` });
    sandbox.store.compact(sandbox.store.revision);
    const [error] = await take(watch(sandbox, `${LEASES}?watch=1&resourceVersion=${version}`), 1);
    expect(error).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    const exact = await ask(sandbox, { path: `${LEASES}?resourceVersion=${version}&resourceVersionMatch=Exact` });
    expect([exact.status, exact.body.message]).toEqual([410, 'The resourceVersion for the provided list is too old.']);
    const late = await ask(sandbox, { path: `${LEASES}?limit=9&continue=${page.body.metadata.continue}` });
    expect(late.status).toBe(410);
    const on = await ask(sandbox, { path: `${LEASES}?limit=9&continue=${late.body.metadata.continue}` });
    expect(on.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['c']);
    await sandbox.close();
  });

  it('keeps nothing for a watcher that does not read, and cuts it when history has passed it', async () => {
    const sandbox = await startSandbox({ http: true, historySize: 50 });
    await ask(sandbox, { method: 'POST', path: LEASES, body: lease('big') });
    const deaf = net.connect(sandbox.port, '127.0.0.1');
    const request = `GET ${LEASES}?watch=1 HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${sandbox.adminToken}\r\n\r\n`;
    await new Promise<void>((resolve) => deaf.write(request, () => resolve()));
    await new Promise((resolve) => deaf.once('readable', resolve));
    const stored = sandbox.store.get('leases', 'default/big');
    if (!stored) throw new Error('not stored');
    const text = 'x'.repeat(100_000);
    for (let i = 0; i < 400; i++) {
      sandbox.store.update('leases', 'default/big', { ...stored, spec: { holderIdentity: `${text}${i}` } });
      if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const ended = new Promise((resolve) => deaf.once('close', resolve).on('error', () => {}));
    deaf.resume();
    await ended;
    expect((await ask(sandbox, { path: `${LEASES}/big` })).status).toBe(200);
    await sandbox.close();
  });

  it('drops fields of the gate when it is off, and stores them when it is on', async () => {
    const spec = { strategy: 'OldestEmulationVersion', preferredHolder: 'x' };
    for (const [coordinatedLeaderElection, kept] of [
      [true, spec],
      [false, {}],
    ] as const) {
      const sandbox = await startSandbox({ http: true, coordinatedLeaderElection });
      const made = await ask(sandbox, { method: 'POST', path: LEASES, body: lease('a', spec) });
      expect([made.status, made.body.spec]).toEqual([201, kept]);
      expect(made.body.metadata.managedFields[0].fieldsV1['f:spec']).toEqual({
        'f:preferredHolder': {},
        'f:strategy': {},
      });
      await sandbox.close();
    }
  });

  it('fills a new namespace and empties one that ends', async () => {
    const sandbox = await startSandbox({ http: true });
    await ask(sandbox, { method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'x' } } });
    await expect
      .poll(async () => (await ask(sandbox, { path: '/api/v1/namespaces/x/configmaps/kube-root-ca.crt' })).status)
      .toBe(200);
    await ask(sandbox, { method: 'POST', path: LEASES.replace('default', 'x'), body: lease('a') });
    expect((await ask(sandbox, { method: 'DELETE', path: '/api/v1/namespaces/x' })).body.status.phase).toBe(
      'Terminating',
    );
    await expect.poll(async () => (await ask(sandbox, { path: '/api/v1/namespaces/x' })).status).toBe(404);
    expect((await ask(sandbox, { path: LEASES.replace('default', 'x') })).body.items).toEqual([]);
    await sandbox.close();
  });

  it('is ready in a blink', async () => {
    const started = performance.now();
    const sandbox = await startSandbox();
    const ms = performance.now() - started;
    await sandbox.close();
    // The promise is 250 ms on an idle machine; this only catches what is slow in kind.
    expect(ms).toBeLessThan(2_000);
  });
});
