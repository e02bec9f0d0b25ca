/**
 * `kle sandbox` in the place of the API server: unmodified electors elect there, and the verbs do to them what they do to
 * them on a real one. A round of each; the counts are on the real server (release, clear, steal, skew).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox } from '../support/acquire-sandbox.js';
import { Cluster, type Round, type RoundOptions, type VerbRun } from '../support/elector-round.js';

const folder = mkdtempSync(join(tmpdir(), 'kle-sandbox-cluster-'));
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start(startSandbox(folder));
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Case {
  readonly name?: string;
  readonly library: RoundOptions['library'];
  readonly flags?: readonly string[];
}

/** Plays one verb on two candidates; `judge` has the round before it is taken down. */
async function play(
  verb: string,
  { library, flags = [] }: Case,
  judge: (round: Round, run: VerbRun, old: string) => Promise<void>,
): Promise<void> {
  const lease = [verb, library, ...(flags.length > 0 ? ['flags'] : [])].join('-');
  const round = await cluster.round({ lease, library, candidates: 2 });
  try {
    const old = round.leader.identity;
    const named = flags.map((flag) => flag.replace('STANDBY', round.standby.identity));
    const run = await round.run(verb, named);
    await judge(round, run, old);
    expect(await round.leftovers()).toEqual([]);
  } finally {
    await round.close();
  }
}

/** The next leader works, and what work overlapped is within the bound that was given. */
async function nextWorks(round: Round, run: VerbRun, named = false): Promise<void> {
  const { result } = run;
  const { next } = await round.handOver(run, named);
  expect(result.to).toBe(next.holder);
  await round.works(next.holder, next.mono);
  await round.renewed(2);
  expect(round.overlapMs(), round.draw()).toBeLessThanOrEqual(result.possibleOverlapMs);
}

describe('unmodified electors on the sandbox', { concurrent: true }, () => {
  const released: Case[] = [
    { name: 'of client-go', library: 'client-go' },
    { name: 'of controller-runtime', library: 'controller-runtime' },
    { name: 'of kle acquire', library: 'kle' },
    { name: 'of client-go to its standby', library: 'client-go', flags: ['--to=STANDBY'] },
    { name: 'of kube-leader-election to its standby', library: 'kube-leader-election', flags: ['--to=STANDBY'] },
  ];
  it.each(released)('release $name', async (test) => {
    await play('release', test, async (round, run, old) => {
      expect([run.code, run.result.outcome], run.said).toEqual([0, 'handed-over']);
      expect(run.result.to).not.toBe(old);
      await nextWorks(round, run, test.flags !== undefined);
      expect(round.overlaps(), round.draw()).toEqual([]);
    });
  });

  it('steal from client-go', async () => {
    await play('steal', { library: 'client-go', flags: ['--hold=20s'] }, async (round, run) => {
      expect([run.code, run.result.outcome], run.said).toEqual([0, 'held-and-freed']);
      await nextWorks(round, run);
    });
  });

  const skewed = [
    { library: 'client-go', outcome: 'not-fooled' },
    { library: 'kube-leader-election', outcome: 'fooled' },
  ] as const;
  it.each(skewed)('an hour into the past: $library is $outcome', async ({ library, outcome }) => {
    await play('skew', { library, flags: ['--by=-1h', '--hold=10s'] }, async (round, run, old) => {
      expect([run.code, run.result.outcome], run.said).toEqual([0, outcome]);
      expect(run.result.takeovers.map(({ from }) => from)).toEqual(outcome === 'fooled' ? [old] : []);
      await round.renewed(1);
      expect(round.watch.holder === old).toBe(outcome === 'not-fooled');
      expect(round.overlapMs(), round.draw()).toBeLessThanOrEqual(run.result.possibleOverlapMs);
    });
  });
});
