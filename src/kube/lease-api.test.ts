import { afterEach, describe, expect, it } from 'vitest';
import { settled } from '../../test/support/fake-clock.js';
import {
  answer,
  chunk,
  connectionTo,
  head,
  json,
  LAST_CHUNK,
  type Script,
  startTestServer,
  status,
  type TestServer,
} from '../../test/support/test-server.js';
import type { LeaseWatchEvent } from '../lease/api.js';
import { createLeaseApi } from './lease-api.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(...scripts: Script[]) {
  const server = await startTestServer(scripts);
  const api = createLeaseApi(connectionTo(server.url), { random: () => 0 });
  closing.push(
    () => server.close(),
    () => api.close(),
  );
  return { server, api };
}

const lease = (name: string, resourceVersion = '7') => ({
  metadata: { name, namespace: 'n', uid: `uid-${name}`, resourceVersion },
  spec: { holderIdentity: 'é☃' },
});
const list = (items: object[], more: object = {}) =>
  json({ kind: 'LeaseList', metadata: { resourceVersion: '9', ...more }, items });
const lines = (server: TestServer) => server.requests.map(({ line }) => line.replace(' HTTP/1.1', ''));
const LEASES = '/apis/coordination.k8s.io/v1/leases';

describe('requests for Leases', () => {
  it('go where kubectl sends them, writes with a field manager', async () => {
    const { server, api } = await serve(json(lease('a')));
    const ref = { namespace: 'n', name: 'a' };
    await api.get(ref);
    await api.create({ metadata: ref });
    await api.replace({ ...lease('a'), extra: 1 });
    await api.delete(ref, { uid: 'u', resourceVersion: '5' });
    const at = '/apis/coordination.k8s.io/v1/namespaces/n/leases';
    expect(lines(server)).toEqual([
      `GET ${at}/a`,
      `POST ${at}?fieldManager=kle`,
      `PUT ${at}/a?fieldManager=kle`,
      `DELETE ${at}/a`,
    ]);
    const [, post, put, del] = server.requests.map(({ body }) => (body ? JSON.parse(body) : undefined));
    expect(post).toEqual({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: ref });
    expect(put).toEqual({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...lease('a'), extra: 1 });
    expect(del).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'u', resourceVersion: '5' },
    });
  });

  it('for a list follow the continue tokens and name what is asked for', async () => {
    const { server, api } = await serve(list([lease('a')], { continue: 't/1=' }), list([lease('b')]));
    const scope = { namespace: 'n', name: 'x', fieldSelector: 'metadata.namespace=n', labelSelector: 'a in (b)' };
    const result = await api.list(scope);
    expect(result).toMatchObject({ ok: true, value: { resourceVersion: '9', items: [{ name: 'a' }, { name: 'b' }] } });
    const query = 'fieldSelector=metadata.name%3Dx%2Cmetadata.namespace%3Dn&labelSelector=a%20in%20(b)&limit=2000';
    const at = `GET /apis/coordination.k8s.io/v1/namespaces/n/leases?${query}`;
    expect(lines(server)).toEqual([at, `${at}&continue=t%2F1%3D`]);
  });

  it('for a list begin anew without pages when the token expires, once', async () => {
    const more = list([lease('a')], { continue: 't' });
    const { server, api } = await serve(more, status(410), list([lease('b')]));
    expect(await api.list({})).toMatchObject({ ok: true, value: { items: [{ name: 'b' }] } });
    expect(lines(server)).toEqual([`GET ${LEASES}?limit=2000`, `GET ${LEASES}?limit=2000&continue=t`, `GET ${LEASES}`]);
    const twice = await serve(more, status(410), status(410));
    expect(await twice.api.list({})).toMatchObject({ ok: false, failure: { kind: 'expired' } });
  });

  it.each([
    ['an object that is no Lease', json({ kind: 'Config' })],
    ['a list that is none', json({ items: 7, metadata: { resourceVersion: '1' } })],
    ['a list without a version', json({ items: [] })],
    ['null', json(null)],
  ])('find %s to be no Kubernetes', async (_, script) => {
    const { api } = await serve(script);
    expect(await api.list({})).toMatchObject({ failure: { kind: 'not-kubernetes' } });
    expect(await api.get({ namespace: 'n', name: 'a' })).toMatchObject({ failure: { kind: 'not-kubernetes' } });
  });
});

