/** `kle sandbox` as its user meets it. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { bin, cleanEnv, kle } from '../support/kle.js';
import { transcript } from '../support/transcript.js';

const folder = mkdtempSync(join(tmpdir(), 'kle-sandbox-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const said = async (args: string[]) =>
  transcript(['sandbox', ...args], await kle(['sandbox', ...args]), {
    [folder]: '/FOLDER',
    [process.execPath]: 'node',
  });

const LEASES = `apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: web, namespace: shop}
spec: {holderIdentity: web-0, leaseDurationSeconds: 15}
---
apiVersion: v1
kind: List
items:
  - apiVersion: coordination.k8s.io/v1
    kind: Lease
    metadata: {name: free, namespace: shop}
    spec: {holderIdentity: ""}
`;

it('runs a command with its kubeconfig and ends with its code', async () => {
  const script = 'kle() { "$0" "$1" status -n shop -o name; }; kle "$@"; test -n "$KUBECONFIG"; exit 7';
  const data = file('leases.yaml', LEASES);
  const run = await kle(['sandbox', '--data', data, '--', 'sh', '-c', script, process.execPath, bin]);
  expect(run).toMatchObject({
    code: 7,
    stdout: 'lease.coordination.k8s.io/free\nlease.coordination.k8s.io/web\n',
    stderr: '',
  });
});

it('keeps the words of the command as they are', async () => {
  const run = await kle(['sandbox', '--', 'printf', '%s|', '--port', '-v', '--', '--http=false']);
  expect(run).toMatchObject({ code: 0, stdout: '--port|-v|--|--http=false|' });
});

it('ends as the command does when a signal ends it, and says when there is none such', async () => {
  expect((await kle(['sandbox', '--', 'sh', '-c', 'kill -9 $$'])).code).toBe(137);
  expect((await kle(['sandbox', '--', join(folder, 'nowhere')])).code).toBe(127);
  expect((await kle(['sandbox', '--', file('plain', 'x')])).code).toBe(126);
});

interface Running {
  kubeconfig: string;
  stderr(): string;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** A sandbox without a command, once it has said how to use it. */
async function running(...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [bin, 'sandbox', ...args], {
    env: cleanEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  const line = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.trim());
    });
    child.on('exit', () => reject(new Error(`ended before it was ready: ${text}`)));
  });
  const kubeconfig = /^export KUBECONFIG="(.*)"$/.exec(line)?.[1] ?? '';
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    return exited;
  };
  return { kubeconfig, end, stderr: () => stderr };
}

it.each(['SIGTERM', 'SIGINT'] as const)('serves until %s, leaves nothing behind and exits 0', async (signal) => {
  const sandbox = await running();
  expect(statSync(sandbox.kubeconfig).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(sandbox.kubeconfig)).mode & 0o777).toBe(0o700);
  expect(await kle(['status', '-A'], { kubeconfig: sandbox.kubeconfig })).toMatchObject({ code: 0 });
  expect(await sandbox.end(signal)).toBe(0);
  expect(existsSync(dirname(sandbox.kubeconfig))).toBe(false);
});

it('writes its kubeconfig where it is told, over one of its own kind alone', async () => {
  const own = join(folder, 'out.yaml');
  for (let i = 0; i < 2; i++) {
    const sandbox = await running('--kubeconfig-out', own);
    expect(sandbox.kubeconfig).toBe(own);
    if (i === 0) writeFileSync(join(folder, 'copy.yaml'), readFileSync(own));
    expect(await sandbox.end('SIGTERM')).toBe(0);
    expect(existsSync(own)).toBe(false);
    writeFileSync(own, readFileSync(join(folder, 'copy.yaml')));
  }
  const foreign = file('foreign.yaml', 'contexts: [{name: prod, context: {cluster: c}}]\n');
  expect(await said(['--kubeconfig-out', foreign])).toMatchSnapshot();
  expect(readFileSync(foreign, 'utf8')).toContain('prod');
});

it('has users with the rights that it is told', async () => {
  const sandbox = await running('--user', 'viewer=get:leases,list:leases', '--user', 'nobody=');
  const withToken = (user: string) =>
    kle(['status', '-A', '--token', `${user}-token`], { kubeconfig: withoutUser(sandbox.kubeconfig) });
  const inContext = (user: string) => kle(['status', '-A', '--context', user], { kubeconfig: sandbox.kubeconfig });
  for (const as of [withToken, inContext]) {
    expect((await as('viewer')).code).toBe(0);
    const nobody = await as('nobody');
    expect(nobody.code).toBe(4);
    expect(nobody.stderr).toContain('User "nobody" cannot list resource "leases"');
  }
  expect((await withToken('stranger')).stderr).toContain('401');
  expect((await kle(['status', '-A'], { kubeconfig: sandbox.kubeconfig })).code).toBe(0);
  await sandbox.end('SIGTERM');
});

