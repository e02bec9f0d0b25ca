/** `kle status` on Leases as a server may answer them, good and bad, in every output. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { formatMicroTime } from '../../src/lease/micro-time.js';
import { kle } from '../support/kle.js';
import { makeAuthority } from '../support/test-certificates.js';
import { json, startTestServer, type TestServer } from '../support/test-server.js';
import { transcript } from '../support/transcript.js';

const NOW = 1_800_000_000_000_000n;
const folder = mkdtempSync(join(tmpdir(), 'kle-status-'));
const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A time so many seconds from the server's; its Date header says a whole second, so half of one keeps ages steady. */
const at = (seconds: number) => formatMicroTime(NOW + BigInt(Math.round((seconds + 0.5) * 1e6)));

const lease = (name: string, spec: unknown, metadata: Record<string, unknown> = {}) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '7', ...metadata },
  ...(spec === undefined ? {} : { spec }),
});

const held = (holder: string, seconds: number, more: Record<string, unknown> = {}) => ({
  holderIdentity: holder,
  leaseDurationSeconds: 15,
  acquireTime: at(-7200),
  renewTime: at(seconds),
  leaseTransitions: 3,
  ...more,
});

async function list(items: unknown[], ...args: string[]): Promise<string> {
  // Date has whole seconds, and the verdict takes the middle of the second.
  const date = new Date(Number(NOW / 1000n)).toUTCString();
  const server = await startTestServer([
    json({ kind: 'LeaseList', metadata: { resourceVersion: '9' }, items }, { date }),
  ]);
  servers.push(server);
  const words = ['status', '-n', 'shop', ...args];
  const run = await kle([...words, '--server', server.url.origin, '--token', 't'], {});
  // This machine's clock is years from the server's of the test, and the hint says so in a number that changes.
  const hint = /kle: warning: this machine's clock is at least \S+ behind the server's.*\n/;
  return transcript(words, { ...run, stderr: run.stderr.replace(hint, '') });
}

const items = [
  lease('web', held('web-7d9f_0c1e', -3)),
  lease('late', held('late-0', -600)),
  lease('free', held('', -60, { leaseDurationSeconds: 1 })),
  lease('ahead', held('fast-clock', 3600)),
];

it('prints a table', async () => {
  expect(await list(items)).toMatchSnapshot();
});

it('prints a wide table', async () => {
  expect(await list(items, '-o', 'wide')).toMatchSnapshot();
});

it('prints JSON', async () => {
  const text = await list(items.slice(0, 1), '-o', 'json');
  expect(text.replace(/"(renewedAgoMs|expiresInMs)": -?\d+/g, '"$1": N')).toMatchSnapshot();
});

it('prints YAML', async () => {
  const text = await list(items.slice(0, 1), '-o', 'yaml');
  expect(text.replace(/(renewedAgoMs|expiresInMs): -?\d+/g, '$1: N')).toMatchSnapshot();
});

it('prints names', async () => {
  expect(await list(items, '-o', 'name', '--sort-by', 'expires')).toMatchSnapshot();
});

it('sorts and prints no headings', async () => {
  expect(await list(items, '--no-headers', '--sort-by', 'renewed')).toMatchSnapshot();
});

it('names what is wrong with each field', async () => {
  const fields = ['holderIdentity', 'leaseDurationSeconds', 'acquireTime', 'renewTime', 'leaseTransitions'];
  const without = (field: string) =>
    Object.fromEntries(Object.entries(held('x', -3)).filter(([name]) => name !== field));
  const rows = [
    lease('no-spec', undefined),
    lease('empty-spec', {}),
    lease('spec-list', []),
    ...fields.map((field) => lease(`absent-${field.toLowerCase()}`, without(field))),
    ...fields.map((field) => lease(`null-${field.toLowerCase()}`, held('x', -3, { [field]: null }))),
    ...fields.map((field) => lease(`object-${field.toLowerCase()}`, held('x', -3, { [field]: {} }))),
    lease('zero-duration', held('x', -3, { leaseDurationSeconds: 0 })),
    lease('negative', held('x', -3, { leaseDurationSeconds: -5, leaseTransitions: -1 })),
    lease('half', held('x', -3, { leaseDurationSeconds: 1.5 })),
    lease('three-digits', held('x', -3, { renewTime: '2027-01-15T07:59:57.500Z' })),
    lease('not-a-time', held('x', -3, { renewTime: 'yesterday' })),
    lease('year-9999', held('x', -3, { renewTime: '9999-12-31T23:59:59.999999Z' })),
  ];
  expect(await list(rows, '-o', 'wide')).toMatchSnapshot();
});

it('shows no escape sequence that a holder carries', async () => {
  const holder = '\u001b]0;owned\u0007\u001b[2J\u202eevil\u009b31m';
  const evil = [lease('evil', held(holder, -3))];
  for (const format of ['table', 'wide', 'json', 'yaml']) {
    const text = await list(evil, '-o', format);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).toContain('owned');
  }
  expect(await list(evil)).toMatchSnapshot();
});

it('folds node heartbeats into one line, unless they are asked for', async () => {
  const beats = [1, 2].map((n) => lease(`node-${n}`, held(`node-${n}`, -5), { namespace: 'kube-node-lease' }));
  expect(await list([...items.slice(0, 1), ...beats], '-A')).toMatchSnapshot();
  expect(await list(beats, '-A', '--include-heartbeats')).toMatchSnapshot();
});

it('prints ten thousand Leases, and minds no reader that stops', async () => {
  const many = Array.from({ length: 10_000 }, (_, n) => lease(`lease-${n}`, held(`holder-${n}`, -3)));
  const server = await startTestServer([json({ kind: 'LeaseList', metadata: { resourceVersion: '9' }, items: many })]);
  servers.push(server);
  const args = ['status', '-n', 'shop', '--server', server.url.origin];
  const whole = await kle(args);
  expect(whole.code).toBe(0);
  expect(whole.stdout.split('\n')).toHaveLength(10_002);
  const cut = await kle(args, { readOnly: 10 });
  expect({ code: cut.code, signal: cut.signal }).toEqual({ code: 0, signal: null });
  expect(cut.stderr.replace(/kle: warning: .*\n/, '')).toBe('');
});

it('refuses a server whose certificate is not of the CA, has expired or names another host', async () => {
  const ours = await makeAuthority();
  const theirs = await makeAuthority();
  const file = join(folder, 'ca.crt');
  writeFileSync(file, ours.ca);
  const empty = json({ kind: 'LeaseList', metadata: { resourceVersion: '1' }, items: [] });
  const against = async (pair: { cert: string; key: string }) => {
    const server = await startTestServer([empty], pair);
    servers.push(server);
    const args = ['status', '--server', server.url.origin, '--certificate-authority', file];
    return transcript(args, await kle(args), { [server.url.origin]: 'https://SERVER', [file]: 'ca.crt' });
  };
  const texts = [
    await against(await theirs.issue({ ip: '127.0.0.1' })),
    await against(await ours.issue({ ip: '127.0.0.1', expired: true })),
    await against(await ours.issue({ dns: 'example.com' })),
    await against(await ours.issue({ ip: '127.0.0.1' })),
  ];
  expect(texts.join('\n')).toMatchSnapshot();
});
