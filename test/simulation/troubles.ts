/** Everything that is done to the electors of a run, at times drawn from its schedule. */
import type { Hiccup } from './link.js';
import type { Node } from './node.js';
import { releaseByFence } from './release.js';
import type { Simulation } from './simulation.js';

const HICCUPS: Hiccup[] = ['throttled', 'broken', 'slow', 'lost', 'reply-lost', 'conflict'];

export function plan(sim: Simulation): void {
  const { schedule } = sim;
  if (schedule.weather === 'bumpy') bumps(sim);
  else {
    times(sim, schedule.outages, () => cut(sim));
    times(sim, schedule.watchStalls, () => stall(sim));
    times(sim, schedule.watchBreaks, () => sim.random.pick(sim.nodes).watch.break());
  }
  times(sim, schedule.pauses, () => pause(sim, false));
  times(sim, schedule.suspends, () => pause(sim, true));
  times(sim, schedule.crashes, () => likely(sim).crash());
  times(sim, schedule.stops, () => {
    const node = likely(sim);
    node.local(() => node.input({ type: 'stop' }));
  });
  times(sim, schedule.stepDowns, () => {
    const node = likely(sim);
    node.local(() => node.input({ type: 'step-down' }));
  });
  times(sim, schedule.deletes, () => sim.server.remove('somebody', sim.world.nowMs));
  times(sim, schedule.clears, () => foreign(sim, ''));
  times(sim, schedule.thefts, () => foreign(sim, 'thief'));
  times(sim, schedule.releases, () => releaseByFence(sim));
  if (schedule.carelessWriter) times(sim, 6, () => careless(sim));
  if (schedule.wallSteps) times(sim, 5, () => stepWall(sim));
  if (schedule.annotateMs > 0) annotate(sim);
}

function times(sim: Simulation, count: number, act: () => void): void {
  for (let i = 0; i < count; i++) sim.world.at(sim.random.between(0, sim.schedule.lengthMs), act);
}

/** Mostly the one that matters. */
function likely(sim: Simulation): Node {
  const leader = sim.nodes.find((one) => one.working);
  return leader && sim.random.chance(0.75) ? leader : sim.random.pick(sim.nodes);
}

function cut(sim: Simulation): void {
  const { random, world, schedule } = sim;
  const untilMs = world.nowMs + random.between(0, 2.2) * schedule.durations.leaseDurationMs;
  const all = random.chance(0.2);
  for (const node of all ? sim.nodes : [likely(sim)]) {
    node.link.cutUntilMs = untilMs;
    node.link.cutRefuses = random.chance(0.4);
  }
}

function stall(sim: Simulation): void {
  const node = sim.random.pick(sim.nodes);
  const forMs = sim.random.between(0.1, 2.5) * sim.schedule.durations.leaseDurationMs;
  node.watch.stalledUntilMs = Math.min(sim.world.nowMs + forMs, sim.schedule.lengthMs);
}

function pause(sim: Simulation, suspend: boolean): void {
  const { random, world, schedule } = sim;
  const node = likely(sim);
  const forMs = random.between(0.05, 2) * schedule.durations.leaseDurationMs;
  node.pause(suspend);
  world.after(forMs, () => node.resume());
}

/** L2: an outage shorter than R − P − one request, or one failed request, and then peace for 2 R. */
function bumps(sim: Simulation): void {
  const { random, schedule, world } = sim;
  const { renewDeadlineMs, retryPeriodMs } = schedule.durations;
  for (let atMs = renewDeadlineMs; atMs < schedule.lengthMs; atMs += renewDeadlineMs * random.between(2, 3)) {
    world.at(atMs, () => {
      const leader = sim.nodes.find((one) => one.working) ?? random.pick(sim.nodes);
      const spareMs = 0.85 * (renewDeadlineMs / 2 - retryPeriodMs);
      if (random.chance(0.5)) {
        leader.link.cutUntilMs = world.nowMs + random.next() * spareMs;
        leader.link.cutRefuses = random.chance(0.5);
      } else leader.link.hiccup = random.pick(HICCUPS);
    });
  }
}

/** Somebody frees or takes the Lease, with compare-and-swap but without asking. Not covered by the promises (S7). */
function foreign(sim: Simulation, holder: string): void {
  const { current } = sim.server;
  if (!current) return;
  // Of a fence too: its incumbent may not know yet that it leads no more, or that it ever led.
  for (const one of sim.nodes) one.robbed = true;
  const spec = { ...current.record.raw.spec, holderIdentity: holder };
  sim.server.overwrite((lease) => ({ ...lease, spec }), 'foreign', sim.world.nowMs);
}

function careless(sim: Simulation): void {
  sim.checker.void = true;
  const holder = sim.random.pick(['', 'careless', sim.random.pick(sim.nodes).identity]);
  sim.server.overwrite(
    (lease) => ({ ...lease, spec: { ...lease.spec, holderIdentity: holder } }),
    'careless',
    sim.world.nowMs,
  );
}

/** S6: by up to a few hours, either way. */
function stepWall(sim: Simulation): void {
  sim.random.pick(sim.nodes).clock.wallErrorMs += sim.random.between(-3, 3) * 3_600_000;
}

function annotate(sim: Simulation): void {
  sim.world.after(sim.schedule.annotateMs, () => {
    const { current } = sim.server;
    if (current) {
      const annotations = { ...current.record.annotations, seen: String(Math.round(sim.world.nowMs)) };
      sim.server.overwrite((lease) => withAnnotations(lease, annotations), current.by, sim.world.nowMs);
    }
    if (!sim.quiet) annotate(sim);
  });
}

const withAnnotations = <T extends { metadata: object }>(lease: T, annotations: Record<string, string>): T => ({
  ...lease,
  metadata: { ...lease.metadata, annotations },
});
