/**
 * `kle release` by fence on unmodified electors, at leaseDuration 15 s, renewDeadline 10 s, retryPeriod 2 s: who leads next,
 * that nobody works beside it, and that what kle says of it is what an independent watch and the work itself say.
 *
 *   node scripts/test-cluster.mjs release.test             5 rounds of each Go library, then each other case once
 *   node scripts/test-cluster.mjs --long release.test      20 of each
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeaseLook } from '../support/acquire-watch.js';
import { Cluster, type Round, type RoundOptions, type VerbRun } from '../support/elector-round.js';
import { findFaketime, setClock } from '../support/faketime.js';
import { RoundFigures } from '../support/round-figures.js';
import { ms } from '../support/worker-log.js';

const long = process.env.KLE_TEST_LONG === '1';
const rounds = long ? 20 : 5;
const faketime = await findFaketime();
const HOUR_MS = 3_600_000;
/** Two watches of the same events, in two processes of a loaded machine. */
const WATCHES_AGREE_MS = 100;
/** Between two units of a worker. */
const UNIT_MS = 60;
/** A loaded machine is late with its polls; no promise of kle's. */
const SLACK_MS = 1_000;
/** Server clock and holder's offset, each known to some 100 ms after a few answers. */
const TIMES_AGREE_MS = 1_000;

const KUBE = 'kube-leader-election' as const;

let cluster: Cluster;
const figures = new RoundFigures('release by fence, least / median / most');

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(async () => {
  await cluster?.stop();
  process.stderr.write(figures.report());
});

interface Case extends RoundOptions {
  readonly name: string;
  readonly flags?: readonly string[];
  /** `--to` the last standby. */
  readonly to?: boolean;
  /** Of kle's own clock. */
  readonly clockMs?: number;
  /** Of the electors' clocks: Rust alone is moved. */
  readonly electorsMs?: number;
}

interface Played {
  readonly round: Round;
  readonly run: VerbRun;
  readonly old: string;
  readonly to: string;
}

/** One round to its end, and what holds of every one. */
async function play(test: Case, judge: (played: Played) => void | Promise<void>): Promise<void> {
  const electors = await setClock(faketime, test.electorsMs);
  const wall = await setClock(faketime, test.clockMs);
  const round = await cluster.round({ ...test, ...(electors && { wall: electors }) });
  try {
    const [old, to] = [round.leader.identity, round.standby.identity];
    const flags = [...(test.flags ?? []), ...(test.to ? ['--to', to] : [])];
    const run = await round.run('release', flags, wall);
    await judge({ round, run, old, to });
  } finally {
    await round.close();
    await electors?.remove();
    await wall?.remove();
  }
}

/** Somebody leads, nobody worked beside anybody, and kle's figures are those of the watch and of the work. */
async function judge(test: Case, { round, run, old, to }: Played): Promise<void> {
  const { result } = run;
  const about = `${test.name}\n${run.said}\n`;
  const { taken, next } = await round.handOver(run, test.to);
  await round.works(next.holder, next.mono);
  await round.renewed(2);
  expect(round.overlapsWithLeaderOf(taken.mono), about + round.draw()).toEqual([]);
  // By the elector's own race for a free Lease, where it has no compare-and-swap.
  const races = test.library === KUBE && !test.to;
  expect(result.possibleOverlapMs > 0).toBe(races);
  expect(round.overlapMs(), about + round.draw()).toBeLessThanOrEqual(result.possibleOverlapMs);
  if (!races) expect(round.overlaps()).toEqual([]);
  expect(result.to, about).toBe(test.to ? to : next.holder);
  const returned = next.holder === old;
  expect([result.outcome, run.code], about).toEqual(returned ? ['returned', 1] : ['handed-over', 0]);
  expect(result.warnings.some(({ code }) => code === 'old-leader-contends')).toBe(races);
  if (!races) expect(returned, about).toBe(false);
  expect(await round.leftovers()).toEqual([]);
  judgeFigures(test, { round, run, old, to: next.holder, taken, next });
}

function judgeFigures(
  test: Case,
  { round, run, old, to, taken, next }: Played & { taken: LeaseLook; next: LeaseLook },
): void {
  const { result } = run;
  const about = `${test.name}\n${run.said}\n`;
  const leaderlessMs = ms(next.mono - taken.mono);
  const differMs = Math.abs((result.leaderlessMs ?? Number.NaN) - leaderlessMs);
  expect(differMs, `kle says ${result.leaderlessMs}, the watch ${leaderlessMs}; ${about}`).toBeLessThan(
    WATCHES_AGREE_MS,
  );
  const { leaderless, usualStop } = result.prediction;
  expect(leaderlessMs, about).toBeGreaterThanOrEqual(leaderless.leastMs - WATCHES_AGREE_MS);
  expect(leaderlessMs, about).toBeLessThanOrEqual((leaderless.mostMs ?? Number.NaN) + SLACK_MS);

  const gapMs = round.workGapMs(old, to, run.startedAt);
  expect(gapMs, about).toBeGreaterThanOrEqual(result.workGapMinMs ?? Number.NaN);
  expect(gapMs, about).toBeLessThanOrEqual((result.workGapMaxMs ?? Number.NaN) + UNIT_MS);
  const stoppedMs = ms(round.lastUnit(old, taken.mono) - taken.mono);
  expect(stoppedMs, about).toBeLessThanOrEqual((usualStop.mostMs ?? Number.NaN) + SLACK_MS);
  const offMs = Math.max(...round.timesOfKle(run.startedAt).map((one) => Math.abs(one - (test.electorsMs ?? 0))));
  expect(offMs, 'times that kle wrote follow the server and the holder').toBeLessThan(TIMES_AGREE_MS);
  figures.add(test.name, result.outcome, {
    'without a leader, as kle says': result.leaderlessMs,
    'and as the watch saw it, apart by': differMs,
    'gap in work': gapMs,
    workGapMinMs: result.workGapMinMs,
    workGapMaxMs: result.workGapMaxMs,
    'old leader worked on for': stoppedMs,
    'overlap of work': round.overlapMs(),
    'times written are off by': offMs,
  });
}

