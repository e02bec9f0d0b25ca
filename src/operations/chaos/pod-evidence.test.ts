import { describe, expect, it } from 'vitest';
import { makeWorld, pass, REF, until, type World } from '../../../test/support/operations-world.js';
import type { Answer } from '../../lease/api.js';
import { sampleLease, wallAt } from '../../lease/testing.js';
import type { ContainerFacts, PodFacts, PodPort } from '../ports.js';
import { openRelease, type ReleaseRequest } from '../release/release.js';
import { podNamesOf, podsOf } from './pod-evidence.js';

const container = (more: Partial<ContainerFacts> = {}): ContainerFacts => ({
  name: 'main',
  id: 'c1',
  state: 'running',
  endedIds: [],
  startedAt: 0n,
  ...more,
});
const pod = (more: Partial<PodFacts> = {}): PodFacts => ({
  namespace: 'ns',
  name: 'web-0',
  uid: 'u1',
  nodeName: 'node',
  hostNetwork: false,
  mirror: false,
  phase: 'Running',
  startedAt: 0n,
  controllerUid: 'rs',
  deleting: false,
  containers: [container()],
  ...more,
});

describe('whose Pod it is', () => {
  it('is told by the whole identity, or the part before the last _', () => {
    expect(podNamesOf('web-0')).toEqual(['web-0']);
    expect(podNamesOf('web-0_a1b2')).toEqual(['web-0_a1b2', 'web-0']);
    expect(podNamesOf('_x')).toEqual(['_x']);
  });

  it('must have started before its holder appeared, and have a network of its own', () => {
    const record = sampleLease({ holder: 'web-0_uid', acquireMs: 60_000 });
    const early = pod({ startedAt: wallAt(30_000) });
    expect(podsOf([early], record, 0)).toEqual([early]);
    expect(podsOf([pod({ startedAt: wallAt(90_000) })], record, 0)).toEqual([]);
    expect(podsOf([pod({ startedAt: null })], record, 0)).toEqual([]);
    expect(podsOf([pod({ startedAt: wallAt(0), hostNetwork: true })], record, 0)).toEqual([]);
    expect(podsOf([pod({ name: 'web-1', startedAt: wallAt(0) })], record, 0)).toEqual([]);
    // A holder whose clock is an hour ahead appeared an hour earlier than it says.
    expect(podsOf([pod({ startedAt: wallAt(30_000) })], record, 3_600_000)).toEqual([]);
  });
});

/** A cluster with one Pod, whose looks come from `at`; what it is asked is counted. */
function podPort(look: () => PodFacts | null, options: { ready?: boolean; evicted?: Answer<undefined> } = {}): PodPort {
  const times = { sentMs: 0, receivedMs: 0 };
  return {
    list: async () => ({ ok: true, value: [look()].filter((one) => one !== null), times }),
    get: async () => {
      const value = look();
      const failure = { kind: 'not-found', resource: 'pods', name: 'web-0', message: 'gone' } as const;
      return value ? { ok: true, value, times } : { ok: false, failure, mayHaveApplied: false, times };
    },
    nodeReady: async () => ({ ok: true, value: options.ready ?? true, times }),
    evict: async () => options.evicted ?? { ok: true, value: undefined, times },
  };
}

const request = (more: Partial<ReleaseRequest> = {}): ReleaseRequest => ({
  lease: REF,
  way: 'fence',
  to: null,
  identity: null,
  given: null,
  waitMs: 3_000,
  leaseDurationMs: null,
  allowNonElection: false,
  by: '',
  ...more,
});

