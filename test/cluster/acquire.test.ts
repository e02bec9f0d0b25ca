/**
 * `kle acquire` with real processes on a real kube-apiserver: three candidates, one Lease, one fault a round.
 *
 *   node scripts/test-cluster.mjs acquire.test              10 rounds, then a few of other kinds
 *   node scripts/test-cluster.mjs --long acquire.test       100 rounds, and some at 15/10/2 s
 *   KLE_TEST_SEED=7 KLE_TEST_ROUNDS=3 …                     the same rounds again
 *   KLE_TEST_FAULT='Lease cleared' …                        one fault only
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { longTrials, play, type Trial, tooFast, trials } from '../support/acquire-faults.js';
import { Acquiring, endAll, SHORT, worker } from '../support/acquire-run.js';
import { type Random, randomOf, Stage, type Timing } from '../support/acquire-stage.js';
import { Stranger } from '../support/acquire-watch.js';
import { type ApiServer, startApiServer } from '../support/apiserver.js';
import { type Faketime, findFaketime } from '../support/faketime.js';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.js';
import { type Freezer, findFreezer } from '../support/freezer.js';

const SHORT_TIMING: Timing = { leaseMs: 3000, renewMs: 2000, retryMs: 400 };
const USUAL_TIMING: Timing = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2000 };

const long = process.env.KLE_TEST_LONG === '1';
const seed = Number(process.env.KLE_TEST_SEED ?? Math.floor(Math.random() * 1_000_000));
const rounds = Number(process.env.KLE_TEST_ROUNDS ?? (long ? 100 : 10));
const only = process.env.KLE_TEST_FAULT;
const faketime: Faketime | null = await findFaketime();
const freezer: Freezer | null = findFreezer();

let server: ApiServer;
let proxy: FaultProxy;
let stranger: Stranger;
const folder = mkdtempSync(join(tmpdir(), 'kle-acquire-rounds-'));
const figures = new Map<string, number[]>();

beforeAll(async () => {
  server = await startApiServer({ binary: process.env.KLE_TEST_APISERVER ?? '' });
  proxy = await startFaultProxy({ kubeconfig: server.kubeconfig });
  stranger = new Stranger(server.kubeconfig);
});

afterAll(async () => {
  await endAll();
  stranger?.close();
  await proxy?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(report());
});

function report(): string {
  const number = (value: number | undefined) => (value ?? 0).toFixed(1);
  const lines = [...figures].sort().map(([name, values]) => {
    const sorted = [...values].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    return `  ${name}: n ${sorted.length}, median ${number(median)} ms, most ${number(sorted.at(-1))} ms`;
  });
  return ['acquire: figures of the rounds', ...lines, ''].join('\n');
}

/** Every fault once before any comes again, in an order of the seed. */
function plan(count: number, random: Random): Trial[] {
  const can = (trial: Trial) => (faketime || !trial.wall) && (freezer || !trial.freezer);
  const fit = trials.filter((trial) => (only ? trial.name === only : true) && can(trial));
  const all: Trial[] = [];
  while (all.length < count) all.push(...shuffled(fit, random));
  return all.slice(0, count);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

async function round(lease: string, trial: Trial, timing: Timing, random: Random): Promise<void> {
  const about = `seed ${seed}, ${lease}: ${trial.name}`;
  const place = { lease, folder, kubeconfig: server.kubeconfig, timing, random, stranger };
  const found = await play(trial, place, { proxy, faketime, freezer }, about);
  for (const [what, value] of Object.entries(found)) {
    const key = what === 'overlap' && trial.allowOverlapMs ? `overlap, ${trial.name}` : what;
    figures.set(key, [...(figures.get(key) ?? []), value]);
  }
}

describe(`seed ${seed}, 3/2/0.4 s`, () => {
  const random = randomOf(seed);
  const planned = plan(rounds, random).map((trial, n) => ({ n, trial, own: randomOf(Math.floor(random() * 2 ** 32)) }));
  for (const { n, trial, own } of planned) {
    it(`round ${n}: ${trial.name}`, () => round(`round-${n}`, trial, SHORT_TIMING, own));
  }
});

describe.runIf(long && !only)(`seed ${seed}, 15/10/2 s`, () => {
  const random = randomOf(seed);
  for (const [n, name] of longTrials.entries()) {
    const trial = trials.find((one) => one.name === name);
    if (!trial) throw new Error(`no fault ${name}`);
    it(name, () => round(`usual-${n}`, trial, USUAL_TIMING, random), 180_000);
  }
});

it.runIf(faketime && !only)('the checker sees what a clock twice as fast comes to', async () => {
  const place = { folder, kubeconfig: server.kubeconfig, timing: SHORT_TIMING, stranger };
  const random = randomOf(seed);
  const played = play(tooFast, { ...place, lease: 'too-fast', random }, { proxy, faketime }, `seed ${seed}`);
  await expect(played).rejects.toThrow(/overlap: a and fast both worked/);
});

it('the checker sees work that no Lease guards', async () => {
  const stage = new Stage({
    lease: 'unguarded',
    folder,
    kubeconfig: server.kubeconfig,
    timing: SHORT_TIMING,
    random: randomOf(seed),
    stranger,
  });
  await stage.open(1);
  const leader = await stage.leader();
  const env = { KLE_IDENTITY: 'rogue', KLE_FENCING_TOKEN: '1' };
  const command = worker(join(folder, 'unguarded.work'));
  const rogue = new Acquiring(['--leader-elect=false', 'unguarded', ...SHORT, '--', ...command], {
    kubeconfig: server.kubeconfig,
    env,
  });
  await rogue.until(() => stage.units().find(({ identity }) => identity === 'rogue'), 'work of the rogue');
  await stage.keeps(leader, 2);
  rogue.signal('SIGTERM');
  await rogue.exited;
  await expect(stage.close(0, 'a rogue')).rejects.toThrow(/overlap: a and rogue both worked/);
});
