import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { metricsText, type ProbeSnapshot, type ReadyWhen } from './metrics.js';
import { parseProbeAddress } from './probe-address.js';
import { type ProbeServer, serveProbes } from './probes.js';

const idle: ProbeSnapshot = {
  live: true,
  namespace: 'default',
  lease: 'demo',
  identity: 'me_1',
  candidate: false,
  holder: null,
  leading: false,
  remainingMs: null,
  token: null,
  working: false,
  counts: { terms: 0, lost: 0, renewals: 0, failedRenewals: 0, starts: 0, watchdogRestarts: 0 },
};
const candidate = { ...idle, candidate: true };
const follower = { ...candidate, holder: 'other' };
const leader = { ...candidate, holder: 'me_1', leading: true, remainingMs: 9_500, token: '41', working: true };

let server: ProbeServer | undefined;
afterEach(() => server?.close());

async function serve(snapshot: () => ProbeSnapshot, readyWhen: ReadyWhen = 'candidate'): Promise<ProbeServer> {
  server = await serveProbes({ address: { host: '127.0.0.1', port: 0 }, readyWhen, snapshot });
  return server;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function ask(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port: server?.port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('probes', () => {
  it.each([
    ['candidate', [503, 200, 200, 200]],
    ['elected', [503, 503, 200, 200]],
    ['leader', [503, 503, 503, 200]],
  ] as const)('are ready when %s', async (when, expected) => {
    let now: ProbeSnapshot = idle;
    await serve(() => now, when);
    const seen: (number | undefined)[] = [];
    for (now of [idle, candidate, follower, leader]) seen.push((await ask('/readyz')).status);
    expect(seen).toEqual(expected);
  });

  it('say whether the process lives', async () => {
    let now: ProbeSnapshot = idle;
    await serve(() => now);
    expect(await ask('/livez')).toMatchObject({ status: 200, body: 'ok\n' });
    now = { ...idle, live: false };
    expect(await ask('/livez?verbose')).toMatchObject({ status: 503 });
  });

  it('tell who leads as JSON', async () => {
    await serve(() => leader);
    const { status, headers, body } = await ask('/leader');
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'application/json', 'no-store']);
    expect(JSON.parse(body)).toEqual({
      namespace: 'default',
      lease: 'demo',
      identity: 'me_1',
      isLeader: true,
      holder: 'me_1',
      token: '41',
      remainingMs: 9_500,
    });
  });

  it('answer HEAD without a body, and no other method', async () => {
    await serve(() => leader);
    expect(await ask('/metrics', 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await ask('/livez', 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect(await ask('/livez', 'DELETE')).toMatchObject({ status: 405 });
    expect(await ask('/etc/passwd')).toMatchObject({ status: 404 });
  });

  it('survive a snapshot that fails', async () => {
    await serve(() => {
      throw new Error('secret');
    });
    const { status, body } = await ask('/leader');
    expect([status, body.includes('secret')]).toEqual([500, false]);
  });

  it('refuse large headers', async () => {
    await serve(() => leader);
    expect(await ask('/livez', 'GET', { 'x-large': 'x'.repeat(9_000) })).toMatchObject({ status: 431 });
  });

  it('end although a client holds a connection open', async () => {
    const { port, close } = await serve(() => leader);
    const socket = connect(port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve));
    await close();
    await closed;
  });

  it('do not keep a process from its end, though somebody is connected', async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `
          const { connect } = require('node:net');
          const { serveProbes } = require('./probes.ts');
          serveProbes({ address: { host: '127.0.0.1', port: 0 }, readyWhen: 'leader', snapshot: () => ({}) })
            .then(({ port }) => connect(port, '127.0.0.1', function () { this.unref(); }));`,
        resolveDir: import.meta.dirname,
      },
      bundle: true,
      platform: 'node',
      write: false,
    });
    const child = spawn(process.execPath, ['-e', outputFiles[0]?.text ?? ''], { stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('say why they cannot listen', async () => {
    const { port } = await serve(() => leader);
    const again = serveProbes({ address: { host: '127.0.0.1', port }, readyWhen: 'leader', snapshot: () => leader });
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('listen on every interface when no host is given', async () => {
    server = await serveProbes({ address: { host: undefined, port: 0 }, readyWhen: 'leader', snapshot: () => leader });
    expect(['::', '0.0.0.0']).toContain(server.host);
    expect((await ask('/livez')).status).toBe(200);
  });
});

describe('metricsText', () => {
  it('escapes what stands in labels', () => {
    const text = metricsText({ ...leader, identity: 'a"b\\c\nd' });
    expect(text).toContain('kle_leader{namespace="default",lease="demo",identity="a\\"b\\\\c\\nd"} 1\n');
    expect(text).toContain(
      'kle_claim_remaining_seconds{namespace="default",lease="demo",identity="a\\"b\\\\c\\nd"} 9.5\n',
    );
  });

  it('is in the text format of Prometheus', () => {
    const comment = /^# (HELP kle_\w+ .+\.|TYPE kle_\w+ (gauge|counter))$/;
    const sample = /^kle_\w+\{namespace="default",lease="demo",identity="me_1"\} \d+(\.\d+)?$/;
    const lines = metricsText(leader).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(27);
    for (const line of lines) expect(comment.test(line) || sample.test(line), line).toBe(true);
  });
});

describe('parseProbeAddress', () => {
  it.each([
    [':8080', undefined, 8080],
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['localhost:0', 'localhost', 0],
    ['[::1]:8080', '::1', 8080],
    ['[::]:65535', '::', 65_535],
    ['my-host.example:80', 'my-host.example', 80],
  ])('reads %s', (text, host, port) => {
    expect(parseProbeAddress(text)).toEqual({ host, port });
  });

  it.each([
    '',
    '8080',
    ':',
    ':65536',
    ':-1',
    '::1:8080',
    '[::1]',
    '[]:1',
    '[127.0.0.1]:1',
    'a b:1',
    'http://x:1',
    ':80/',
    ':08a',
  ])('refuses %j', (text) => {
    expect(parseProbeAddress(text)).toBeUndefined();
  });
});
