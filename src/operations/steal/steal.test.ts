import { describe, expect, it } from 'vitest';
import { makeWorld, overlapMs, pass, REF, until, type World } from '../../../test/support/operations-world.js';
import type { StealReport } from '../chaos/report.js';
import { openSteal, type StealRequest } from './steal.js';

const request = (more: Partial<StealRequest> = {}): StealRequest => ({
  lease: REF,
  identity: null,
  onlyExpired: false,
  holdMs: 5_000,
  afterwards: 'free',
  allowOverlap: false,
  leaseDurationSeconds: null,
  given: null,
  waitMs: null,
  allowNonElection: false,
  by: '',
  ...more,
});

async function begin(world: World, more: Partial<StealRequest> = {}): Promise<() => Promise<StealReport>> {
  const opened = await until(world, openSteal(request(more), world.ports));
  const running = opened.ready ? opened.run() : Promise.resolve(opened.report);
  return async () => {
    const report = await until(world, running);
    opened.close();
    return report;
  };
}
const steal = async (world: World, more: Partial<StealRequest> = {}) => (await begin(world, more))();
const heldMs = ({ server }: World) => {
  const ours = server.writes.filter((one) => one.after?.holder?.startsWith('kle/'));
  const freed = server.writes.find((one) => one.by === 'kle' && one.after?.holder === '');
  return (freed?.atMs ?? Number.NaN) - (ours[0]?.atMs ?? Number.NaN);
};

describe('steal', () => {
  it('keeps the Lease for the stop wait, however short the hold', async () => {
    const world = makeWorld();
    const report = await steal(world);
    expect(report).toMatchObject({ outcome: 'held-and-freed', from: 'web-0', to: 'web-1', possibleOverlapMs: 19_000 });
    expect(heldMs(world)).toBeGreaterThanOrEqual(19_000);
    expect(overlapMs(world.electors, world.clock.monoMs())).toBe(0);
    expect(world.journal.files.size).toBe(0);
  });

  it('frees sooner when overlap is allowed, and said so before', async () => {
    const world = makeWorld();
    const report = await steal(world, { allowOverlap: true });
    expect(heldMs(world)).toBeLessThan(6_000);
    expect(report.plan?.warnings).toContainEqual({ code: 'overlap-allowed', ms: 14_000 });
  });

  it('puts the old holder back when interrupted early', async () => {
    const world = makeWorld();
    const done = await begin(world, { holdMs: 60_000 });
    await pass(world, 5_000);
    world.interrupt.abort();
    expect(await done()).toMatchObject({ outcome: 'put-back', to: 'web-0', interrupted: true });
    await pass(world, 10_000);
    expect(world.electors[0]?.leading).toBe(true);
    expect(world.server.current).toMatchObject({
      holder: 'web-0',
      leaseDurationSeconds: 15,
      transitions: 5,
      annotations: {},
    });
  });

  it('without a hold ends by an interrupt, which is no failure then', async () => {
    const world = makeWorld();
    const done = await begin(world, { holdMs: null });
    await pass(world, 40_000);
    expect(world.server.current?.holder).toBe('kle/op00000001');
    world.interrupt.abort();
    expect(await done()).toMatchObject({ outcome: 'held-and-freed', interrupted: false });
  });

  it('leaves it, with its mark for undo', async () => {
    const world = makeWorld({ standbys: 0 });
    const report = await steal(world, { afterwards: 'leave', holdMs: 20_000 });
    expect(report).toMatchObject({ outcome: 'left', undoId: 'op00000001' });
    expect(world.server.current?.holder).toBe('kle/op00000001');
    expect(world.server.current?.annotations['kle.dev/operation']).toContain('"verb":"steal"');
  });

  it('takes only an expired one when told so', async () => {
    expect(await steal(makeWorld(), { onlyExpired: true })).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'not-expired' },
    });
    const world = makeWorld({ standbys: 0 });
    world.electors[0]?.kill();
    const report = await steal(world, { onlyExpired: true, holdMs: 2_000, waitMs: 1_000 });
    expect(report).toMatchObject({ outcome: 'held-and-freed', to: null });
    // Its period is not known, so it may be as long as its duration; what was silent for so long already counts.
    expect(heldMs(world)).toBeLessThan(45_000 - 16_000 + 100);
  });

  it('is lost to whoever overwrites it', async () => {
    const world = makeWorld();
    const done = await begin(world, { holdMs: 60_000 });
    await pass(world, 5_000);
    world.server.change('thief', (lease) => {
      if (lease.spec) lease.spec.holderIdentity = 'thief';
    });
    expect(await done()).toMatchObject({ outcome: 'lost', to: 'thief' });
    expect(world.server.current?.holder).toBe('thief');
  });

  it('takes it under another name, known again by its mark', async () => {
    const world = makeWorld();
    const report = await steal(world, { identity: 'drill', holdMs: 20_000 });
    expect(report).toMatchObject({ outcome: 'held-and-freed', to: 'web-1' });
    expect(world.server.writes.some((one) => one.after?.holder === 'drill')).toBe(true);
  });
});