it('lets a Lease be observed by its name with the right to get alone', async () => {
  const data = file('observed.yaml', LEASES);
  const sandbox = await running('--data', data, '--user', 'getter=get:leases');
  const status = (...args: string[]) =>
    kle(['status', '--context=getter', '--observe=1s', '-n', 'shop', ...args], { kubeconfig: sandbox.kubeconfig });
  const named = await status('web', '-o', 'name');
  expect(named).toMatchObject({ code: 0, stdout: 'lease.coordination.k8s.io/web\n' });
  expect(named.stderr).toContain('not allowed to watch, so the Leases are read once a second instead');
  expect((await status()).stderr).toContain('cannot list resource "leases"');
  await sandbox.end('SIGTERM');
});

it('takes no kubeconfig away from a sandbox that runs, and that of a dead one', async () => {
  const own = join(folder, 'shared.yaml');
  const first = await running('--kubeconfig-out', own, '--user', 'viewer=get:leases');
  const text = readFileSync(own, 'utf8');
  const second = await kle(['sandbox', '--kubeconfig-out', own, '--', 'true']);
  expect(second).toMatchObject({ code: 3, stdout: '' });
  expect(second.stderr).toBe(
    `kle: error: ${own} is the kubeconfig of a sandbox that runs\n  end that one, or choose a path of its own with --kubeconfig-out\n`,
  );
  expect(readFileSync(own, 'utf8')).toBe(text);
  expect(await first.end('SIGKILL')).toBe(null);
  expect(readFileSync(own, 'utf8')).toBe(text);
  const third = await running('--kubeconfig-out', own);
  expect(readFileSync(own, 'utf8')).not.toBe(text);
  expect(await third.end('SIGTERM')).toBe(0);
  expect(existsSync(own)).toBe(false);
});

function withoutUser(kubeconfig: string): string {
  const text = readFileSync(kubeconfig, 'utf8').replace(/^users:[\s\S]*$/m, 'users: [{name: kle-sandbox, user: {}}]\n');
  return file('token.yaml', text);
}

it('serves plain HTTP to who sends the token, and shows requests without credentials', async () => {
  const sandbox = await running('--http', '-v');
  const text = readFileSync(sandbox.kubeconfig, 'utf8');
  const [url, token] = [/server: (\S+)/.exec(text)?.[1], /token: (\S+)/.exec(text)?.[1] ?? ''];
  const ask = (headers: Record<string, string>) =>
    fetch(`${url}/apis/coordination.k8s.io/v1/leases?x=1`, { headers }).then((answer) => answer.status);
  expect(await ask({ authorization: `Bearer ${token}` })).toBe(200);
  expect(await ask({})).toBe(403);
  expect(await ask({ authorization: `Bearer ${token}`, origin: 'https://example.com' })).toBe(403);
  await sandbox.end('SIGTERM');
  expect(sandbox.stderr()).toMatch(/^kle: \S+ GET \/apis\/coordination\.k8s\.io\/v1\/leases(\?x=1)? 200 \d+ms$/m);
  expect(sandbox.stderr()).not.toContain(token);
});

it('says where its data is wrong', async () => {
  const broken = file('broken.yaml', 'apiVersion: v1\nkind: Lease\n  metadata: {}\n');
  const invalid = file(
    'invalid.yaml',
    `${LEASES}---\napiVersion: coordination.k8s.io/v1\nkind: Lease\nmetadata: {name: x}\nspec: {leaseDurationSeconds: 0}\n`,
  );
  const texts = [
    await said(['--data', broken]),
    await said(['--data', invalid]),
    await said(['--data', file('scalar.yaml', 'hello\n')]),
    await said(['--data', file('kindless.yaml', 'metadata: {name: x}\n')]),
    await said(['--data', join(folder, 'nowhere.yaml')]),
  ];
  expect(texts.join('\n')).toMatchSnapshot();
});

it('says what else is wrong', async () => {
  const taken = createServer();
  const port = await new Promise<string>((resolve) =>
    taken.listen(0, '127.0.0.1', () => resolve(String((taken.address() as { port: number }).port))),
  );
  const texts = [
    (await said(['--port', port])).replaceAll(port, 'PORT'),
    await said(['--port', '70000']),
    await said(['--user', 'viewer']),
    await said(['--user', 'viewer=get']),
    await said(['--kubeconfig-out', join(folder, 'no/such/folder')]),
    await said(['--']),
    await said(['extra']),
  ];
  taken.close();
  expect(texts.join('\n')).toMatchSnapshot();
});
