import { describe, expect, it } from 'vitest';
import { makeWorld, overlapMs, pass, REF, until, type World } from '../../../test/support/operations-world.js';
import type { ReleaseReport } from '../chaos/report.js';
import { openRelease, type ReleaseRequest } from './release.js';

const request = (more: Partial<ReleaseRequest> = {}): ReleaseRequest => ({
  lease: REF,
  way: 'fence',
  to: null,
  identity: null,
  given: null,
  waitMs: null,
  leaseDurationMs: null,
  allowNonElection: false,
  by: '',
  ...more,
});

async function release(world: World, more: Partial<ReleaseRequest> = {}): Promise<ReleaseReport> {
  const opened = await until(world, openRelease(request(more), world.ports));
  const report = opened.ready ? await until(world, opened.run()) : opened.report;
  opened.close();
  return report;
}

const steps = (report: ReleaseReport) => report.steps.map((one) => one.step);

describe('release by fence', () => {
  it('hands over without two leaders', async () => {
    const world = makeWorld();
    const report = await release(world);
    expect(report).toMatchObject({ outcome: 'handed-over', from: 'web-0', to: 'web-1', possibleOverlapMs: 0 });
    expect(steps(report)).toEqual(['measured', 'fenced', 'stop-wait-over', 'freed', 'acquired']);
    expect(overlapMs(world.electors, world.clock.monoMs())).toBe(0);
    expect(report.leaderlessMs).toBeGreaterThan(19_000);
    expect(world.journal.files.size).toBe(0);
    const measured = report.steps[0];
    expect(measured).toMatchObject({ renewPeriodMs: 2000, gaps: 2 });
    expect(report.plan?.steps[1]).toMatchObject({ forMs: 19_000 });
  });

  it('hands it to a named candidate', async () => {
    const world = makeWorld({ standbys: 2 });
    const report = await release(world, { to: 'web-2' });
    expect(report).toMatchObject({ outcome: 'handed-over', to: 'web-2', possibleOverlapMs: 0 });
    expect(overlapMs(world.electors, world.clock.monoMs())).toBe(0);
    expect(world.server.current?.annotations).toEqual({});
  });

  it('takes it back from a candidate that is not there, and frees it', async () => {
    const world = makeWorld({ standbys: 0 });
    const report = await release(world, { to: 'nobody', waitMs: 3_000 });
    expect(steps(report)).toEqual(['measured', 'fenced', 'stop-wait-over', 'handed', 'not-adopted', 'freed']);
    expect(report).toMatchObject({ outcome: 'freed', to: null });
    expect(world.server.current).toMatchObject({ holder: '', annotations: {} });
  });

  it('does not fight a standby that takes the Lease of a dead candidate', async () => {
    const world = makeWorld();
    const report = await release(world, { to: 'nobody' });
    expect(report).toMatchObject({ outcome: 'taken', to: 'web-1', possibleOverlapMs: 0 });
    expect(overlapMs(world.electors, world.clock.monoMs())).toBe(0);
    expect(world.server.current?.annotations).toEqual({});
  });

  it('is freed when nobody comes', async () => {
    const world = makeWorld({ standbys: 0 });
    const report = await release(world, { waitMs: 5_000 });
    expect(report).toMatchObject({ outcome: 'freed', to: null, leaderlessMs: null });
    expect(world.server.current).toMatchObject({
      holder: '',
      leaseDurationSeconds: 1,
      transitions: 5,
      annotations: {},
    });
  });

  it('writes in the holder’s own clock, an hour wrong as it is', async () => {
    const hour = 3_600_000_000n;
    const world = makeWorld({ aheadMicros: hour });
    world.server.aheadMicros = -7n * hour;
    await release(world);
    const fence = world.server.writes.find((one) => one.after?.holder?.startsWith('kle/'));
    const before = fence?.before?.renewTime ?? 0n;
    const after = fence?.after?.renewTime ?? 0n;
    expect(after).toBeGreaterThanOrEqual(before);
    expect(after - before).toBeLessThan(3_000_000n);
  });

  it('ends the stop wait by the stopped notice with this id alone', async () => {
    const world = makeWorld();
    const opened = await until(world, openRelease(request(), world.ports));
    if (!opened.ready) throw new Error('not ready');
    const running = opened.run();
    void running.catch(() => {});
    await pass(world, 2_000);
    const say = (id: string) =>
      world.server.change('web-0', (lease) => {
        lease.metadata.annotations = { ...(lease.metadata.annotations as object), 'kle.dev/stopped': id };
      });
    world.electors[0]?.kill();
    say('otherother');
    await pass(world, 2_000);
    expect(world.server.current?.holder).toBe('kle/op00000001');
    say('op00000001');
    const report = await until(world, running);
    expect(steps(report)).toContain('stopped-notice');
    expect(report.leaderlessMs).toBeLessThan(9_000);
    expect(report.workGapMaxMs).toBeLessThan(9_600);
    opened.close();
  });

  it('fences again, once, when somebody empties it', async () => {
    const world = makeWorld({ standbys: 0 });
    const opened = await until(world, openRelease(request({ waitMs: 1_000 }), world.ports));
    if (!opened.ready) throw new Error('not ready');
    const running = opened.run();
    await pass(world, 5_000);
    world.electors[0]?.kill();
    world.server.change('kubectl', (lease) => {
      if (lease.spec) lease.spec.holderIdentity = '';
    });
    const report = await until(world, running);
    expect(steps(report)).toEqual(['measured', 'fenced', 'emptied-by-others', 'fenced', 'stop-wait-over', 'freed']);
    expect(report.outcome).toBe('freed');
  });

  it('stops when another holder appears', async () => {
    const world = makeWorld();
    const opened = await until(world, openRelease(request(), world.ports));
    if (!opened.ready) throw new Error('not ready');
    const running = opened.run();
    await pass(world, 5_000);
    const writes = world.server.writes.length;
    world.server.change('thief', (lease) => {
      if (lease.spec) lease.spec.holderIdentity = 'thief';
    });
    const report = await until(world, running);
    expect(report).toMatchObject({ outcome: 'taken', to: 'thief' });
    expect(report.possibleOverlapMs).toBeGreaterThan(10_000);
    expect(world.server.writes.slice(writes + 1).filter((one) => one.by === 'kle')).toEqual([]);
    expect(world.journal.files.size).toBe(0);
  });

  it('has nobody to fence when the holder is dead', async () => {
    const world = makeWorld({ standbys: 0 });
    world.electors[0]?.kill();
    const report = await release(world);
    expect(report).toMatchObject({ outcome: 'not-held', from: 'web-0' });
    expect(world.server.writes.filter((one) => one.by === 'kle')).toEqual([]);
  });
});