const DRAIN_MS = 2_500;

async function saysItself(work: string, drainMs: number, n: number): Promise<void> {
  const test: Case = {
    name: `kle acquire, work that takes ${drainMs} ms to end`,
    lease: `kle-${drainMs}-${n}`,
    library: 'kle',
    candidates: 2,
    work,
  };
  await play(test, async ({ round, run, old }) => {
    const { taken, next } = await round.handOver(run);
    await round.works(next.holder, next.mono);
    await round.renewed(1);
    expect(round.overlaps(), round.draw()).toEqual([]);
    expect(run.result.outcome, run.said).toBe('handed-over');
    expect(run.result.steps.map(({ step }) => step)).toContain('stopped-notice');
    const leaderlessMs = ms(next.mono - taken.mono);
    expect(leaderlessMs).toBeGreaterThanOrEqual(drainMs);
    expect(leaderlessMs).toBeLessThan(drainMs + 250 + (long ? 0 : SLACK_MS));
    const differMs = Math.abs((run.result.leaderlessMs ?? Number.NaN) - leaderlessMs);
    expect(differMs).toBeLessThan(WATCHES_AGREE_MS);
    expect(await round.leftovers()).toEqual([]);
    figures.add(test.name, run.result.outcome, {
      'without a leader, as kle says': run.result.leaderlessMs,
      'and as the watch saw it, apart by': differMs,
      'gap in work': round.workGapMs(old, next.holder, run.startedAt),
      'overlap of work': round.overlapMs(),
    });
  });
}

// Three at a time, and before the others: what is measured here is a quarter of a second.
it('kle acquire says when it has stopped, so that nobody waits longer', { timeout: 300_000 }, async () => {
  for (let n = 0; n < (long ? 5 : 1); n++) {
    await Promise.all([
      saysItself('', 0, n),
      saysItself('drain=800', 800, n),
      // Killed at the end of the drain.
      saysItself('ignore-term', DRAIN_MS, n),
    ]);
  }
});

const GO = ['client-go', 'controller-runtime'] as const;
const numbers = Array.from({ length: rounds }, (_, n) => n);

describe('electors that say nothing', { concurrent: true }, () => {
  const fences = GO.flatMap((library) =>
    numbers.map((n): Case => ({ name: library, lease: `fence-${library}-${n}`, library, candidates: 2 + (n % 2) })),
  );
  // It polls without jitter: who is the first after the free is a matter of phases, so these are all over the period.
  const kube = (count: number, retryPeriod: '2s' | '5s'): Case[] =>
    Array.from({ length: count }, (_, n) => {
      const phaseMs = (n * Number.parseInt(retryPeriod, 10) * 1_000) / count;
      const name = `${KUBE}, loop of ${retryPeriod}`;
      return { name, lease: `fence-${KUBE}-${retryPeriod}-${n}`, library: KUBE, candidates: 2, phaseMs, retryPeriod };
    });
  // 5 s is the loop of its own README.
  const kubes = long ? [...kube(20, '2s'), ...kube(20, '5s')] : kube(3, '2s');
  it.each([...fences, ...kubes])('$lease', (test) => play(test, (played) => judge(test, played)));

  const to = [...GO, KUBE].map((library): Case => {
    return { name: `${library} --to`, lease: `to-${library}`, library, candidates: 3, to: true };
  });
  const slow: Case = { name: `${KUBE} --to, loop of 5 s`, lease: 'to-5s', library: KUBE, candidates: 3, to: true };
  const all = long ? [...to, { ...slow, retryPeriod: '5s' }].flatMap(often) : to;
  it.each(all)('$lease', (test) => play(test, (played) => judge(test, played)));
});

const often = (test: Case): Case[] =>
  Array.from({ length: 6 }, (_, n) => ({ ...test, lease: `${test.lease}-${n}`, phaseMs: n * 300 }));

describe.runIf(faketime)('clocks an hour wrong', { concurrent: true }, () => {
  const wrong = [-HOUR_MS, HOUR_MS].flatMap((offsetMs): Case[] => {
    const word = offsetMs < 0 ? 'behind' : 'ahead';
    const test = (library: (typeof GO)[number] | typeof KUBE, more: Partial<Case>, what: string): Case => {
      const lease = `${word}-${library}${more.to ? '-to' : ''}${more.electorsMs ? '-electors' : ''}`;
      return { name: `${library}${more.to ? ' --to' : ''}, ${what}`, lease, library, candidates: 2, ...more };
    };
    const ours = `kle's clock ${word}`;
    return [
      test('client-go', { clockMs: offsetMs }, ours),
      test('controller-runtime', { clockMs: offsetMs }, ours),
      test(KUBE, { clockMs: offsetMs }, ours),
      test('client-go', { clockMs: offsetMs, to: true }, ours),
      test(KUBE, { clockMs: offsetMs, to: true }, ours),
      test(KUBE, { electorsMs: offsetMs, to: true }, `the electors' clocks ${word}`),
    ];
  });
  it.each(wrong)('$name', (test) => play(test, (played) => judge(test, played)));
});
