/**
 * Every verb at every step × {interrupt, kill, each API fault}: what STEP-DOWN's put-back table says holds, no write goes
 * over a version that was neither the incumbent's nor ours, the journal is there as long as something is left to undo, and
 * no two leaders ever work at once where it promises so.
 */
import { describe, expect, it } from 'vitest';
import {
  annotate,
  type Elector,
  FAULTS,
  type Fault,
  Link,
  makeWorld,
  overlapMs,
  pass,
  REF,
  until,
  type World,
  type WorldOptions,
} from '../../../test/support/operations-world.js';
import { openRelease } from '../release/release.js';
import { openSkew } from '../skew/skew.js';
import { openSteal } from '../steal/steal.js';
import { undo } from '../undo/undo.js';
import { findUndos } from '../undo/undo-find.js';
import type { Opened } from './prepare.js';
import type { Report } from './report.js';
import type { SessionOptions } from './session.js';

type AnyReport = Report<string>;
type Open = (world: World, options: SessionOptions) => Promise<Opened<AnyReport>>;

const common = { lease: REF, allowNonElection: false, given: null, waitMs: null, by: '' } as const;
const VERBS: Record<string, { open: Open }> = {
  release: {
    open: (world, options) =>
      openRelease({ ...common, way: 'fence', to: null, identity: null, leaseDurationMs: null }, world.ports, options),
  },
  'release --to': {
    open: (world, options) =>
      openRelease(
        { ...common, way: 'fence', to: 'web-1', identity: null, leaseDurationMs: null },
        world.ports,
        options,
      ),
  },
  steal: {
    open: (world, options) =>
      openSteal(
        {
          ...common,
          identity: null,
          onlyExpired: false,
          holdMs: 25_000,
          afterwards: 'free',
          allowOverlap: false,
          leaseDurationSeconds: null,
        },
        world.ports,
        options,
      ),
  },
  skew: {
    open: (world, options) =>
      openSkew(
        { lease: REF, shift: { renewTimeMs: -3_600_000 }, holdMs: 7_000, allowNonElection: false },
        world.ports,
        options,
      ),
  },
};

interface Ran {
  world: World;
  report: AnyReport;
  points: string[];
}

async function run(
  open: Open,
  options: WorldOptions & { at?: string; act?: (world: World) => void } = {},
): Promise<Ran> {
  const world = makeWorld(options);
  const points: string[] = [];
  const onPoint = (point: string) => {
    points.push(point);
    if (point === options.at) options.act?.(world);
  };
  const opened = await until(world, open(world, { onPoint }));
  const report = opened.ready ? await until(world, opened.run()) : opened.report;
  opened.close();
  return { world, report, points };
}

