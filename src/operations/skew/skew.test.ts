import { describe, expect, it } from 'vitest';
import { makeWorld, pass, REF, until, type World } from '../../../test/support/operations-world.js';
import { formatMicroTime } from '../../lease/micro-time.js';
import type { SkewReport } from '../chaos/report.js';
import { openSkew, type SkewRequest } from './skew.js';

const HOUR = 3_600_000;
const request = (more: Partial<SkewRequest> = {}): SkewRequest => ({
  lease: REF,
  shift: { renewTimeMs: -HOUR },
  holdMs: 9_000,
  allowNonElection: false,
  ...more,
});

async function begin(world: World, more: Partial<SkewRequest> = {}): Promise<() => Promise<SkewReport>> {
  const opened = await until(world, openSkew(request(more), world.ports));
  const running = opened.ready ? opened.run() : Promise.resolve(opened.report);
  return async () => {
    const report = await until(world, running);
    opened.close();
    return report;
  };
}
const skew = async (world: World, more: Partial<SkewRequest> = {}) => (await begin(world, more))();

describe('skew', () => {
  it('shifts each renewal and puts the last one back', async () => {
    const world = makeWorld();
    const report = await skew(world);
    expect(report).toMatchObject({ outcome: 'not-fooled', takeovers: [] });
    expect(report.skewed.length).toBeGreaterThanOrEqual(4);
    expect(report.plan?.prediction.wouldFool.map((one) => one.family)).toEqual([
      'kube-leader-election',
      'kunobi-ha',
      'fabric8',
      'npm-codedependant',
    ]);
    const ours = world.server.writes.filter((one) => one.by === 'kle');
    const last = ours.at(-1)?.after;
    expect(last?.renewTime).toBe(ours.at(-2)?.before?.renewTime ?? last?.renewTime);
    expect(world.server.current?.annotations).toEqual({});
    expect(world.electors[0]?.leading).toBe(true);
  });

  it('once: the holder’s own renewal undoes it', async () => {
    const world = makeWorld();
    const report = await skew(world, { holdMs: null });
    expect(report.skewed).toHaveLength(1);
    expect(report.steps.map((one) => one.step)).toEqual(['measured', 'shifted', 'shift-undone-by-holder']);
    expect(report.outcome).toBe('not-fooled');
    expect(world.server.current?.annotations).toEqual({});
  });

  it('has done nothing where the first shift could not be written, and knows too little where a later one could not', async () => {
    const first = makeWorld({ fault: (verb) => (verb === 'put' ? 'refused' : null) });
    const before = first.server.writes.length;
    const report = await skew(first);
    expect(report).toMatchObject({ outcome: 'refused', failure: { kind: 'unreachable' }, skewed: [], undoId: null });
    expect(first.server.writes.slice(before).some(({ by }) => by === 'kle')).toBe(false);
    expect(first.journal.files.size).toBe(0);
    const later = makeWorld({ fault: (verb, n) => (verb === 'put' && n === 2 ? 'refused' : null) });
    expect(await skew(later)).toMatchObject({ outcome: 'unverified', failure: { kind: 'unreachable' } });
    expect(later.server.current?.annotations).toEqual({});
  });

  it('tells of a standby that goes by the clock and takes a live Lease', async () => {
    const world = makeWorld({ standbys: 0 });
    // As kube-leader-election: renewTime + duration against its own wall clock, every five seconds.
    const poll = () => {
      const { current } = world.server;
      const now = world.server.now();
      const expired = current?.renewTime != null && current.renewTime + 15_000_000n < now;
      if (current && expired && current.holder !== 'fooled-1') {
        const time = formatMicroTime(now);
        const spec = { ...current.raw.spec, holderIdentity: 'fooled-1', acquireTime: time, renewTime: time };
        world.server.put(
          { ...current.raw, spec: { ...spec, leaseTransitions: (current.transitions ?? 0) + 1 } },
          'fooled-1',
        );
      }
      world.clock.timer(5_000, poll);
    };
    poll();
    const report = await skew(world, { holdMs: 20_000 });
    expect(report).toMatchObject({ outcome: 'fooled', to: 'fooled-1' });
    expect(report.takeovers).toMatchObject([{ from: 'web-0', to: 'fooled-1', transitions: { from: 4, to: 5 } }]);
    expect(world.server.current).toMatchObject({ holder: 'fooled-1', annotations: {} });
    expect(world.journal.files.size).toBe(0);
  });

  it('puts a forward shift back when the holder dies under it', async () => {
    const world = makeWorld({ standbys: 0 });
    const done = await begin(world, { shift: { renewTimeMs: HOUR }, holdMs: 60_000 });
    await pass(world, 4_500);
    world.electors[0]?.kill();
    const report = await done();
    expect(report.outcome).toBe('unverified');
    expect(report.steps.map((one) => one.step)).toContain('holder-late');
    expect((world.server.current?.renewTime ?? 0n) <= world.server.now()).toBe(true);
  });

  it('leaves a backward shift of a dead holder as it is, but for its mark', async () => {
    const world = makeWorld({ standbys: 0 });
    const done = await begin(world, { holdMs: 60_000 });
    await pass(world, 4_500);
    world.electors[0]?.kill();
    const report = await done();
    expect(report.steps.map((one) => one.step)).not.toContain('unshifted');
    expect(world.server.current?.annotations).toEqual({});
  });

  it('shifts the duration instead', async () => {
    const world = makeWorld();
    const report = await skew(world, { shift: { leaseDurationSeconds: 1 } });
    expect(report.skewed[0]).toMatchObject({ from: '15', to: '1' });
    expect(report.plan?.prediction.wouldFool.map((one) => one.family)).toContain('kunobi-ha');
    await pass(world, 3_000);
    expect(world.server.current?.leaseDurationSeconds).toBe(15);
  });

  it('refuses a Lease that nobody renews', async () => {
    const world = makeWorld({ standbys: 0 });
    world.electors[0]?.kill();
    expect(await skew(world)).toMatchObject({ outcome: 'refused', refusal: { code: 'holder-late' } });
  });

  it('puts back on an interrupt', async () => {
    const world = makeWorld();
    const done = await begin(world, { holdMs: 60_000 });
    await pass(world, 3_000);
    world.interrupt.abort();
    const report = await done();
    expect(report).toMatchObject({ interrupted: true, leftChanged: false });
    expect((world.server.current?.renewTime ?? 0n) > world.server.now() - 10_000_000n).toBe(true);
  });
});
