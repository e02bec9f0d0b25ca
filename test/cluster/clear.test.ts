/**
 * `kle release --via clear` on unmodified client-go electors: the race that it is, told as it went. Whoever had the Lease
 * first is whom kle names, and where a standby won, two leaders worked for no longer than kle said.
 *
 *   node scripts/test-cluster.mjs clear.test              5 rounds
 *   node scripts/test-cluster.mjs --long clear.test       20 rounds, and some of controller-runtime and kube-leader-election
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, type Round, type RoundOptions, type VerbRun } from '../support/elector-round.js';
import { RoundFigures } from '../support/round-figures.js';
import { ms } from '../support/worker-log.js';

const long = process.env.KLE_TEST_LONG === '1';
const WATCHES_AGREE_MS = 100;
/** A loaded machine is late with its polls; no promise of kle's. */
const SLACK_MS = 1_000;

let cluster: Cluster;
const figures = new RoundFigures('release --via clear, least / median / most');

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(async () => {
  await cluster?.stop();
  process.stderr.write(figures.report());
});

async function clear(options: RoundOptions): Promise<void> {
  const round = await cluster.round(options);
  try {
    const old = round.leader.identity;
    const run = await round.run('release', ['--via', 'clear']);
    await judge(options, round, run, old);
  } finally {
    await round.close();
  }
}

async function judge(
  { library, candidates, retryPeriod = '2s' }: RoundOptions,
  round: Round,
  run: VerbRun,
  old: string,
): Promise<void> {
  const { result, said } = run;
  const { taken, next } = await round.handOver(run);
  const returned = next.holder === old;
  expect([result.outcome, result.to, run.code], said).toEqual([
    returned ? 'returned' : 'handed-over',
    next.holder,
    returned ? 1 : 0,
  ]);
  const leaderlessMs = ms(next.mono - taken.mono);
  expect(Math.abs((result.leaderlessMs ?? Number.NaN) - leaderlessMs), said).toBeLessThan(WATCHES_AGREE_MS);
  const { leaderless, possibleOverlapMs } = result.prediction;
  expect(leaderlessMs, said).toBeGreaterThanOrEqual(leaderless.leastMs - WATCHES_AGREE_MS);
  expect(leaderlessMs, said).toBeLessThanOrEqual((leaderless.mostMs ?? Number.NaN) + SLACK_MS);

  await round.works(next.holder, next.mono);
  await round.renewed(2);
  await round.settles(possibleOverlapMs);
  const overlapMs = round.overlapMs();
  expect(overlapMs, said + round.draw()).toBeLessThanOrEqual(result.possibleOverlapMs);
  expect(overlapMs).toBeLessThanOrEqual(possibleOverlapMs);
  expect(await round.leftovers()).toEqual([]);
  figures.add(
    `${library}, ${candidates} candidates${retryPeriod === '2s' ? '' : `, loop of ${retryPeriod}`}`,
    result.outcome,
    {
      'without a leader, as kle says': result.leaderlessMs,
      [`overlap of work where ${returned ? 'it returned' : 'a standby won'}`]: overlapMs,
      [`bound that kle gives where ${returned ? 'it returned' : 'a standby won'}`]: result.possibleOverlapMs,
    },
  );
}

/** The loop of kube-leader-election's README: a third of its duration, so that the old leader polls just when it is past. */
const slow = (options: RoundOptions): RoundOptions => ({
  ...options,
  lease: `${options.lease}-5s`,
  retryPeriod: '5s',
  phaseMs: (options.phaseMs ?? 0) * 2.5,
});

describe('clearing the holder under a live leader', { concurrent: true }, () => {
  const rounds = (library: RoundOptions['library'], count: number): RoundOptions[] =>
    Array.from({ length: count }, (_, n) => ({
      lease: `clear-${library}-${n}`,
      library,
      candidates: 2 + (n % 2),
      phaseMs: (n * 2_000) / count,
    }));
  const all = [
    ...rounds('client-go', long ? 20 : 5),
    ...rounds('controller-runtime', long ? 10 : 0),
    ...rounds('kube-leader-election', long ? 10 : 1),
    ...(long ? rounds('kube-leader-election', 10).map((one) => slow(one)) : []),
  ];
  it.each(all)('$lease', clear);
});
