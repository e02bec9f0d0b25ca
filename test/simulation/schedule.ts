/** What goes wrong in one run, drawn from its seed. Milliseconds. */
import { Random } from './random.js';

/**
 * `calm`: a healthy API, so that the bounds of L1, L3 and L4 hold to the millisecond. `bumpy`: single failures and short
 * outages, so that nothing may be lost (L2). `storm`: everything.
 */
export type Weather = 'calm' | 'bumpy' | 'storm';

export interface Schedule {
  seed: number;
  weather: Weather;
  durations: { leaseDurationMs: number; renewDeadlineMs: number; retryPeriodMs: number; drainMs?: number };
  nodes: { identity: string; madeUp: boolean; rate: number; watchForbidden: boolean; releaseOnStop: boolean }[];
  /** Of the part with faults. */
  lengthMs: number;
  latencyMs: number;
  /** Chance that a request takes far longer than usual, up to this. */
  slow: { chance: number; upToMs: number };
  loseRequest: number;
  loseReply: number;
  error: number;
  watchLagMs: number;
  watchStalls: number;
  watchBreaks: number;
  outages: number;
  pauses: number;
  suspends: number;
  wallSteps: boolean;
  crashes: number;
  stops: number;
  stepDowns: number;
  deletes: number;
  clears: number;
  thefts: number;
  /** An annotation this often; 0: never. */
  annotateMs: number;
  releases: number;
  releaseCrashes: boolean;
  carelessWriter: boolean;
}

const DURATIONS = [
  { leaseDurationMs: 3000, renewDeadlineMs: 2000, retryPeriodMs: 400 },
  { leaseDurationMs: 3000, renewDeadlineMs: 1600, retryPeriodMs: 500, drainMs: 1000 },
  { leaseDurationMs: 4000, renewDeadlineMs: 2500, retryPeriodMs: 600, drainMs: 1000 },
  { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 },
  { leaseDurationMs: 2000, renewDeadlineMs: 1000, retryPeriodMs: 300, drainMs: 600 },
];

export function drawSchedule(seed: number): Schedule {
  const r = new Random(seed);
  const roll = r.next();
  const weather: Weather = roll < 0.15 ? 'calm' : roll < 0.25 ? 'bumpy' : 'storm';
  const durations = r.pick(DURATIONS);
  const storm = weather === 'storm';
  /** Each kind of trouble is there in some schedules only, so that others are not hidden by it. */
  const some = (chance: number, most: number) => (storm && r.chance(chance) ? 1 + Math.floor(r.next() * most) : 0);
  const latencyMs = storm ? r.between(0.5, 20) : r.between(0.5, 4);
  const fromDurations = durations.leaseDurationMs;
  return {
    seed,
    weather,
    durations,
    nodes: drawNodes(r, weather, durations),
    lengthMs: fromDurations * r.between(3, 7),
    latencyMs,
    slow: { chance: storm && r.chance(0.5) ? r.between(0.01, 0.2) : 0, upToMs: fromDurations * 1.5 },
    loseRequest: storm && r.chance(0.5) ? r.between(0, 0.3) : 0,
    loseReply: storm && r.chance(0.5) ? r.between(0, 0.3) : 0,
    error: storm && r.chance(0.4) ? r.between(0, 0.4) : 0,
    watchLagMs: storm && r.chance(0.3) ? r.between(0, 500) : 0,
    watchStalls: some(0.4, 3),
    watchBreaks: some(0.4, 4),
    outages: weather === 'bumpy' ? 2 : some(0.6, 4),
    pauses: some(0.4, 3),
    suspends: some(0.3, 2),
    wallSteps: r.chance(0.5),
    crashes: weather === 'calm' ? (r.chance(0.6) ? 1 : 0) : some(0.4, 3),
    stops: weather === 'calm' ? (r.chance(0.4) ? 1 : 0) : some(0.3, 2),
    stepDowns: weather === 'calm' ? (r.chance(0.4) ? 1 : 0) : some(0.3, 2),
    deletes: some(0.25, 2),
    clears: some(0.15, 2),
    thefts: some(0.15, 2),
    annotateMs: r.chance(0.3) ? r.between(200, 1000) : 0,
    releases: weather === 'calm' ? (r.chance(0.5) ? 1 : 0) : some(0.3, 2),
    releaseCrashes: storm && r.chance(0.4),
    carelessWriter: storm && r.chance(0.03),
  };
}

function drawNodes(r: Random, weather: Weather, d: Schedule['durations']): Schedule['nodes'] {
  const count = 2 + Math.floor(r.next() * 3);
  const shared = weather === 'storm' && r.chance(0.15);
  const given = shared || r.chance(0.3);
  const drainMs = d.drainMs ?? (d.leaseDurationMs - d.renewDeadlineMs) / 2;
  // S7: rates of any two machines differ by less than this.
  const tolerated = (d.leaseDurationMs - 250) / (d.renewDeadlineMs + drainMs);
  const spread = weather === 'calm' ? 1 : 1 + (tolerated - 1) * 0.98;
  return Array.from({ length: count }, (_, i) => ({
    identity: shared && i < 2 ? 'twin' : `n${i}`,
    madeUp: !given,
    rate: r.between(1 / Math.sqrt(spread), Math.sqrt(spread)),
    watchForbidden: weather === 'storm' && r.chance(0.1),
    releaseOnStop: weather === 'calm' || r.chance(0.9),
  }));
}