describe('a watch over a socket', () => {
  async function take(events: AsyncIterable<LeaseWatchEvent>, count: number): Promise<LeaseWatchEvent[]> {
    const taken: LeaseWatchEvent[] = [];
    for await (const event of events) if (taken.push(event) === count) break;
    return taken;
  }
  const types = (events: LeaseWatchEvent[]) =>
    events.map((event) => ('failure' in event ? `${event.type} ${event.failure.kind}` : event.type));
  const event = (type: string, object: object) => Buffer.from(`${JSON.stringify({ type, object })}\n`);

  it('asks from the version of the list, with bookmarks and an end', async () => {
    const { server, api } = await serve(list([]), (socket) => socket.write(head()));
    const iterator = api.watch({ namespace: 'n', name: 'a' })[Symbol.asyncIterator]();
    await server.seen(2);
    const query =
      'fieldSelector=metadata.name%3Da&watch=1&allowWatchBookmarks=true&resourceVersion=9&timeoutSeconds=65';
    expect(lines(server)[1]).toBe(`GET /apis/coordination.k8s.io/v1/namespaces/n/leases?${query}`);
    await iterator.return?.();
  });

  it('closes its connection when the consumer leaves', async () => {
    let left = () => {};
    const leaving = new Promise<void>((resolve) => {
      left = resolve;
    });
    const { api } = await serve(list([]), (socket) => {
      socket.on('close', left).write(head());
      socket.write(chunk(event('ADDED', lease('a', '10'))));
    });
    await take(api.watch({}), 2);
    await leaving;
  });

  it('reads events however they are cut, inside a character too', async () => {
    const bytes = Buffer.concat([event('ADDED', lease('a', '10')), event('MODIFIED', lease('a', '11'))]);
    const dribble: Script = async (socket) => {
      socket.setNoDelay(true);
      socket.write(head());
      for (const byte of bytes) {
        socket.write(chunk(Buffer.from([byte])));
        await settled();
      }
    };
    const { api } = await serve(list([]), dribble);
    const seen = await take(api.watch({}), 3);
    expect(types(seen)).toEqual(['synced', 'added', 'modified']);
    expect(seen.at(-1)).toMatchObject({ record: { holder: 'é☃', resourceVersion: '11' } });
  });

  it('holds the server back while nobody takes the events, and loses none', async () => {
    const all = Buffer.concat(
      Array.from({ length: 5_000 }, (_, i) => chunk(event('ADDED', lease(`l${i}`, `${10 + i}`)))),
    );
    const { server, api } = await serve(list([]), (socket) => {
      socket.write(head());
      socket.write(all);
    });
    const events = api.watch({});
    const iterator = events[Symbol.asyncIterator]();
    await server.seen(2);
    // Enough turns for more to arrive than the queue holds; were it less, the test would only prove less.
    for (let i = 0; i < 300; i++) await settled();
    const seen = await take({ [Symbol.asyncIterator]: () => iterator }, 5_001);
    expect(types(seen).slice(0, 2)).toEqual(['synced', 'added']);
    expect(seen.at(-1)).toMatchObject({ type: 'added', record: { name: 'l4999' } });
  });

  it('goes on over the same connection when the server ends the stream', async () => {
    const first: Script = (socket) => {
      socket.write(
        Buffer.concat([Buffer.from(head()), chunk(event('ADDED', lease('a', '10'))), Buffer.from(LAST_CHUNK)]),
      );
    };
    const second: Script = (socket) => {
      socket.write(Buffer.concat([Buffer.from(head()), chunk(event('DELETED', lease('a', '12')))]));
    };
    const { server, api } = await serve(list([]), first, second);
    expect(types(await take(api.watch({}), 3))).toEqual(['synced', 'added', 'deleted']);
    expect(lines(server)[2]).toContain('resourceVersion=10');
    expect(server.connections).toBe(1);
  });

  it('drops half a line with the connection and gets it whole from the next', async () => {
    const half: Script = (socket) => {
      socket.write(Buffer.concat([Buffer.from(head()), chunk(event('ADDED', lease('a', '10')).subarray(0, 30))]), () =>
        socket.resetAndDestroy(),
      );
    };
    const whole: Script = (socket) => {
      socket.write(Buffer.concat([Buffer.from(head()), chunk(event('ADDED', lease('a', '10')))]));
    };
    const { api } = await serve(list([]), half, whole);
    const seen = await take(api.watch({}), 4);
    expect(types(seen)).toEqual(['synced', 'disconnected unreachable', 'reconnected', 'added']);
  });

  it.each([
    ['forbidden', status(403, { message: 'no' })],
    ['not-kubernetes', answer(200, '<html>', { 'content-type': 'text/html' })],
    ['unauthorised', status(401)],
  ])('ends with %s after saying so', async (kind, script) => {
    const { api } = await serve(script);
    expect(types(await take(api.watch({}), 9))).toEqual([`disconnected ${kind}`]);
  });

  it('ends when the list is allowed and the watch is not', async () => {
    const { api } = await serve(list([]), status(403, { message: 'no' }));
    expect(types(await take(api.watch({}), 9))).toEqual(['synced', 'disconnected forbidden']);
  });

  it('lists anew when the server answers 410 in place of a stream', async () => {
    const { api } = await serve(list([]), status(410), list([lease('a')]), (socket) => socket.write(head()));
    expect(types(await take(api.watch({}), 3))).toEqual(['synced', 'added', 'synced']);
  });

  it('takes a page in place of a stream for garbage, not for the end', async () => {
    const page = answer(200, '<html>\n', { 'content-type': 'text/html' });
    const { api } = await serve(list([]), page, (socket) => socket.write(head()));
    const seen = await take(api.watch({}), 3);
    expect(types(seen)).toEqual(['synced', 'disconnected not-kubernetes', 'reconnected']);
  });
});