/** Fences, and after three seconds the Pod looks as given. */
async function waitedMs(after: PodFacts | null, ready = true): Promise<{ ms: number; steps: string[] }> {
  const world: World = makeWorld({ standbys: 0 });
  let now: PodFacts | null = pod();
  const ports = { ...world.ports, pods: podPort(() => now, { ready }) };
  const opened = await until(world, openRelease(request(), ports));
  if (!opened.ready) throw new Error('not ready');
  expect(opened.plan.steps[1]).toMatchObject({ step: 'stop-wait', shortenedByPod: true });
  const running = opened.run();
  const startMs = world.clock.monoMs();
  await pass(world, 3_000);
  now = after && { ...after };
  const report = await until(world, running);
  opened.close();
  const freed = world.server.writes.find((one) => one.by === 'kle' && one.after?.holder === '');
  return { ms: (freed?.atMs ?? 0) - startMs, steps: report.steps.map((one) => one.step) };
}

describe('the stop wait', () => {
  it('ends when all the same containers are seen to have ended on a node that is Ready', async () => {
    const { ms, steps } = await waitedMs(pod({ containers: [container({ state: 'terminated', endedIds: ['c1'] })] }));
    expect(ms).toBeLessThan(6_000);
    expect(steps).toContain('pod-ended');
  });

  it('ends when the container was started again, since the one before has ended', async () => {
    const again = container({ id: 'c2', endedIds: ['c1'] });
    expect((await waitedMs(pod({ containers: [again] }))).ms).toBeLessThan(6_000);
  });

  it.each([
    ['the node is not Ready', pod({ containers: [container({ state: 'terminated', endedIds: ['c1'] })] }), false],
    [
      'one container still runs',
      pod({ containers: [container(), container({ id: 'c3', state: 'terminated', endedIds: ['c3'] })] }),
      true,
    ],
    [
      'another container has ended',
      pod({ containers: [container({ id: 'c9', state: 'terminated', endedIds: ['c9'] })] }),
      true,
    ],
    ['the Pod is gone without a word', null, true],
    [
      'another Pod has its name',
      pod({ uid: 'u2', containers: [container({ state: 'terminated', endedIds: ['c1'] })] }),
      true,
    ],
  ])('goes on when %s', async (_, after, ready) => {
    expect((await waitedMs(after, ready)).ms).toBeGreaterThanOrEqual(19_000);
  });
});

describe('eviction', () => {
  const release = async (pods: PodPort) => {
    const world = makeWorld();
    const opened = await until(world, openRelease(request({ way: 'evict', waitMs: 40_000 }), { ...world.ports, pods }));
    if (opened.ready) world.electors[0]?.kill();
    const report = opened.ready ? await until(world, opened.run()) : opened.report;
    opened.close();
    return { report, wrote: world.server.writes.filter((one) => one.by === 'kle').length };
  };

  it('asks the Pod to go and watches who leads then; the Lease is not written', async () => {
    const { report, wrote } = await release(podPort(() => pod()));
    expect(report).toMatchObject({ outcome: 'handed-over', to: 'web-1', possibleOverlapMs: 0 });
    expect(wrote).toBe(0);
  });

  it.each([
    ['a static Pod', pod({ mirror: true }), 'pod-not-evictable'],
    ['one that is not running', pod({ phase: 'Pending' }), 'pod-not-evictable'],
    ['one that is going', pod({ deleting: true }), 'pod-not-evictable'],
    ['one on the host’s network', pod({ hostNetwork: true }), 'pod-not-unique'],
    ['none', null, 'pod-not-unique'],
  ])('refuses %s', async (_, one, code) => {
    expect((await release(podPort(() => one))).report).toMatchObject({ outcome: 'refused', refusal: { code } });
  });

  it('is refused where a disruption budget forbids it', async () => {
    const failure = { kind: 'throttled', retryAfterMs: null, message: 'would violate the budget' } as const;
    const times = { sentMs: 0, receivedMs: 0 };
    const evicted = { ok: false, failure, mayHaveApplied: false, times } as const;
    const { report } = await release(podPort(() => pod(), { evicted }));
    expect(report).toMatchObject({ outcome: 'refused', refusal: { code: 'budget-forbids' } });
  });
});
