/** The library on a real kube-apiserver, with the KubeConfig of an unmodified @kubernetes/client-node. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type KubeConfigLike, LeaderElection, type LeaderElectionOptions, type Warning } from '../../src/index.js';
import { type LeaseWatch, Stranger } from '../support/acquire-watch.js';
import { type ApiServer, startApiServer } from '../support/apiserver.js';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js';
import { PodFolder, RBAC, ServiceAccount } from '../support/service-account.js';
import { ms } from '../support/worker-log.js';

/** As much of client-node's class as these tests call beside the library. */
interface KubeConfig extends KubeConfigLike {
  loadFromFile(file: string): void;
  loadFromCluster(prefix: string): void;
}
type NewKubeConfig = new () => KubeConfig;

const clientNode = process.env.KLE_TEST_CLIENT_NODE ?? '';
const folder = mkdtempSync(join(tmpdir(), 'kle-cluster-library-'));
const SHORT = { leaseDuration: '3s', renewDeadline: '2s', retryPeriod: '400ms' } as const;

let server: ApiServer;
let stranger: Stranger;
let proxy: FaultProxy;
let account: ServiceAccount;
let KubeConfig: NewKubeConfig;
const elections: LeaderElection[] = [];
const watches: LeaseWatch[] = [];

beforeAll(async () => {
  const main = createRequire(import.meta.url)(join(clientNode, 'package.json')).main as string;
  ({ KubeConfig } = (await import(pathToFileURL(join(clientNode, main)).href)) as { KubeConfig: NewKubeConfig });
  server = await startApiServer({ binary: process.env.KLE_TEST_APISERVER ?? '' });
  stranger = new Stranger(server.kubeconfig);
  proxy = await startFaultProxy({ kubeconfig: server.kubeconfig });
  account = await ServiceAccount.create(stranger, server);
});
afterEach(async () => {
  await Promise.all(elections.splice(0).map((one) => one.close()));
  for (const watch of watches.splice(0)) watch.close();
});
afterAll(async () => {
  await proxy?.close();
  stranger?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function electionOf(options: LeaderElectionOptions): LeaderElection {
  const election = new LeaderElection({ namespace: 'default', ...SHORT, ...options });
  elections.push(election);
  return election;
}

async function watchOf(lease: string): Promise<LeaseWatch> {
  const watch = await stranger.watch(lease);
  watches.push(watch);
  return watch;
}

function fromFile(path: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

/** The administrator's kubeconfig with another user in it. */
function kubeconfigWith(user: object, namespace?: string): string {
  const path = join(folder, `${Math.random()}.kubeconfig`);
  const config = parse(readFileSync(server.kubeconfig, 'utf8'));
  const [{ name, context }] = config.contexts;
  writeFileSync(
    path,
    stringify({
      ...config,
      contexts: [{ name, context: { ...context, ...(namespace && { namespace }) } }],
      users: [{ name: config.users[0].name, user }],
    }),
  );
  return path;
}

/** A plugin whose token lasts for `seconds` and then for the ten during which the server goes on accepting it. */
function plugin(seconds: number): { user: object; runs: () => number; supply: () => void } {
  const [token, log] = [join(folder, `${Math.random()}.token`), join(folder, `${Math.random()}.runs`)];
  const supply = () => {
    const status = {
      token: account.tokenFor(seconds),
      expirationTimestamp: new Date(Date.now() + seconds * 1000).toISOString(),
    };
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status };
    writeFileSync(token, JSON.stringify(credential));
  };
  supply();
  const args = ['-c', `echo run >> '${log}'; exec cat '${token}'`];
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args, interactiveMode: 'Never' };
  const runs = () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0);
  return { user: { exec }, runs, supply };
}

