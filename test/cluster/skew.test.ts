/**
 * `kle skew --by=-1h --hold 20s` on unmodified electors: kube-leader-election, which compares renewTime with its own clock,
 * takes the Lease of its live holder and is reported; client-go does not; what was shifted is put back.
 *
 *   node scripts/test-cluster.mjs skew.test              each once, and with kle's clock an hour wrong both ways
 *   node scripts/test-cluster.mjs --long skew.test       10 rounds of each
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, type Round, type RoundOptions, renewedMs, type VerbRun } from '../support/elector-round.js';
import { findFaketime, setClock } from '../support/faketime.js';
import { RoundFigures } from '../support/round-figures.js';
import { ms } from '../support/worker-log.js';

const long = process.env.KLE_TEST_LONG === '1';
const faketime = await findFaketime();
const HOUR_MS = 3_600_000;

let cluster: Cluster;
const figures = new RoundFigures('skew --by=-1h --hold 20s, least / median / most');

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(async () => {
  await cluster?.stop();
  process.stderr.write(figures.report());
});

interface Case extends RoundOptions {
  readonly name: string;
  /** Of kle's own clock. */
  readonly clockMs?: number;
}

async function skew(test: Case): Promise<void> {
  const wall = await setClock(faketime, test.clockMs);
  const round = await cluster.round(test);
  try {
    const old = round.leader.identity;
    const run = await round.run('skew', ['--by=-1h', '--hold', '20s'], wall);
    const { result, said } = run;
    expect(run.code, said).toBe(0);
    expect(result.wouldFool.map(({ family }) => family)).toContain('kube-leader-election');
    expect(result.wouldFool.map(({ family }) => family)).not.toContain('client-go');
    everyShiftIsOfARenewal(round, run);
    if (test.library === 'kube-leader-election') await fooled(test, round, run, old);
    else await notFooled(test, round, run, old);
    expect(await round.leftovers()).toEqual([]);
  } finally {
    await round.close();
    await wall?.remove();
  }
}

/** To the microsecond an hour before what the holder wrote just before, whatever any clock says. */
function everyShiftIsOfARenewal(round: Round, { result, startedAt }: VerbRun): void {
  const times = round.watch.looks.map(({ renewTime }) => renewTime);
  expect(result.skewed.length).toBeGreaterThan(0);
  for (const { from, to } of result.skewed) {
    expect(renewedMs(from) - renewedMs(to)).toBe(HOUR_MS);
    expect(times).toContain(from);
    expect(times[times.indexOf(from) + 1]).toBe(to);
  }
  expect(shifted(round, startedAt).length).toBe(result.skewed.length);
}

/** Looks at what kle wrote: no clock here is an hour wrong but kle's own. */
function shifted(round: Round, since: bigint) {
  const before = renewedMs(round.watch.looks[0]?.renewTime ?? null) - HOUR_MS / 2;
  return round.watch.looks.filter(({ mono, renewTime }) => mono >= since && renewedMs(renewTime) < before);
}

async function fooled(test: Case, round: Round, { result, said, startedAt }: VerbRun, old: string): Promise<void> {
  const took = round.watch.looks.find(({ mono, holder }) => mono >= startedAt && holder !== old);
  const before = round.watch.looks.findLast(({ holder, mono }) => holder === old && mono < (took?.mono ?? 0n));
  expect([result.outcome, result.to], said).toEqual(['fooled', took?.holder]);
  expect(result.takeovers).toMatchObject([
    { from: old, to: took?.holder, transitions: { from: before?.transitions, to: took?.transitions } },
  ]);
  await round.works(took?.holder ?? '', took?.mono ?? 0n);
  await round.renewed(2);
  await round.settles(result.possibleOverlapMs);
  const overlapMs = round.overlapMs();
  expect(overlapMs, round.draw()).toBeLessThanOrEqual(result.possibleOverlapMs);
  expect(overlapMs).toBeLessThanOrEqual(result.prediction.possibleOverlapMs);
  const { mostMs } = result.prediction.usualStop;
  expect(overlapMs).toBeLessThanOrEqual(mostMs ?? Number.NaN);
  figures.add(test.name, 'fooled', {
    'taken after the first shift': ms((took?.mono ?? 0n) - (shifted(round, startedAt)[0]?.mono ?? 0n)),
    'overlap of work': overlapMs,
    'bound that kle gives': result.possibleOverlapMs,
  });
}

async function notFooled(test: Case, round: Round, run: VerbRun, old: string): Promise<void> {
  const { result, said, startedAt, endedAt } = run;
  expect([result.outcome, result.takeovers], said).toEqual(['not-fooled', []]);
  expect(result.skewed.length, said).toBeGreaterThanOrEqual(5);
  // Put back: after the last shift the holder's own time, and so it was when kle ended.
  const last = shifted(round, startedAt).at(-1);
  const after = round.watch.looks.find(({ mono }) => mono > (last?.mono ?? 0n));
  expect(renewedMs(after?.renewTime ?? null) - renewedMs(last?.renewTime ?? null)).toBeGreaterThanOrEqual(HOUR_MS);
  expect(after?.mono).toBeLessThan(endedAt + 100_000_000n);
  await round.renewed(3);
  expect(new Set(round.watch.looks.filter(({ mono }) => mono >= startedAt).map(({ holder }) => holder))).toEqual(
    new Set([old]),
  );
  expect(round.workers(20_000), round.draw()).toEqual([old]);
  expect(round.overlaps(), round.draw()).toEqual([]);
  figures.add(test.name, 'not fooled', { 'overlap of work': round.overlapMs() });
}

describe('an hour into the past', { concurrent: true }, () => {
  const rounds = (library: RoundOptions['library'], count: number, more: Partial<Case> = {}, word = ''): Case[] =>
    Array.from({ length: count }, (_, n) => ({
      name: `${library}${word && `, kle's clock an hour ${word}`}`,
      lease: `skew-${library}${word && `-${word}`}-${n}`,
      library,
      candidates: 2 + (n % 2),
      phaseMs: (n * 2_000) / count,
      ...more,
    }));
  const wrong = faketime ? ([-HOUR_MS, HOUR_MS] as const) : [];
  const libraries = ['client-go', 'kube-leader-election'] as const;
  const clocks = wrong.flatMap((clockMs) =>
    libraries.flatMap((library) => rounds(library, 1, { clockMs }, clockMs < 0 ? 'behind' : 'ahead')),
  );
  const all = libraries.flatMap((library) => rounds(library, long ? 10 : 2));
  it.each([...all, ...(long ? rounds('controller-runtime', 10) : []), ...clocks])('$lease', skew);
});
