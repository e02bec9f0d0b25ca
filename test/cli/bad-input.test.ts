/** What a user sees when something is wrong: one clear error, the exit code of the table, no stack, no secret. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { kle, type Run, type RunOptions } from '../support/kle.js';
import { answer, hang, json, type Script, startTestServer, status, type TestServer } from '../support/test-server.js';
import { transcript } from '../support/transcript.js';

const folder = mkdtempSync(join(tmpdir(), 'kle-cli-'));
const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function serve(...scripts: Script[]): Promise<TestServer> {
  const server = await startTestServer(scripts);
  servers.push(server);
  return server;
}

/** Never a stack or a secret, whatever went wrong. */
function checked(run: Run): Run {
  expect(run.stderr).not.toMatch(/^\s+at /m);
  expect(run.stdout + run.stderr).not.toContain('hunter2');
  return run;
}

async function said(args: string[], options: RunOptions = {}, hide: Record<string, string> = {}): Promise<string> {
  return transcript(args, checked(await kle(args, options)), { [folder]: '/FOLDER', ...hide });
}

const against = async (server: TestServer, ...args: string[]) =>
  said(
    [...args, '--server', server.url.origin, '--token', 'hunter2'],
    {},
    { [server.url.origin]: 'http://SERVER', hunter2: 'TOKEN' },
  );

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it.each([
  [['status', '--output', 'xml']],
  [['status', '--check=maybe']],
  [['status', '--chek']],
  [['status', '-n']],
  [['status', '-A', 'web']],
  [['status', 'web', '-l', 'app=web']],
  [['status', 'pods/web']],
  [['status', '--observe', '20']],
  [['status', '--observe=10ms']],
  [['status', '--sort-by', 'colour']],
  [['status', '--request-timeout', 'soon']],
  [['status', '--', 'sh']],
  [['statsu']],
  [['--nope']],
  [['']],
])('refuses %j', async (args) => {
  expect(await said(args)).toMatchSnapshot();
});

it('--check=false is no check', async () => {
  const server = await serve(json({ kind: 'LeaseList', metadata: { resourceVersion: '1' }, items: [] }));
  expect(await against(server, 'status', '--check=false')).toMatchSnapshot();
  expect(await against(server, 'status', '--check')).toMatchSnapshot();
});

it('no kubeconfig at all', async () => {
  expect(await said(['status'])).toMatchSnapshot();
});

it('a kubeconfig that is no YAML', async () => {
  const kubeconfig = file('broken.yaml', 'apiVersion: v1\nclusters:\n  - name: a\n   cluster: {}\n');
  expect(await said(['status'], { kubeconfig })).toMatchSnapshot();
});

it('a kubeconfig whose parts have the wrong shape', async () => {
  const kubeconfig = file('shape.yaml', 'apiVersion: v1\nclusters:\n  a: {server: https://x}\ncurrent-context: a\n');
  expect(await said(['status'], { kubeconfig })).toMatchSnapshot();
});

it('a context that does not exist', async () => {
  const text = `contexts: [{name: prod, context: {cluster: c}}, {name: stage, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
`;
  expect(await said(['status', '--context', 'pord'], { kubeconfig: file('contexts.yaml', text) })).toMatchSnapshot();
});

it('a server that is not there', async () => {
  const server = await startTestServer([hang]);
  await server.close();
  servers.push(server);
  expect(await against(server, 'status')).toMatchSnapshot();
});

it('a server that never answers', async () => {
  expect(await against(await serve(hang), 'status', '--request-timeout=300ms')).toMatchSnapshot();
});

it('a server that answers HTML', async () => {
  const page = answer(200, '<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' });
  expect(await against(await serve(page), 'status')).toMatchSnapshot();
});

it('a server that answers JSON of another kind', async () => {
  expect(await against(await serve(json({ hello: 'world' })), 'status')).toMatchSnapshot();
});

it('a wrong or expired token', async () => {
  const refused = status(401, { reason: 'Unauthorized', message: 'Unauthorized' });
  expect(await against(await serve(refused), 'status')).toMatchSnapshot();
});

it('a namespace that may not be read', async () => {
  const message =
    'leases.coordination.k8s.io is forbidden: User "ann" cannot list resource "leases" in API group "coordination.k8s.io" in the namespace "shop"';
  const refused = status(403, {
    reason: 'Forbidden',
    message,
    details: { group: 'coordination.k8s.io', kind: 'leases' },
  });
  expect(await against(await serve(refused), 'status', '-n', 'shop')).toMatchSnapshot();
});

it('a server without the API', async () => {
  expect(
    await against(await serve(answer(404, '404 page not found\n', { 'content-type': 'text/plain' })), 'status'),
  ).toMatchSnapshot();
});

it('a server that is overloaded or broken', async () => {
  const throttled = status(429, { reason: 'TooManyRequests', message: 'too many requests' });
  expect(await against(await serve(throttled), 'status')).toMatchSnapshot();
  expect(await against(await serve(status(500, { message: 'etcd\u001b[31m is gone' })), 'status')).toMatchSnapshot();
});