/** What holds whatever happened. */
function checkWorld({ world, report }: Pick<Ran, 'world' | 'report'>): void {
  const { server, journal } = world;
  for (const write of server.writes.filter((one) => one.by === 'kle')) {
    const holder = write.before?.holder ?? '';
    const incumbent = holder === 'web-0' || holder === '' || holder === 'web-1';
    expect(incumbent || holder.startsWith('kle/'), `kle wrote over ${holder}`).toBe(true);
    // Nothing goes backwards, and nothing is ever null.
    expect(write.after?.transitions).toBeGreaterThanOrEqual(write.before?.transitions ?? 0);
    expect(JSON.stringify(write.after?.raw.spec)).not.toContain('null');
  }
  if (report.leftChanged) expect(journal.files.size).toBe(1);
  else {
    expect(journal.files.size).toBe(0);
    expect(server.current?.holder ?? '').not.toMatch(/^kle\//);
  }
  expect(overlapMs(world.electors, world.clock.monoMs())).toBe(0);
}

/** Afterwards somebody leads alone, and no mark of ours is left. */
async function checkEnd(world: World): Promise<void> {
  await pass(world, 70_000);
  expect(overlapMs(world.electors, world.clock.monoMs())).toBe(0);
  const leading = world.electors.filter((one) => one.leading);
  expect(leading.map((one) => one.id)).toEqual([world.server.current?.holder]);
}

describe.each(Object.entries(VERBS))('%s', (_name, { open }) => {
  it('interrupted at every step', async () => {
    const { points, report: undisturbed } = await run(open);
    expect(points.length).toBeGreaterThan(8);
    for (const at of points) {
      const ran = await run(open, { at, act: (world) => world.interrupt.abort() });
      const where = `interrupted at ${at}: ${ran.report.outcome}`;
      expect(ran.report.leftChanged, where).toBe(false);
      const done = ran.report.outcome === undisturbed.outcome;
      expect(ran.report.interrupted || done, where).toBe(true);
      checkWorld(ran);
      await checkEnd(ran.world);
    }
  });

  it.each(FAULTS)('%s at every request', async (fault: Fault) => {
    const { points } = await run(open);
    for (const verb of ['put', 'get'] as const) {
      const count = points.filter((point) => point.startsWith(`${verb}#`) && point.endsWith(':before')).length + 2;
      for (let n = 1; n <= count; n++) {
        const ran = await run(open, { fault: (v, i) => (v === verb && i === n ? fault : null) });
        checkWorld(ran);
        await checkEnd(ran.world);
      }
    }
  });

  it('interrupted while a request hangs, is lost or comes late: settled, put back, or told as left changed', async () => {
    const { points } = await run(open);
    const count = points.filter((point) => point.startsWith('put#') && point.endsWith(':before')).length;
    for (const fault of FAULTS) {
      for (let n = 1; n <= count; n++) {
        const ran = await run(open, {
          fault: (verb, i) => (verb === 'put' && i === n ? fault : null),
          at: `put#${n}:sent`,
          act: (world) => world.interrupt.abort(),
        });
        expect(ran.report.leftChanged, `${fault} of put ${n}`).toBe(false);
        checkWorld(ran);
        await checkEnd(ran.world);
      }
    }
  });

  it('interrupted while nothing answers any more: left changed with its journal, unless the watch shows that it is not', async () => {
    const { points } = await run(open);
    for (const at of points.filter((point) => /^put#\d+:sent$/.test(point))) {
      const ran = await run(open, {
        at,
        fault: (_, n) => (n >= Number(/\d+/.exec(at)?.[0]) ? 'lost-request' : null),
        act: (world) => world.interrupt.abort(),
      });
      checkWorld(ran);
      if (ran.world.server.current?.holder?.startsWith('kle/')) expect(ran.report.leftChanged, at).toBe(true);
      await pass(ran.world, 60_000);
      expect(overlapMs(ran.world.electors, ran.world.clock.monoMs()), at).toBe(0);
    }
  });

  it('killed at every step, and undone by another process at once or late', async () => {
    const { points } = await run(open);
    for (const at of points) {
      for (const waitMs of [0, 9_000, 40_000]) await killedAt(open, at, waitMs);
    }
  });

  it('annotated every second', async () => {
    const world = makeWorld();
    const tick = () => {
      world.server.change('annotator', (lease) => annotate(lease, String(world.clock.monoMs())));
      world.clock.timer(1_000, tick);
    };
    tick();
    const opened = await until(world, open(world, {}));
    const report = opened.ready ? await until(world, opened.run()) : opened.report;
    opened.close();
    checkWorld({ world, report });
    expect(['handed-over', 'held-and-freed', 'not-fooled']).toContain(report.outcome);
  });

  it('while the API is gone from any step on: something is left, or nothing was begun', async () => {
    const { points } = await run(open);
    for (const at of points) {
      const ran = await run(open, {
        at,
        act: (world) => {
          world.link.down = true;
        },
      });
      const { report, world } = ran;
      if (report.leftChanged) expect(world.journal.files.size, at).toBe(1);
      await pass(world, 60_000);
      expect(overlapMs(world.electors, world.clock.monoMs()), at).toBe(0);
      if (!report.leftChanged) expect(world.server.current?.holder ?? '', at).not.toMatch(/^kle\//);
    }
  });

  it('with the Lease deleted at any step: never created again, never claimed to be handed over', async () => {
    const { points } = await run(open);
    for (const at of points) {
      const { world, report } = await run(open, { at, act: (world) => world.server.remove('kubectl') });
      expect(world.server.current, at).toBeNull();
      const lost = ['refused', 'taken', 'lost', 'unverified', 'not-held'].includes(report.outcome);
      // Or what was claimed had happened before the Lease went.
      const before = world.server.writes.slice(0, -1);
      const claimed: Record<string, boolean> = {
        'handed-over': before.some((one) => one.by === 'web-1'),
        'held-and-freed': before.some((one) => one.by === 'kle' && one.after?.holder === ''),
        'not-fooled': before.some((one) => one.by === 'kle'),
      };
      expect(lost || claimed[report.outcome], `${at}: ${report.outcome}`).toBe(true);
      expect(world.journal.files.size, at).toBe(0);
    }
  });
});

/** A process that is gone in the middle of a step; what it had sent may arrive or not, by the network's whim. */
async function killedAt(open: Open, at: string, waitMs: number): Promise<void> {
  const world = makeWorld();
  let killed = false;
  const opened = await until(
    world,
    open(world, {
      onPoint: (point) => {
        if (point !== at) return;
        killed = true;
        world.link.dead = true;
        world.link.down = true;
      },
    }),
  );
  const running = opened.ready ? opened.run() : Promise.resolve(opened.report);
  void running.catch(() => {});
  const limit = world.clock.monoMs() + 60_000;
  while (!killed && world.clock.monoMs() < limit) await pass(world, 1);
  expect(killed, at).toBe(true);
  opened.close();
  await pass(world, waitMs);
  const where = `killed at ${at}, undone ${waitMs} ms later`;
  const holder = world.server.current?.holder ?? '';
  const items = await undoAll(world);
  for (const item of items) {
    expect(['put-back', 'freed', 'nothing', 'moved-on'], where).toContain(item?.outcome);
    // What was under way when the process died may settle it before the undo does.
    const settles = at.endsWith(':sent');
    if (holder.startsWith('kle/') && !settles) expect(['put-back', 'freed'], where).toContain(item?.outcome);
  }
  if (holder.startsWith('kle/')) expect(items.length, where).toBe(1);
  expect(world.server.current?.holder ?? '', where).not.toMatch(/^kle\//);
  expect(world.journal.files.size, where).toBe(0);
  await pass(world, 70_000);
  expect(overlapMs(world.electors, world.clock.monoMs()), where).toBe(0);
  const leading: Elector[] = world.electors.filter((one) => one.leading);
  expect(leading.length, where).toBe(1);
}

async function undoAll(world: World) {
  world.journal.alive = false;
  const leases = new Link(world.server, {}, 'kle');
  const ports = {
    ...world.ports,
    leases,
    signal: new AbortController().signal,
    journals: world.journal,
    server: 'https://s',
  };
  const found = await until(world, findUndos({ id: null, namespace: null }, ports));
  if (!found.ok) throw new Error('not listed');
  const items = [];
  for (const candidate of found.value) items.push(await until(world, undo(candidate, ports, { byId: false })));
  return items;
}
