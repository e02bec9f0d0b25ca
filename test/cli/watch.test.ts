/** `kle watch` without a terminal: lines for people and pipes, objects for programs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { kle } from '../support/kle.js';
import { RunningKle } from '../support/running-kle.js';
import { deleteLease, heldLease, now, patchLease } from '../support/sandbox-leases.js';
import { transcript } from '../support/transcript.js';

const folder = mkdtempSync(join(tmpdir(), 'kle-watch-'));
const KUBECONFIG = join(folder, 'config');
let sandbox: Sandbox;
const running: RunningKle[] = [];

beforeEach(async () => {
  const nodes = [1, 2].map((n) => ({
    ...heldLease(`node-${n}`, `node-${n}`),
    metadata: { name: `node-${n}`, namespace: 'kube-node-lease' },
  }));
  sandbox = await startSandbox({
    objects: [heldLease('web', 'web-0'), heldLease('api', 'api 0'), ...nodes],
    users: [
      {
        name: 'reader',
        token: 'reader-token',
        rules: [
          { verb: 'get', resource: 'leases' },
          { verb: 'list', resource: 'leases' },
        ],
      },
    ],
  });
  writeFileSync(KUBECONFIG, sandbox.kubeconfig());
});
afterEach(async () => {
  for (const one of running.splice(0)) one.kill('SIGKILL');
  await sandbox.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function watch(...args: string[]): RunningKle {
  const one = new RunningKle(['watch', '-n', 'shop', ...args], { KUBECONFIG });
  running.push(one);
  return one;
}

/** Times and lengths of time of a run are its own. */
const steady = (text: string) =>
  text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, 'TIME')
    .replace(/\b\d+(\.\d+)?s (ago|without)/g, 'Ns $2')
    .replace(/"(leaderlessMs|boundMs)":\d+/g, '"$1":N')
    .replace(/"resourceVersion":"\d+"/g, '"resourceVersion":"RV"');

const take = (name: string, holder: string, transitions: number) =>
  patchLease(sandbox, name, {
    holderIdentity: holder,
    acquireTime: now(),
    renewTime: now(),
    leaseTransitions: transitions,
  });

/** Released, taken, changed, deleted. */
async function drill(one: RunningKle): Promise<void> {
  await one.until('seen');
  await patchLease(sandbox, 'web', { renewTime: now() });
  await patchLease(sandbox, 'web', { holderIdentity: '', renewTime: now(), leaseDurationSeconds: 1 });
  await take('web', 'web-1', 3);
  await patchLease(sandbox, 'web', { leaseDurationSeconds: 20 });
  await deleteLease(sandbox, 'web');
  await one.until('deleted');
}

it('prints a line for each change', async () => {
  const one = watch('web');
  await drill(one);
  one.kill('SIGTERM');
  const run = await one.ended;
  expect(steady(transcript(['watch', '-n', 'shop', 'web'], run))).toMatchSnapshot();
});

it('prints an object for each event, renewals when asked', async () => {
  const one = watch('web', '-o', 'ndjson', '--renewals');
  await drill(one);
  one.kill('SIGINT');
  const { code, stdout } = await one.ended;
  expect(code).toBe(0);
  expect(steady(stdout)).toMatchSnapshot();
});

it('leaves out the heartbeats of nodes, unless they are asked for', async () => {
  const names = async (...args: string[]) => {
    const run = await kle(['watch', '--timeout', '1s', '-o', 'ndjson', ...args], { kubeconfig: KUBECONFIG });
    expect(run.code).toBe(0);
    return run.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).name);
  };
  expect(await names('-A')).toEqual(['api', 'web']);
  expect(await names('-A', '--include-heartbeats')).toEqual(['node-1', 'node-2', 'api', 'web']);
  expect(await names('-n', 'kube-node-lease')).toEqual(['node-1', 'node-2']);
});

it('ends when its condition holds, and tells by its code that it never did', async () => {
  const one = watch('web', '--until', 'holder=web-1');
  await one.until('seen');
  await take('web', 'web-1', 3);
  expect(await one.ended).toMatchObject({ code: 0, signal: null });
  const late = watch('web', '--until=released', '--timeout=500ms');
  expect((await late.ended).code).toBe(1);
  const interrupted = watch('web', '--until=released');
  await interrupted.until('seen');
  interrupted.kill('SIGINT');
  expect((await interrupted.ended).code).toBe(1);
});

it('reads once a second where it may not watch, and says so once', async () => {
  const token = ['--server', sandbox.url, '--token', 'reader-token', '--insecure-skip-tls-verify'];
  const one = new RunningKle(['watch', '-n', 'shop', 'web', ...token]);
  running.push(one);
  await one.until('seen');
  await take('web', 'web-1', 3);
  await one.until('acquired');
  one.kill('SIGTERM');
  const run = await one.ended;
  expect(run.code).toBe(0);
  expect(run.stderr).toBe('kle: not allowed to watch, so the Leases are read once a second instead\n');
  expect(run.stdout).toMatch(/acquired +shop\/web web-1 from web-0, noticed late\n/);
});

it('shows what is there in columns from the first line on', async () => {
  const run = await kle(['watch', '-A', '--include-heartbeats', '--timeout', '1s'], { kubeconfig: KUBECONFIG });
  const columns = run.stdout
    .split('\n')
    .filter((line) => line.includes(' seen '))
    .map((line) => line.search(/(?<= seen +\S+ +)\S/));
  expect(columns.length).toBeGreaterThan(3);
  expect(new Set(columns).size).toBe(1);
});

it('waits for a Lease that is not there', async () => {
  const one = watch('later');
  await one.until('there is no Lease later in namespace shop; waiting for it');
  expect(one.stdout).toBe('');
});

it('quotes a holder that is more than one word, and shows no escape sequence', async () => {
  await patchLease(sandbox, 'api', { holderIdentity: 'a\u001b[31m b', renewTime: now() });
  const run = await kle(['watch', '-n', 'shop', 'api', '--timeout', '300ms'], { kubeconfig: KUBECONFIG });
  expect(run.stdout).toMatch(/seen +shop\/api "a\\u001b\[31m b" held/);
  expect(run.stdout).not.toContain('\u001b');
});

it('minds no reader that stops', async () => {
  const run = await kle(['watch', '-n', 'shop', '--timeout', '500ms'], { kubeconfig: KUBECONFIG, readOnly: 5 });
  expect(run).toMatchObject({ code: 0, signal: null, stderr: '' });
});

it('refuses what cannot be meant', async () => {
  const said = async (...args: string[]) => transcript(args, await kle(args, { kubeconfig: KUBECONFIG }));
  const texts = [
    await said('watch', 'web', '-A'),
    await said('watch', 'web', '-l', 'app=web'),
    await said('watch', '--until', 'held'),
    await said('watch', 'web', '--until', 'happy'),
    await said('watch', 'web', '--timeout', '5'),
    await said('watch', 'web', '--timeout', '0s'),
    await said('watch', 'web', '-o', 'yaml'),
    await said('watch', 'a/b'),
    await said('watch', '--', 'sleep'),
    await said('watch', '--server', 'http://127.0.0.1:1'),
  ];
  expect(texts.join('\n')).toMatchSnapshot();
});
