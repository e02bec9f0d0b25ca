/**
 * Credentials that end while `kle acquire` leads: no renewal fails for it, and none waits for a plugin. Real processes, a
 * real kube-apiserver, tokens that it really refuses.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { Acquiring, endAll, SHORT, worker } from '../support/acquire-run.js';
import { type LeaseLook, type LeaseWatch, Stranger } from '../support/acquire-watch.js';
import { type ApiServer, startApiServer } from '../support/apiserver.js';
import { noPodFolders, PodFolder, ServiceAccount } from '../support/service-account.js';
import { ms, parseWork } from '../support/worker-log.js';

const folder = mkdtempSync(join(tmpdir(), 'kle-credentials-'));
let server: ApiServer;
let stranger: Stranger;
let account: ServiceAccount;

beforeAll(async () => {
  server = await startApiServer({ binary: process.env.KLE_TEST_APISERVER ?? '' });
  stranger = new Stranger(server.kubeconfig);
  account = await ServiceAccount.create(stranger, server);
});
let supplying: NodeJS.Timeout | undefined;
afterEach(async () => {
  clearInterval(supplying);
  await endAll();
});
afterAll(async () => {
  await endAll();
  stranger?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves after so many further renewals of the same term, with the looks that showed them. */
async function renewals(watch: LeaseWatch, count: number, since: bigint): Promise<LeaseLook[]> {
  const times = new Set<string | null>();
  const seen: LeaseLook[] = [];
  await watch.until(
    (look) => {
      if (!times.has(look.renewTime)) seen.push(look);
      return times.add(look.renewTime).size > count;
    },
    `${count} renewals`,
    { since, timeoutMs: 60_000 },
  );
  return seen;
}

const now = () => process.hrtime.bigint();
const ca = () => readFileSync(join(server.dir, 'ca.crt'), 'utf8');

const why = noPodFolders();
if (why !== undefined) process.stderr.write(`the service account of a Pod is not tested: ${why}\n`);

it.skipIf(why !== undefined)('in a Pod: the token is rotated under a leader, and the old one refused', async () => {
  const old = await account.token();
  const pod = new PodFolder(join(folder, 'pod'), ca(), old.text);
  const { hostname, port } = new URL(server.server);
  const out = join(folder, 'pod.work');
  const run = new Acquiring(['in-a-pod', ...SHORT, '--', ...worker(out)], {
    kubeconfig: '',
    through: pod.through,
    env: {
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      POD_NAME: 'web-7d9f',
      POD_NAMESPACE: 'default',
    },
  });
  await run.until(() => existsSync(out) || undefined, 'work');
  const watch = await stranger.watch('in-a-pod');
  const first = await watch.until(({ holder }) => holder !== '', 'leader');
  expect(first.holder).toMatch(/^web-7d9f_[a-z0-9]{10}$/);
  pod.rotate((await account.token()).text);
  await old.revoke();
  const seen = await renewals(watch, 8, now());
  for (const { holder, transitions } of seen) expect([holder, transitions]).toEqual([first.holder, 0]);
  expect(run.stderr).toBe('');
  expect(new Set(parseWork(readFileSync(out, 'utf8')).map(({ token }) => token)).size).toBe(1);
  run.signal('SIGTERM');
  expect(await run.until(() => run.ended, 'its end')).toMatchObject({ code: 143 });
  await watch.until(({ holder }) => holder === '', 'release');
  watch.close();
});

/** How long what a plugin gives lasts, and how long it thinks. */
const LIFE_S = 12;
const THINKS_MS = 1_000;

/** A kubeconfig whose plugin hands out what lies in a file, slowly, and leaves a line for each of its runs. */
function pluginConfig(name: string): { kubeconfig: string; runs: () => number; supply: () => void } {
  const [token, log, path] = ['token', 'runs', 'kubeconfig'].map((what) => join(folder, `${name}.${what}`)) as [
    string,
    string,
    string,
  ];
  const supply = () => {
    const expirationTimestamp = new Date((Math.floor(Date.now() / 1000) + LIFE_S) * 1000).toISOString();
    const status = { token: account.tokenFor(LIFE_S), expirationTimestamp };
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status };
    writeFileSync(token, JSON.stringify(credential));
  };
  const script = `echo run >> '${log}'; sleep ${THINKS_MS / 1000}; exec cat '${token}'`;
  const config = parse(readFileSync(server.kubeconfig, 'utf8'));
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'sh',
    args: ['-c', script],
    interactiveMode: 'Never',
  };
  writeFileSync(path, stringify({ ...config, users: [{ name: config.users[0].name, user: { exec } }] }));
  supply();
  const runs = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0);
  return { kubeconfig: path, runs, supply };
}

it('a plugin: asked anew before what it gave expires, by leader and idle standby, and nothing waits for it', async () => {
  const [a, b] = [pluginConfig('a'), pluginConfig('b')];
  supplying = setInterval(() => {
    a.supply();
    b.supply();
  }, 500);
  const out = join(folder, 'plugin.work');
  const watch = await stranger.watch('with-plugin');
  const leader = new Acquiring(['with-plugin', ...SHORT, '--identity=a', '--', ...worker(out)], a);
  await watch.until(({ holder }) => holder === 'a', 'leader');
  const standby = new Acquiring(['with-plugin', ...SHORT, '--identity=b', '--', ...worker(out)], b);
  await standby.line('held by a');
  const since = now();
  const old = account.tokenFor(1);
  // Past two lives of a token, and past the ten seconds for which the server goes on accepting one.
  await watch.until((look) => ms(look.mono - since) > 2.5 * LIFE_S * 1000, 'renewals for so long', {
    since,
    timeoutMs: 4 * LIFE_S * 1000,
  });
  const seen = watch.looks.filter(({ mono }) => mono >= since);
  expect(await stranger.statusFor(old), 'tokens of this kind do expire').toBe(401);
  expect([leader.stderr, leader.ended]).toEqual(['', undefined]);
  expect(a.runs()).toBeGreaterThan(2);
  expect(b.runs()).toBeGreaterThan(2);
  const gaps = seen.slice(1).map((look, index) => ms(look.mono - (seen[index]?.mono ?? 0n)));
  // A renewal that waited for the plugin would be late by what it takes.
  expect(Math.max(...gaps)).toBeLessThan(THINKS_MS);

  const last = watch.looks.at(-1)?.mono ?? 0n;
  leader.signal('SIGKILL');
  const taken = await watch.until(({ holder }) => holder === 'b', 'takeover', { since: last });
  const renewed = watch.looks.findLast(({ holder }) => holder === 'a')?.mono ?? 0n;
  expect(ms(taken.mono - renewed) - 3000, 'the takeover waited for the plugin').toBeLessThan(THINKS_MS - 200);
  expect(standby.stderr).not.toContain('cannot');
  standby.signal('SIGTERM');
  await standby.until(() => standby.ended, 'its end');
  watch.close();
});
