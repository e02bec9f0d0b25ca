/** What keeps the chaos verbs from a Lease, on a real kube-apiserver: exit 3, said why, and not one write. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChaosCluster, LEASES, openChaosCluster, type Place } from '../support/chaos-cluster.js';
import { kle } from '../support/kle.js';

const HELD = { holderIdentity: 'web-0', leaseDurationSeconds: 3600, renewTime: '2026-11-21T00:00:00.000000Z' };
const NODES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const SYSTEM = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

let cluster: ChaosCluster;
const folder = mkdtempSync(join(tmpdir(), 'kle-guards-'));
beforeAll(async () => {
  cluster = await openChaosCluster();
  await cluster.calls.must('POST', NODES, {
    metadata: { name: 'node-1' },
    spec: { ...HELD, holderIdentity: 'node-1', leaseDurationSeconds: 1 },
  });
  await cluster.place('coordinated', { spec: { ...HELD, strategy: 'OldestEmulationVersion' } });
  await cluster.place('held', { spec: HELD });
});
afterAll(async () => {
  await cluster?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** kle of a user whose state folder is `state`. */
const run = (args: readonly string[], state = join(folder, 'state')) =>
  kle(args, { env: { KUBECONFIG: cluster.server.kubeconfig, XDG_STATE_HOME: state } });

const ALL_VERBS = [['release'], ['steal', '--hold', '1s'], ['skew', '--by=-1h']] as const;

