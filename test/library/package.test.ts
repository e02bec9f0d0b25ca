/** The library as it would be installed: from the tarball, in a project of its own, compiled strictly, and run. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorld, type World } from './world.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const project = mkdtempSync(join(tmpdir(), 'kle-project-'));
const installed = join(project, 'node_modules/kle');
const run = promisify(execFile);
let world: World;

beforeAll(async () => {
  const said = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    cwd: root,
    encoding: 'utf8',
  });
  const [{ filename }] = JSON.parse(said) as [{ filename: string }];
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(project, filename), '-C', installed, '--strip-components=1']);
  world = await openWorld();
});
afterAll(async () => {
  await world.close();
  rmSync(project, { recursive: true, force: true });
});

const env = () => ({ ...process.env, KUBECONFIG: world.kubeconfig });

/** Everything that is public, used as a stranger would. `KubeConfig` stands for client-node's, whose types are elsewhere. */
const PROGRAM = `
import { ConnectError, connectLeases, LeaderElection, NotLeader, ObserveTimeout, OptionError } from 'kle';
import type { KubeConfigLike, LeaderElectionOptions, LeaderState, LeaseApi, LostReason, Term, Tried, Warning } from 'kle';

class KubeConfig {
  getCurrentContext(): string { return 'here'; }
  getContextObject(name: string): { name: string; cluster: string; user: string; readonly namespace?: string } | null { return { name, cluster: name, user: name }; }
  getCurrentCluster(): { name: string; caData?: string; readonly server: string; readonly skipTLSVerify: boolean; readonly tlsServerName?: string } | null { return null; }
  async applyToHTTPSOptions(options: { ca?: string; headers?: Record<string, unknown> }): Promise<void> { options.ca = 'PEM'; }
}
const shaped: KubeConfigLike = new KubeConfig();
const options: LeaderElectionOptions = {
  name: 'typed', leaseDuration: '2s', renewDeadline: 1_000, retryPeriod: '300ms', observeTimeout: '10s',
  onWarning: (warning: Warning) => { throw new Error(warning.message); },
};
export async function main(): Promise<string> {
  const api = await connectLeases();
  const anything: LeaseApi = api;
  const election = new LeaderElection({ ...options, api: anything, namespace: api.namespace });
  const state: LeaderState = election.state;
  const term: Term = await election.acquire({ signal: new AbortController().signal });
  state.check();
  const work = Promise.resolve(BigInt(term.token));
  const outcome: 'freed' | 'not-ours' | 'kept' | 'unconfirmed' = await term.stepDown(work);
  const reason: LostReason = await term.lost;
  const tried: Tried = await election.tryAcquireOrRenew();
  const rest: number = tried.outcome === 'held' ? tried.takeableInMs : 0;
  await using other = new LeaderElection({ ...options, kubeConfig: shaped });
  await other.acquire().catch((error: unknown) => {
    if (!(error instanceof ConnectError) || error.tries.length === 0) throw error;
  });
  try {
    new LeaderElection({ name: 'typed', leaseDuration: 1 });
  } catch (error) {
    if (!(error instanceof OptionError) || error.rule !== 'lease-duration-not-whole-seconds') throw error;
  }
  await election.close();
  api.close();
  return [outcome, reason, tried.outcome, rest, NotLeader.name, ObserveTimeout.name].join(' ');
}
main().then((text) => { process.stdout.write(text); });
`;

it.each([
  ['with Node’s types', { types: ['node'], lib: ['es2023', 'esnext.disposable'] }],
  ['with those of browsers alone', { types: [], lib: ['es2023', 'esnext.disposable', 'dom'] }],
  ['as a bundler resolves', { types: ['node'], lib: ['es2023'], module: 'preserve', moduleResolution: 'bundler' }],
])('compiles strictly, every declaration checked, %s', async (_, given) => {
  // Of all that is installed here a project like this may have Node's types, and those need undici's.
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  link('@types/node');
  link('undici-types');
  const source = given.types.length > 0 ? PROGRAM : PROGRAM.replace(/^main\(\).*$/m, '');
  writeFileSync(join(project, 'main.mts'), source);
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    outDir: 'out',
    rootDir: '.',
    ...given,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.mts'] }));
  const compiled = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project]).catch(
    (error: { stdout: string }) => error,
  );
  expect(compiled.stdout).toBe('');
  if (given.types.length === 0) return;
  const ran = await run(process.execPath, [join(project, 'out/main.mjs')], { env: env() });
  expect(ran.stdout).toBe('freed stepped-down acquired 0 NotLeader ObserveTimeout');
});

function link(name: string): void {
  try {
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

it('has declarations that import nothing', () => {
  const text = readFileSync(join(installed, 'dist/index.d.mts'), 'utf8');
  expect(text).not.toMatch(/\bimport\b.*from|\bimport\(|\brequire\(|reference (types|path)/);
});

it('loads with require too, where Node can', async () => {
  const { stdout } = await run(process.execPath, ['-e', "console.log(typeof require('kle').LeaderElection)"], {
    cwd: project,
  });
  expect(stdout).toBe('function\n');
});

it('brings examples, each of which is run below', () => {
  const files = readdirSync(join(installed, 'examples')).sort();
  expect(files).toEqual(['by-hand.mjs', 'fencing.mjs', 'try-finally.mjs', 'worker.mjs']);
});

it.each([
  ['by-hand.mjs', /^beat 1: acquired\nbeat 2: renewed\nbeat 3: renewed\n$/],
  ['fencing.mjs', /^refused: token \d+ is older than \d+\nthe store holds what was written by the second leader\n$/],
  ['try-finally.mjs', /^fetch\ncompute\nstore\nfreed\n$/],
])('runs %s', async (file, expected) => {
  const { stdout, stderr } = await run(process.execPath, [join(installed, 'examples', file)], { env: env() });
  expect(stderr).toBe('');
  expect(stdout).toMatch(expected);
});

it('runs worker.mjs twice: the second takes over when the first is told to end', async () => {
  const [first, second] = [worker(), worker()];
  try {
    await expect.poll(() => [first, second].some(working)).toBe(true);
    const [leader, standby] = working(first) ? [first, second] : [second, first];
    await expect.poll(() => standby.said(), { timeout: 5_000 }).toMatch(/ leads\n/);
    expect(working(standby)).toBe(false);
    leader.child.kill('SIGTERM');
    expect(await leader.ended).toBe(0);
    expect(leader.said()).toMatch(/\nstepped-down: freed\n/);
    await expect.poll(() => working(standby)).toBe(true);
    standby.child.kill('SIGINT');
    expect(await standby.ended).toBe(0);
    expect(world.lease('example-worker')?.holder).toBe('');
  } finally {
    first.child.kill('SIGKILL');
    second.child.kill('SIGKILL');
  }
});

const working = (one: ReturnType<typeof worker>) => one.said().includes('item 1 ');

function worker() {
  const child = spawn(process.execPath, [join(installed, 'examples/worker.mjs')], { env: env() });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended, said: () => said };
}