describe('the KubeConfig of client-node', () => {
  it.each([
    ['certificates', () => fromFile(server.kubeconfig)],
    ['a token', () => fromFile(kubeconfigWith({ token: account.tokenFor(600) }))],
    ['a plugin', () => fromFile(kubeconfigWith(plugin(600).user))],
    [
      'a Pod’s service account',
      () => {
        const prefix = join(folder, 'pod');
        const pod = new PodFolder(
          join(prefix, 'var/run/secrets/kubernetes.io/serviceaccount'),
          readFileSync(join(server.dir, 'ca.crt'), 'utf8'),
          account.tokenFor(600),
        );
        expect(existsSync(pod.path)).toBe(true);
        const { hostname, port } = new URL(server.server);
        Object.assign(process.env, { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port });
        const config = new KubeConfig();
        config.loadFromCluster(prefix);
        delete process.env.KUBERNETES_SERVICE_HOST;
        return config;
      },
    ],
  ])('with %s: leads, and frees the Lease', async (what, make) => {
    const name = `shape-${what.replace(/\W+/g, '-').toLowerCase()}`;
    const watch = await watchOf(name);
    const warnings: Warning[] = [];
    const onWarning = (warning: Warning) => warnings.push(warning);
    const term = await electionOf({ kubeConfig: make(), name, identity: 'one', onWarning }).acquire();
    await watch.until(({ holder }) => holder === 'one', 'holder');
    await term[Symbol.asyncDispose]();
    expect(await term.ended).toBe('freed');
    await watch.until(({ holder }) => holder === '', 'release');
    expect(warnings).toEqual([]);
  });

  it('brings its namespace', async () => {
    const kubeConfig = fromFile(kubeconfigWith({ token: account.tokenFor(600) }, 'elsewhere'));
    const failed = await new LeaderElection({ kubeConfig, name: 'any', ...SHORT }).tryAcquireOrRenew();
    expect(failed).toMatchObject({ outcome: 'failed', failure: { kind: 'forbidden' } });
    expect(JSON.stringify(failed)).toContain('in the namespace \\"elsewhere\\"');
  });

  it('with a plugin whose token is refused while it leads: goes on with the next one', async () => {
    const { user, runs, supply } = plugin(4);
    const supplying = setInterval(supply, 500);
    const watch = await watchOf('expiring');
    const warnings: Warning[] = [];
    const one = electionOf({
      kubeConfig: fromFile(kubeconfigWith(user)),
      name: 'expiring',
      identity: 'one',
      onWarning: (warning) => warnings.push(warning),
    });
    const term = await one.acquire();
    const since = process.hrtime.bigint();
    const refused = account.tokenFor(1);
    await watch.until((look) => ms(look.mono - since) > 16_000, 'renewals for 16 s', { since, timeoutMs: 25_000 });
    clearInterval(supplying);
    expect(await stranger.statusFor(refused)).toBe(401);
    expect(term.isLeader()).toBe(true);
    expect(runs()).toBeGreaterThan(1);
    expect(warnings).toEqual([]);
    const gaps = watch.looks.slice(1).map(({ mono }, index) => ms(mono - (watch.looks[index]?.mono ?? 0n)));
    expect(Math.max(...gaps)).toBeLessThan(2000);
    term.workStopped();
  });

  it('is a KubeConfigLike by its own types', async () => {
    const project = join(folder, 'project');
    mkdirSync(join(project, 'node_modules'), { recursive: true });
    const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
    // Whole, so that its own packages are found beside it.
    symlinkSync(join(clientNode, '..'), join(project, 'node_modules/@kubernetes'));
    symlinkSync(root, join(project, 'node_modules/kle'));
    writeFileSync(
      join(project, 'main.mts'),
      `import { KubeConfig } from '@kubernetes/client-node';
       import { LeaderElection } from 'kle';
       const kubeConfig = new KubeConfig();
       kubeConfig.loadFromDefault();
       export const election = new LeaderElection({ kubeConfig, name: 'typed' });`,
    );
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      exactOptionalPropertyTypes: true,
      lib: ['es2023', 'esnext.disposable', 'dom'],
      // client-node's own declarations want more than is installed here.
      skipLibCheck: true,
      types: [],
      noEmit: true,
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.mts'] }));
    const tsc = join(root, 'node_modules/.bin/tsc');
    const compile = () => promisify(execFile)(tsc, ['-p', project]);
    await expect(compile()).resolves.toBeDefined();
    writeFileSync(
      join(project, 'main.mts'),
      `import { KubeConfig } from '@kubernetes/client-node';
       import { LeaderElection } from 'kle';
       export const election = new LeaderElection({ kubeConfig: new KubeConfig().users, name: 'typed' });`,
    );
    await expect(compile()).rejects.toMatchObject({ stdout: expect.stringContaining('TS2') });
  });
});

