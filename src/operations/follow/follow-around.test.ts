import { beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { FakeLeases, FORBIDDEN } from '../../../test/support/fake-leases.js';
import type { Answer, ApiFailure } from '../../lease/api.js';
import { BASE } from '../../lease/testing.js';
import type { EventFacts, PodFacts } from '../ports.js';
import type { FollowEvent } from './follow.js';
import type { HolderPod } from './follow-around.js';
import { followUntil } from './follow-until.js';

let clock: FakeClock;
let leases: FakeLeases;
let events: EventFacts[];
let pods: Record<string, PodFacts>;
let refusal: ApiFailure | null;
let asked: number;
let told: FollowEvent[];
let shown: (HolderPod | null)[];

const times = { sentMs: 0, receivedMs: 0 };
const say = async <T>(value: T | undefined): Promise<Answer<T>> => {
  asked += 1;
  const missing: ApiFailure = { kind: 'not-found', resource: 'pods', name: 'x', message: 'no such pod' };
  if (refusal || value === undefined) return { ok: false, failure: refusal ?? missing, mayHaveApplied: false, times };
  return { ok: true, value, times };
};

const pod = (name: string, more: Partial<PodFacts> = {}): PodFacts => ({
  namespace: 'default',
  name,
  uid: `uid-${name}`,
  nodeName: 'node-1',
  hostNetwork: false,
  mirror: false,
  phase: 'Running',
  startedAt: BASE - 60_000_000n,
  controllerUid: null,
  deleting: false,
  containers: [],
  ...more,
});
const event = (message: string, atMs: number): EventFacts => ({
  at: BASE + BigInt(atMs) * 1000n,
  reason: 'LeaderElection',
  message,
  count: 1,
});

beforeEach(() => {
  clock = new FakeClock(0, BASE);
  leases = new FakeLeases(clock);
  [events, pods, refusal, asked, told, shown] = [[], {}, null, 0, [], []];
});

async function begin(past = false): Promise<void> {
  const port = { list: () => say([]), get: ({ name }: { name: string }) => say(pods[name]) };
  const around = {
    events: { about: () => say([...events]) },
    pods: { ...port, nodeReady: () => say(true), evict: () => say<undefined>(undefined) },
    onPod: (one: HolderPod | null) => shown.push(one),
    past,
  };
  const ports = { leases, clock, signal: new AbortController().signal, around };
  void followUntil({ namespace: 'default', name: 'demo' }, {}, ports, (happened) => told.push(...happened));
  await leases.lease({ holder: 'web-0_0c1e', acquireMs: 0 }, 'added', true);
  await leases.synced();
}
const messages = () => told.flatMap((one) => (one.type === 'event' ? [`${one.message}@${one.atMs}`] : []));

it('tells Events that come with a change, when they happened, and none that were there before', async () => {
  events = [event('web-0_0c1e became leader', -50_000)];
  await begin();
  await leases.passes(2_000);
  await leases.lease({ holder: '', seconds: 1, acquireMs: 2_000 });
  events.push(event('web-0_0c1e stopped leading', 2_000));
  expect(messages()).toEqual([]);
  await leases.passes(1_000);
  expect(messages()).toEqual(['web-0_0c1e stopped leading@2000']);
  events.push(event('web-1 became leader', 4_000));
  await leases.passes(4_000);
  expect(messages()).toEqual(['web-0_0c1e stopped leading@2000', 'web-1 became leader@4000']);
});

it('tells what led to it where it is asked to: the newest Events of before, each at its own time', async () => {
  events = Array.from({ length: 30 }, (_, i) => event(`web-${i} became leader`, -50_000 + i));
  await begin(true);
  await leases.passes(0);
  expect(messages()).toHaveLength(20);
  expect(messages()[0]).toBe('web-10 became leader@-49990');
  await leases.lease({ holder: '', seconds: 1, acquireMs: 2_000 });
  await leases.passes(6_000);
  expect(messages()).toHaveLength(20);
});

it('asks for nothing while the holder only renews', async () => {
  await begin();
  const before = asked;
  for (let i = 0; i < 5; i++) {
    await leases.passes(2_000);
    await leases.lease({ holder: 'web-0_0c1e', acquireMs: 0 });
  }
  expect(asked).toBe(before);
});

it("finds the holder's Pod by the part before the underscore, and forgets it with the holder", async () => {
  pods = { 'web-0': pod('web-0'), 'web-1': pod('web-1', { startedAt: BASE + 99_000_000n }) };
  await begin();
  await leases.passes(0);
  expect(shown).toEqual([{ holder: 'web-0_0c1e', name: 'web-0', node: 'node-1' }]);
  await leases.passes(1_000);
  // A Pod that started after the holder appeared is another.
  await leases.lease({ holder: 'web-1', acquireMs: 1_000, transitions: 1 });
  await leases.passes(0);
  expect(shown.at(-1)).toBeNull();
});

it('gives up quietly without the right', async () => {
  refusal = FORBIDDEN('list');
  await begin();
  await leases.passes(0);
  const before = asked;
  await leases.passes(1_000);
  await leases.lease({ holder: 'b', acquireMs: 1_000, transitions: 1 });
  await leases.passes(9_000);
  expect(asked).toBe(before);
  expect(told.filter(({ type }) => type === 'disconnected')).toEqual([]);
});
