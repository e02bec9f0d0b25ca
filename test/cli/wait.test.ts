/** `kle wait` as a script uses it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { kle } from '../support/kle.js';
import { RunningKle } from '../support/running-kle.js';
import { heldLease, now, patchLease } from '../support/sandbox-leases.js';
import { transcript } from '../support/transcript.js';

const folder = mkdtempSync(join(tmpdir(), 'kle-wait-'));
const KUBECONFIG = join(folder, 'config');
let sandbox: Sandbox;
const running: RunningKle[] = [];

beforeEach(async () => {
  sandbox = await startSandbox({
    objects: [
      heldLease('web', 'web-0'),
      heldLease('free', ''),
      heldLease('short', 'short-0', { leaseDurationSeconds: 1 }),
    ],
    users: [
      { name: 'getter', token: 'getter-token', rules: [{ verb: 'get', resource: 'leases' }] },
      { name: 'nobody', token: 'nobody-token', rules: [] },
    ],
  });
  writeFileSync(KUBECONFIG, sandbox.kubeconfig());
});
afterEach(async () => {
  for (const one of running.splice(0)) one.kill('SIGKILL');
  await sandbox.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const steady = (text: string) =>
  text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, 'TIME')
    .replace(/\b\d+(\.\d+)?s ago/g, 'Ns ago')
    .replace(/after \d+(\.\d+)?s/g, 'after Ns')
    .replace(/"(waitedMs|expiresInMs)": -?\d+/g, '"$1": N')
    .replace(/"resourceVersion": "\d+"/g, '"resourceVersion": "RV"');

const wait = (...args: string[]) => kle(['wait', '-n', 'shop', ...args], { kubeconfig: KUBECONFIG });
const said = async (...args: string[]) => steady(transcript(['wait', ...args], await wait(...args)));

it('answers at once what is so, and what is not', async () => {
  const texts = [
    await said('web', '--for=held', '--timeout=0s'),
    await said('lease/web', '--for=holder=web-0'),
    await said('web', '--for=released', '--timeout=0s'),
    await said('free', '--for', 'released'),
    await said('nothing', '--for=absent'),
    await said('web', '--for=released', '--for=absent', '--any', '--timeout=300ms'),
    await said('web', '--for=held', '--for=holder=web-1', '--timeout=300ms'),
    await said('web', '--for=held', '--timeout=0s', '-o', 'json'),
  ];
  expect(texts.join('\n')).toMatchSnapshot();
});

it('sees an expiry come, on its own clock', async () => {
  const run = await wait('short', '--for=expired', '--timeout=20s');
  expect(run.code).toBe(0);
});

it('tells what happens while it waits', async () => {
  const one = new RunningKle(['wait', '-n', 'shop', 'web', '--for=transition', '--timeout=20s'], { KUBECONFIG });
  running.push(one);
  // Watching has begun when the next change is told.
  const changing = (async () => {
    for (let seconds = 61; !one.stdout.includes('changed'); seconds++) {
      await patchLease(sandbox, 'web', { leaseDurationSeconds: seconds });
    }
  })();
  await one.until('changed');
  await changing;
  await patchLease(sandbox, 'web', {
    holderIdentity: 'web-1',
    acquireTime: now(),
    renewTime: now(),
    leaseTransitions: 3,
  });
  const { code, stdout, stderr } = await one.ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.split('\n').filter((line) => !line.includes('changed'));
  expect(steady(lines.join('\n'))).toBe(
    'TIME acquired     shop/web web-1 from web-0, 0s without a leader, web-0 may still be working\n' +
      'lease/web: transition met after Ns; now held by web-1, renewed Ns ago (basis: observed)\n',
  );
});

it('needs no more than the right to get, and says when it has none', async () => {
  const as = (user: string, ...args: string[]) =>
    kle([
      'wait',
      '-n',
      'shop',
      '--server',
      sandbox.url,
      '--token',
      `${user}-token`,
      '--insecure-skip-tls-verify',
      ...args,
    ]);
  const poll = await as('getter', 'web', '--for=held');
  expect(poll).toMatchObject({ code: 0, stderr: expect.stringContaining('not allowed to watch') });
  expect((await as('getter', 'web', '--for=held', '--timeout=0s')).stderr).toBe('');
  expect((await as('nobody', 'web', '--for=held')).code).toBe(4);
});

it('is interrupted as other commands are', async () => {
  const one = new RunningKle(['wait', '-n', 'shop', 'web', '--for=stable=1h', '--timeout=1h', '-o', 'json'], {
    KUBECONFIG,
  });
  running.push(one);
  const reads = new RunningKle(['watch', '-n', 'shop', 'web'], { KUBECONFIG });
  running.push(reads);
  await reads.until('seen');
  one.kill('SIGINT');
  expect(await one.ended).toMatchObject({ code: 130, stdout: '' });
});

it('refuses what cannot be meant', async () => {
  const texts = [
    await said(),
    await said('web'),
    await said('web', '--for=happy'),
    await said('web', '--for=holder='),
    await said('web', '--for=held=yes'),
    await said('web', '--for=stable'),
    await said('web', '--for=stable=30'),
    await said('web', '--for=held', '--timeout=5'),
    await said('web', '--for=held', '--timeout=-1s'),
    await said('web', 'api', '--for=held'),
    await said('web', '--for=held', '--server', 'http://127.0.0.1:1'),
  ];
  expect(texts.join('\n')).toMatchSnapshot();
});