describe.each(ALL_VERBS.map((words) => ({ verb: words[0], words })))('$verb refuses', ({ words }) => {
  const cases: [string, string, string[], RegExp][] = [
    ['a heartbeat of a node', 'kube-node-lease/node-1', ['--yes'], /heartbeat.*--allow-non-election/s],
    ['a coordinated election', 'shop/coordinated', ['--yes'], /coordinated/],
    ['another holder than expected', 'shop/held', ['--yes', '--expect-holder', 'web-7'], /web-0/],
    ['to go on without a terminal or --yes', 'shop/held', [], /there is no terminal to ask on/],
  ];
  it.concurrent.each(cases)('%s', async (_what, where, more, said) => {
    const [namespace = '', name = ''] = where.split('/');
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`;
    const before = await cluster.calls.must('GET', path);
    const [verb, ...flags] = words;
    const done = await run([verb, name, '-n', namespace, ...flags, ...more]);
    expect(done.code, done.stderr).toBe(3);
    expect(done.stdout).toBe('');
    expect(done.stderr).toContain('kle: refused: ');
    expect(done.stderr).toMatch(said);
    expect((await cluster.calls.must('GET', path)).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  it.concurrent('the identity of this very API server', async () => {
    const answer = await cluster.calls.call('GET', `${SYSTEM}?labelSelector=apiserver.kubernetes.io/identity`);
    const { items } = JSON.parse(answer.body);
    const { name } = items[0].metadata;
    const [verb, ...flags] = words;
    const done = await run([verb, name, '-n', 'kube-system', ...flags, '--yes']);
    expect(done.code, done.stderr).toBe(3);
    expect(done.stderr).toContain('--allow-non-election');
    const after = await cluster.calls.must('GET', `${SYSTEM}/${name}`);
    expect(after.metadata.managedFields?.map(({ manager }) => manager)).not.toContain('kle');
  });
});

it('looks at what is no election only when told to', async () => {
  const done = await run([
    'release',
    'node-1',
    '-n',
    'kube-node-lease',
    '--allow-non-election',
    '--via',
    'clear',
    '--dry-run',
    '--wait',
    '1s',
  ]);
  // Nobody renews it, so there is nobody to release; but it was looked at.
  expect(done.code, done.stderr).toBe(0);
});

describe('each of these needs a Lease that is renewed', () => {
  let place: Place;
  beforeAll(async () => {
    place = await cluster.place('renewed');
    await place.holder('web-0', { everyMs: 200 }).holds;
  });

  const writesOfKle = async () => {
    const { metadata, spec } = await place.lease();
    return { managers: metadata.managedFields?.map((one) => one.manager), holder: spec?.holderIdentity };
  };
  const untouched = { managers: ['fake-holder'], holder: 'web-0' };

  it.concurrent.each([
    ['steal of a live one with --only-expired', ['steal', 'renewed', '--yes', '--only-expired', '--hold', '1s']],
    ['release to the incumbent', ['release', 'renewed', '--yes', '--to', 'web-0']],
    ['a wish in an election that nobody coordinates', ['release', 'renewed', '--yes', '--via', 'prefer', '--to', 'x']],
    ['an eviction without a Pod', ['release', 'renewed', '--yes', '--via', 'evict']],
    ['the release of what somebody else holds', ['release', 'renewed', '--identity', 'web-9']],
    ['a time that cannot be written', ['skew', 'renewed', '--yes', '--by=+80000000h']],
  ])('%s', async (_what, args) => {
    const done = await run([...args, '-n', 'shop']);
    expect(done.code, done.stderr).toBe(3);
    expect(await writesOfKle()).toEqual(untouched);
  });

  const inTheWay = {
    'a relative path': () => 'state',
    'a file where the folder should be': () => {
      const path = join(folder, 'file');
      writeFileSync(path, '');
      return path;
    },
    'a symbolic link': () => {
      const path = join(folder, 'linked');
      mkdirSync(join(folder, 'elsewhere'), { recursive: true });
      mkdirSync(path);
      symlinkSync(join(folder, 'elsewhere'), join(path, 'kle'));
      return path;
    },
    'a folder that others may write to': () => {
      const path = join(folder, 'open');
      mkdirSync(join(path, 'kle', 'operations'), { recursive: true, mode: 0o777 });
      return path;
    },
  };
  const journals = ALL_VERBS.flatMap((words) =>
    Object.entries(inTheWay).map(([what, make]) => ({ verb: words[0], words, what, make })),
  );
  // The same in each verb, so each case with one of them, and each verb with one case.
  it.concurrent.each(journals.filter(({ verb, what }) => verb === 'release' || what === 'a relative path'))(
    '$verb where the journal cannot be written: $what',
    async ({ words, make }) => {
      const mask = process.umask(0);
      const state = make();
      process.umask(mask);
      const [verb, ...flags] = words;
      const done = await run([verb, 'renewed', '-n', 'shop', ...flags, '--yes'], state);
      expect(done.code, done.stderr).toBe(3);
      expect(done.stderr).toMatch(/journal/);
      expect(await writesOfKle()).toEqual(untouched);
    },
  );
});

it('refuses what another operation of kle holds, and undo needs a word too', async () => {
  const place = await cluster.place('busy');
  await place.holder('web-0', { everyMs: 200 }).holds;
  const running = place.start(['steal', 'busy', '--yes', '--hold', '60s', '--wait', '0s']);
  await running.until('taken as', 60_000);
  const holder = (await place.lease()).spec?.holderIdentity;
  expect(holder).toMatch(/^kle\//);
  for (const [verb, ...flags] of ALL_VERBS) {
    const done = await run([verb, 'busy', '-n', 'shop', ...flags, '--yes']);
    expect(done.code, done.stderr).toBe(3);
    expect(done.stderr).toContain('kle undo');
  }
  const unasked = await place.kle('undo', String(holder).slice(4));
  expect(unasked.code).toBe(3);
  expect((await place.lease()).spec?.holderIdentity).toBe(holder);
  running.kill('SIGINT');
  expect((await running.ended).code).toBe(130);
});

it('undo on another server than the journal’s: exit 3, nothing written', async () => {
  const place = await cluster.place('far');
  await place.holder('web-0', { everyMs: 200, durationSeconds: 30 }).holds;
  const running = place.start(['release', 'far', '--yes'], { KLE_TEST_STOP_AT: 'put#1:answered' });
  await running.until('at put#1:answered', 60_000);
  running.kill('SIGKILL');
  await running.ended;
  const before = await place.lease();
  const other = cluster.server.server.replace('127.0.0.1', 'localhost');
  const done = await place.kle('undo', '--yes', '--server', other);
  expect(done.code, done.stderr).toBe(3);
  expect(done.stdout).toContain('on another server');
  expect(await cluster.calls.must('GET', `${LEASES}/far`)).toEqual(before);
  expect(place.journals()).toHaveLength(1);
  expect((await place.kle('undo', '--yes')).code).toBe(0);
});
