import { describe, expect, it } from 'vitest';
import type { ElectorFamily } from '../lease/fingerprint.js';
import type { PlanFacts } from './chaos/plan.js';
import { pickupOf, raceOf, reactionOf } from './reactions.js';
import { planRelease, type ReleaseIntent } from './release/plan-release.js';

const lease = { leaseDurationMs: 15_000, renewPeriodMs: 2_000 };
const facts = (family: ElectorFamily): PlanFacts => ({
  ...lease,
  lease: { namespace: 'shop', name: 'web' },
  uid: 'u',
  resourceVersion: '1',
  holder: 'web-0',
  offsetMs: 0,
  expiredForMs: null,
  family,
  confidence: 'likely',
  transitions: 0,
});
const planOf = (family: ElectorFamily, more: Partial<ReleaseIntent> = {}) =>
  planRelease(facts(family), {
    id: '0123456789',
    way: 'fence',
    to: null,
    given: null,
    waitMs: null,
    candidates: 1,
    pod: null,
    ...more,
  });
const codes = (plan: ReturnType<typeof planOf>) => plan.warnings.map(({ code }) => code);

describe('kube-leader-election, as test/cluster found it', () => {
  const kube = reactionOf('kube-leader-election');

  it('takes what is freed only once the second is over that the free writes, and then at its next poll', () => {
    expect(pickupOf(kube, lease, false)).toEqual({ leastMs: 900, mostMs: 3_500 });
    expect(planOf('kube-leader-election').prediction.leaderless).toEqual({ leastMs: 19_900, mostMs: 22_500 });
  });

  it('waits for the whole duration after a clear', () => {
    const { leaderless, returns } = planOf('kube-leader-election', { way: 'clear' }).prediction;
    expect(leaderless).toEqual({ leastMs: 0, mostMs: 17_500 });
    // Who polls first then is a matter of its loop.
    expect(returns).toBeNull();
  });

  it('can have two leaders by its own race for a free Lease, and none when one is named', () => {
    expect(raceOf(kube, lease)).toBe(2_500);
    expect(planOf('kube-leader-election').prediction.possibleOverlapMs).toBe(2_500);
    expect(planOf('kube-leader-election', { to: 'web-1' }).prediction.possibleOverlapMs).toBe(0);
  });

  it('warns that the old leader goes on as a candidate, unless another is named', () => {
    expect(codes(planOf('kube-leader-election'))).toEqual(['no-compare-and-swap', 'old-leader-contends']);
    expect(codes(planOf('kube-leader-election', { to: 'web-1' }))).toEqual(['no-compare-and-swap']);
  });
});

it.each(['client-go', 'controller-runtime', 'kle'] as const)(
  '%s: no race, and no old leader that contends',
  (family) => {
    expect(planOf(family).prediction.possibleOverlapMs).toBe(0);
    expect(codes(planOf(family))).toEqual([]);
  },
);

it('official Java waits its own duration for what is freed', () => {
  expect(codes(planOf('java-official'))).toEqual(['ignores-empty-holder', 'kill-unsafe-own-duration']);
  expect(planOf('java-official', { to: 'web-1' }).prediction.leaderless.mostMs).toBeLessThan(30_000);
});

it('a guess at the family makes no bound on two leaders smaller', () => {
  const cleared = (confidence: 'likely' | 'possible') =>
    planRelease(
      { ...facts('java-official'), confidence },
      { id: '0', way: 'clear', to: null, given: null, waitMs: null, candidates: 1, pod: null },
    ).prediction.possibleOverlapMs;
  expect(cleared('likely')).toBe(0);
  expect(cleared('possible')).toBe(19_000);
});
