import { beforeEach, expect, it } from 'vitest';
import { FakeClock, settled } from '../../../test/support/fake-clock.js';
import { CUT, FakeLeases } from '../../../test/support/fake-leases.js';
import { BASE, mark, OPERATION_ID, sampleLease } from '../../lease/testing.js';
import type { Condition } from './conditions.js';
import { type WaitRequest, type WaitResult, waitFor } from './wait.js';

let clock: FakeClock;
let leases: FakeLeases;
let controller: AbortController;
let result: WaitResult | undefined;

beforeEach(() => {
  clock = new FakeClock(0, BASE);
  leases = new FakeLeases(clock);
  controller = new AbortController();
  result = undefined;
});

/** Assignments in callbacks are beyond what the compiler follows. */
const seen = () => result;

const ref = { namespace: 'default', name: 'demo' };

async function begin(conditions: Condition[], more: Partial<WaitRequest> = {}): Promise<void> {
  const request = { ref, conditions, any: false, timeoutMs: 60_000, ...more };
  void waitFor(request, { leases, clock, signal: controller.signal }).then((done) => {
    result = done;
  });
  await settled();
}

/** Held by `a` for 15 s, found at 0. */
async function held(): Promise<void> {
  await leases.lease({ holder: 'a' }, 'added', true);
  await leases.synced();
}

it('is done at once when it is so already', async () => {
  await begin([{ type: 'held' }]);
  await held();
  expect(result).toMatchObject({ met: true, waitedMs: 0, failure: null, check: { verdict: { state: 'held' } } });
  expect(clock.timers).toBe(0);
});

it('knows absence only once all has been told', async () => {
  await begin([{ type: 'absent' }]);
  expect(result).toBeUndefined();
  await leases.synced();
  expect(result?.met).toBe(true);
});

it('waits for a release, and says how long', async () => {
  await begin([{ type: 'released' }]);
  await held();
  await leases.passes(3_000);
  await leases.lease({ holder: '', seconds: 1 });
  expect(result).toMatchObject({ met: true, waitedMs: 3_000 });
});

it('waits for an expiry by its own clock', async () => {
  await begin([{ type: 'expired' }]);
  await held();
  await leases.lease({ holder: 'a' });
  await leases.passes(14_999);
  expect(result).toBeUndefined();
  await leases.passes(1);
  expect(result).toMatchObject({ met: true, check: { verdict: { state: 'expired', basis: 'observed' } } });
});

it('waits for one holder, who must hold it', async () => {
  await begin([{ type: 'holder', holder: 'b' }]);
  await held();
  await leases.lease({ holder: 'c', transitions: 1 });
  expect(result).toBeUndefined();
  await leases.lease({ holder: 'b', transitions: 2 });
  expect(result?.met).toBe(true);
});

it('takes a renewal, a fence and a hand-over that nobody has taken up for no transition', async () => {
  await begin([{ type: 'transition' }]);
  await held();
  await leases.passes(2_000);
  await leases.lease({ holder: 'a' });
  await leases.lease({ holder: `kle/${OPERATION_ID}`, annotations: mark('release', 'fence'), transitions: 1 });
  await leases.lease({ holder: 'b', annotations: mark('release', 'handover'), transitions: 2 });
  expect(result).toBeUndefined();
  await leases.passes(1_000);
  await leases.lease({ holder: 'b', transitions: 2 });
  expect(result).toMatchObject({ met: true, waitedMs: 3_000 });
});

it('counts stability from the first look, and anew after every doubt', async () => {
  await begin([{ type: 'stable', forMs: 10_000 }]);
  await held();
  await leases.passes(9_000);
  await leases.lease({ holder: 'a' });
  await leases.down(CUT);
  await leases.passes(500);
  await leases.up();
  await leases.passes(9_000);
  await leases.lease({ holder: 'a' });
  await leases.passes(100);
  await leases.lease({ holder: 'b', transitions: 1 });
  await leases.passes(9_000);
  await leases.lease({ holder: 'b', transitions: 1 });
  expect(result).toBeUndefined();
  await leases.passes(1_000);
  expect(result).toMatchObject({ met: true, waitedMs: 28_600 });
});

it('wants all conditions at one moment, or one of them with any', async () => {
  const both: Condition[] = [{ type: 'transition' }, { type: 'released' }];
  await begin(both);
  await held();
  await leases.passes(1_000);
  await leases.lease({ holder: 'b', transitions: 1 });
  expect(result).toBeUndefined();
  await leases.lease({ holder: '', transitions: 1 });
  expect(result?.check?.each.map(({ met }) => met)).toEqual([true, true]);

  leases = new FakeLeases(clock);
  await begin(both, { any: true });
  await held();
  result = undefined;
  await leases.passes(1_000);
  await leases.lease({ holder: 'b', transitions: 1 });
  expect(seen()).toMatchObject({ check: { each: [{ met: true }, { met: false }] } });
});

it('says how it stood when the time is up', async () => {
  await begin([{ type: 'released' }], { timeoutMs: 5_000 });
  await held();
  await leases.passes(5_000);
  expect(result).toMatchObject({ met: false, waitedMs: 5_000, failure: null, check: { verdict: { state: 'held' } } });
  expect(clock.timers).toBe(0);
});

it('answers with the failure when the time is up and the server is away', async () => {
  await begin([{ type: 'released' }], { timeoutMs: 5_000 });
  await held();
  await leases.down(CUT);
  await leases.passes(5_000);
  expect(result).toMatchObject({ met: false, failure: CUT });
});

it('answers with a timeout when the server never said a word', async () => {
  await begin([{ type: 'held' }], { timeoutMs: 5_000 });
  await leases.passes(5_000);
  expect(result).toMatchObject({ met: false, check: null, failure: { kind: 'timeout', afterMs: 5_000 } });
});

it('looks once with no time, and watches nothing', async () => {
  leases.store.set('default/demo', sampleLease({ holder: 'a', renewMs: 0 }));
  leases.server = { earliest: clock.wallMicros(), latest: clock.wallMicros() };
  await begin([{ type: 'transition' }], { timeoutMs: 0 });
  expect(result).toMatchObject({ met: false, failure: null, check: { record: { holder: 'a' } } });
  expect(leases.looks).toBe(1);
  leases.store.clear();
  await begin([{ type: 'absent' }], { timeoutMs: 0 });
  expect(result?.met).toBe(true);
  leases.failure = CUT;
  await begin([{ type: 'absent' }], { timeoutMs: 0 });
  expect(result).toMatchObject({ met: false, failure: CUT });
});

it('rejects with the reason when it is interrupted', async () => {
  const request = { ref, conditions: [{ type: 'held' } as const], any: false, timeoutMs: 1_000 };
  const waiting = waitFor(request, { leases, clock, signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