describe('guards', () => {
  it('refuses another holder than expected', async () => {
    const report = await release(makeWorld(), { expectHolder: 'web-9' });
    expect(report).toMatchObject({ outcome: 'refused', refusal: { code: 'other-holder', holder: 'web-0' } });
  });

  it('asks again where the first answers said too little of the server’s clock', async () => {
    const world = makeWorld({ uncertainMs: (gets) => (gets < 3 ? 2_600 : 600) });
    expect(await release(world)).toMatchObject({ outcome: 'handed-over' });
    const own = await release(makeWorld({ uncertainMs: (gets) => (gets < 3 ? 2_600 : 600) }), {
      way: 'identity',
      identity: 'web-0',
    });
    expect(own).toMatchObject({ outcome: 'freed' });
  });

  it('refuses where the server’s clock stays unknown', async () => {
    const world = makeWorld({ uncertainMs: () => 2_600 });
    const before = world.server.writes.length;
    const report = await release(world);
    expect(report).toMatchObject({ outcome: 'refused', refusal: { code: 'server-clock-unknown', uncertainMs: 2_600 } });
    expect(world.server.writes.slice(before).filter(({ by }) => by.startsWith('kle'))).toEqual([]);
  });

  it('refuses to hand over to the incumbent', async () => {
    expect(await release(makeWorld(), { to: 'web-0' })).toMatchObject({ refusal: { code: 'to-is-incumbent' } });
  });

  it('writes nothing when the journal cannot be written', async () => {
    const world = makeWorld();
    world.journal.problem = 'permission denied';
    expect(await release(world)).toMatchObject({ outcome: 'refused', refusal: { code: 'journal-unwritable' } });
    expect(world.server.writes.filter((one) => one.by === 'kle')).toEqual([]);
  });

  it('refuses a Lease that another operation holds', async () => {
    const world = makeWorld();
    const first = await until(world, openRelease(request(), world.ports));
    if (!first.ready) throw new Error('not ready');
    void first.run();
    await pass(world, 3_000);
    expect(await release(world)).toMatchObject({ refusal: { code: 'held-by-operation' } });
    first.close();
  });

  it('needs the right to watch', async () => {
    const report = await release(makeWorld({ watchForbidden: true }));
    expect(report).toMatchObject({ outcome: 'refused', failure: { kind: 'forbidden' } });
  });

  it('writes nothing when the holder changed after the plan', async () => {
    const world = makeWorld();
    const opened = await until(world, openRelease(request(), world.ports));
    if (!opened.ready) throw new Error('not ready');
    world.server.change('other', (lease) => {
      if (lease.spec) lease.spec.holderIdentity = 'web-7';
    });
    await pass(world, 10);
    expect(await until(world, opened.run())).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'changed-meanwhile', holder: 'web-7' },
    });
    opened.close();
  });
});

describe('the other ways', () => {
  it('clears, and tells who won', async () => {
    const world = makeWorld({ standbys: 2 });
    const report = await release(world, { way: 'clear' });
    expect(['returned', 'handed-over']).toContain(report.outcome);
    expect(report.plan?.prediction.possibleOverlapMs).toBe(19_000);
    await pass(world, 15_000);
    const overlap = overlapMs(world.electors, world.clock.monoMs());
    expect(overlap).toBeLessThanOrEqual(report.possibleOverlapMs);
  });

  it('frees one’s own Lease in client-go’s form, and nobody else’s', async () => {
    const world = makeWorld({ standbys: 0 });
    expect(await release(world, { way: 'identity', identity: 'web-1' })).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'not-held-by' },
    });
    world.electors[0]?.kill();
    expect(await release(world, { way: 'identity', identity: 'web-0' })).toMatchObject({ outcome: 'freed' });
    expect(world.server.current).toMatchObject({ holder: '', leaseDurationSeconds: 1, transitions: 4 });
  });

  it('is for coordinated elections alone to prefer', async () => {
    expect(await release(makeWorld(), { way: 'prefer', to: 'x' })).toMatchObject({
      refusal: { code: 'not-coordinated' },
    });
  });
});