describe('a term', () => {
  it('is handed over, with a larger token', async () => {
    const [one, two] = ['one', 'two'].map((identity) =>
      electionOf({ kubeConfig: server.kubeconfig, name: 'handed', identity }),
    ) as [LeaderElection, LeaderElection];
    const first = await one.acquire();
    const next = two.acquire();
    await expect.poll(() => two.state.holder).toBe('one');
    const freed = await first.stepDown(Promise.resolve());
    const at = process.hrtime.bigint();
    const second = await next;
    expect(freed).toBe('freed');
    // Loose: the figures come from the bench. A poll would take 400 ms at the least.
    expect(ms(process.hrtime.bigint() - at)).toBeLessThan(350);
    expect(BigInt(second.token)).toBeGreaterThan(BigInt(first.token));
    second.workStopped();
  });

  it('is lost at the renew deadline when the network falls silent, and another takes the Lease', async () => {
    const client = await proxy.client('silent');
    const one = electionOf({ kubeConfig: client.kubeconfig, name: 'silent', identity: 'one' });
    const two = electionOf({ kubeConfig: server.kubeconfig, name: 'silent', identity: 'two' });
    const first = await one.acquire();
    const next = two.acquire();
    await expect.poll(() => two.state.holder).toBe('one');
    client.blackhole();
    const at = process.hrtime.bigint();
    expect(await first.lost).toBe('renew-deadline-exceeded');
    expect(ms(process.hrtime.bigint() - at)).toBeLessThan(2000 + 400);
    expect(two.state.isLeader()).toBe(false);
    const second = await next;
    expect(ms(process.hrtime.bigint() - at)).toBeGreaterThan(3000 - 400 - 100);
    expect(BigInt(second.token)).toBeGreaterThan(BigInt(first.token));
    first.workStopped();
    second.workStopped();
    await client.heal();
  });

  it('is lost to a thief, and says to whom', async () => {
    const one = electionOf({ kubeConfig: server.kubeconfig, name: 'stolen', identity: 'one' });
    const term = await one.acquire();
    await stranger.patch('stolen', { spec: { holderIdentity: 'thief' } });
    expect(await term.lost).toBe('holder-changed');
    expect(term.signal.reason).toMatchObject({ holder: 'thief' });
    term.workStopped();
    expect(await term.ended).toBe('not-ours');
  });

  it('goes on when its Lease is deleted', async () => {
    const watch = await watchOf('deleted');
    const term = await electionOf({ kubeConfig: server.kubeconfig, name: 'deleted', identity: 'one' }).acquire();
    await stranger.delete('deleted');
    const since = (await watch.until(({ type }) => type === 'DELETED', 'deletion')).mono;
    await watch.until(({ holder }) => holder === 'one', 'the Lease again', { since });
    expect(term.isLeader()).toBe(true);
    term.workStopped();
  });
});

const VERBS = ['get', 'list', 'watch', 'create', 'update'];

describe('a right that is missing', () => {
  /** Whoever presents `viewer-token`, with all of the verbs but some. */
  async function viewerWithout(...missing: string[]): Promise<string> {
    const name = `without-${missing.join('-')}`;
    const verbs = VERBS.filter((verb) => !missing.includes(verb));
    const rules = [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs }];
    await stranger.ask('POST', `${RBAC}/roles`, { metadata: { name }, rules });
    await stranger.ask('POST', `${RBAC}/rolebindings`, {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'viewer' }],
    });
    granted.push(name);
    return kubeconfigWith({ token: 'viewer-token' });
  }
  const granted: string[] = [];
  afterEach(async () => {
    for (const name of granted.splice(0)) await stranger.ask('DELETE', `${RBAC}/rolebindings/${name}`);
  });

  function told(kubeConfig: string, name: string) {
    const warnings: Warning[] = [];
    const one = electionOf({ kubeConfig, name, identity: 'viewer', onWarning: (warning) => warnings.push(warning) });
    return { one, warnings };
  }
  const free = (name: string) => stranger.create(name, { holderIdentity: '', leaseDurationSeconds: 1 });

  it.each([
    ['create', ['create'], false],
    ['update', ['update'], true],
    // A watch tells what the Lease is: only without one is it read.
    ['get', ['get', 'list', 'watch'], true],
  ])('%s: told with its verb and what to do, and nothing is led', async (verb, missing, exists) => {
    const name = `no-${verb}`;
    if (exists) await free(name);
    const { one, warnings } = told(await viewerWithout(...missing), name);
    const stop = new AbortController();
    const waiting = one.acquire({ signal: stop.signal });
    const right = () => warnings.find(({ failure }) => failure?.kind === 'forbidden' && failure.verb === verb);
    await expect.poll(right, { timeout: 5000 }).toMatchObject({
      code: 'request-failed',
      message: expect.stringContaining(`kubectl auth can-i ${verb} leases -n default`),
      failure: { kind: 'forbidden', resource: 'leases' },
    });
    expect(one.state.isLeader()).toBe(false);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const tried = await one.tryAcquireOrRenew();
    expect(tried).toMatchObject({ outcome: 'failed', failure: { kind: 'forbidden', verb } });
  });

  it.each(['watch', 'list'])('%s: said once, and polled instead', async (verb) => {
    const name = `no-${verb}`;
    const leader = electionOf({ kubeConfig: server.kubeconfig, name, identity: 'leader' });
    const first = await leader.acquire();
    const { one, warnings } = told(await viewerWithout(verb), name);
    const next = one.acquire();
    await expect.poll(() => one.state.holder, { timeout: 5000 }).toBe('leader');
    await first.stepDown(Promise.resolve());
    const second = await next;
    expect(BigInt(second.token)).toBeGreaterThan(BigInt(first.token));
    expect(warnings.map(({ code }) => code)).toEqual(['watch-refused']);
    expect(warnings[0]).toMatchObject({
      message: expect.stringContaining(`kubectl auth can-i ${verb} leases -n default`),
      failure: { kind: 'forbidden', verb },
    });
    second.workStopped();
  });
});
