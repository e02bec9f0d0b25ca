import { beforeEach, expect, it } from 'vitest';
import { FakeClock, settled } from '../../../test/support/fake-clock.js';
import { CUT, FakeLeases, FORBIDDEN } from '../../../test/support/fake-leases.js';
import type { ApiFailure, LeaseScope } from '../../lease/api.js';
import { mark, OPERATION_ID } from '../../lease/testing.js';
import { type FollowEvent, type Following, follow } from './follow.js';

let clock: FakeClock;
let leases: FakeLeases;
let told: FollowEvent[];
let polled: ApiFailure[];
let controller: AbortController;

beforeEach(() => {
  clock = new FakeClock(0);
  leases = new FakeLeases(clock);
  told = [];
  polled = [];
  controller = new AbortController();
});

function begin(scope: LeaseScope = { namespace: 'default' }): Following {
  const ports = { leases, clock, signal: controller.signal, onPolling: (failure: ApiFailure) => polled.push(failure) };
  return follow(scope, ports, (events) => told.push(...events));
}
const types = () => told.map(({ type, atMs }) => `${type}@${atMs}`);

/** A leader `a` of 15 s, found at 0, renewing every 2 s until 4 s. */
async function leaderA(): Promise<Following> {
  const following = begin();
  await leases.lease({ holder: 'a' }, 'added', true);
  await leases.synced();
  for (let i = 0; i < 2; i++) {
    await leases.passes(2_000);
    await leases.lease({ holder: 'a' });
  }
  return following;
}

it('tells what a watch brings, the first answer once', async () => {
  const { followed } = await leaderA();
  await leases.synced();
  expect(types()).toEqual(['seen@0', 'synced@0', 'renewed@2000', 'renewed@4000']);
  expect(followed).toMatchObject({ synced: true, down: null, polling: false });
  expect([...followed.leases.keys()]).toEqual(['default/demo']);
});

it('tells an expiry when the duration has passed on our clock, with no word of the server, wherever the wall clock goes', async () => {
  await leaderA();
  clock.stepWall(3_600_000_000n);
  await leases.passes(14_999);
  expect(types()).not.toContain('expired@19000');
  await leases.passes(1);
  expect(types().at(-1)).toBe('expired@19000');
  expect(clock.timers).toBe(0);
});

it('waits for the next expiry after each renewal, with one timer for all Leases', async () => {
  await leaderA();
  await leases.lease({ name: 'other', holder: 'o', seconds: 3 });
  expect(clock.timers).toBe(1);
  await leases.passes(3_000);
  expect(types().at(-1)).toBe('expired@7000');
  await leases.passes(11_900);
  await leases.lease({ holder: 'a' });
  await leases.passes(14_999);
  expect(types().filter((type) => type.startsWith('expired'))).toEqual(['expired@7000']);
  await leases.passes(1);
  expect(types().at(-1)).toBe('expired@33900');
});

it('says that a holder goes on after its expiry', async () => {
  await leaderA();
  await leases.passes(16_000);
  await leases.lease({ holder: 'a' });
  expect(told.at(-1)).toMatchObject({ type: 'renewed', resumed: true, leaderlessMs: 1_000 });
});

it('names the fields that changed and the mark of kle', async () => {
  await leaderA();
  await leases.lease({ holder: 'a', renewMs: 4_000, seconds: 20 });
  expect(told.at(-1)).toMatchObject({ type: 'changed', fields: ['leaseDurationSeconds'], operation: null });
  await leases.lease({ holder: `kle/${OPERATION_ID}`, annotations: mark('release', 'fence'), transitions: 1 });
  expect(told.at(-1)).toMatchObject({ type: 'fenced', operation: { id: OPERATION_ID, verb: 'release' } });
});

it('does not judge while it is cut off, and says for how long it was', async () => {
  const { followed } = await leaderA();
  await leases.down(CUT);
  expect(followed.down).toEqual({ sinceMs: 4_000, failure: CUT });
  await leases.passes(60_000);
  await leases.up();
  expect(types().slice(-2)).toEqual(['disconnected@4000', 'reconnected@64000']);
  expect(told.at(-1)).toMatchObject({ downMs: 60_000 });
  await leases.lease({ holder: 'a' });
  await leases.passes(15_000);
  expect(types().at(-1)).toBe('expired@79000');
});

it('tells a problem when it appears, and again only after it was gone for a minute', async () => {
  begin();
  await leases.lease({ holder: 'a', transitions: null }, 'added', true);
  const problems = () => told.filter(({ type }) => type === 'problem');
  expect(problems()).toEqual([
    expect.objectContaining({ name: 'demo', problem: { code: 'field-absent', field: 'leaseTransitions' } }),
  ]);
  await leases.passes(2_000);
  await leases.lease({ holder: 'a', transitions: null });
  await leases.passes(2_000);
  await leases.lease({ holder: 'a', transitions: 0 });
  await leases.passes(2_000);
  await leases.lease({ holder: 'a', transitions: null });
  expect(problems()).toHaveLength(1);
  await leases.lease({ holder: 'a', transitions: 0 });
  await leases.passes(61_000);
  await leases.lease({ holder: 'a', transitions: null });
  expect(problems()).toHaveLength(2);
});

it('reads once a second where watching is forbidden, says so once, and tells what was seen already no second time', async () => {
  const { followed } = begin();
  await leases.lease({ holder: 'a', rv: '7' }, 'added', true);
  await leases.synced();
  const record = followed.leases.get('default/demo')?.record;
  if (record) leases.store.set('default/demo', record);
  await leases.down(FORBIDDEN('watch'));
  expect(polled).toEqual([FORBIDDEN('watch')]);
  expect(followed).toMatchObject({ polling: true, down: null });
  await leases.passes(1_000);
  await leases.passes(1_000);
  expect(leases.looks).toBe(3);
  expect(types()).toEqual(['seen@0', 'synced@0']);
  await leases.passes(13_000);
  await leases.passes(1_000);
  expect(types().at(-1)).toBe('expired@15000');
  leases.store.clear();
  await leases.passes(1_000);
  expect(told.at(-1)).toMatchObject({ type: 'deleted', timely: false });
  controller.abort();
  await settled();
  expect(clock.timers).toBe(0);
});

it('needs no more than the right to get, for one Lease', async () => {
  const { followed, ended } = begin({ namespace: 'default', name: 'demo' });
  await leases.down(FORBIDDEN('list'));
  expect(polled).toHaveLength(1);
  expect(followed).toMatchObject({ synced: true });
  expect([...followed.leases.keys()]).toEqual([]);
  leases.failure = CUT;
  await leases.passes(1_000);
  leases.failure = null;
  await leases.passes(1_000);
  expect(types().slice(1)).toEqual(['disconnected@1000', 'reconnected@2000']);
  leases.failure = FORBIDDEN('get');
  await leases.passes(1_000);
  expect(await ended).toEqual(FORBIDDEN('get'));
});

it('gives up on an address that does not answer at first, and on nothing that heals', async () => {
  const first = begin();
  await leases.down(CUT);
  expect(await first.ended).toEqual(CUT);
  leases = new FakeLeases(clock);
  const timeout: ApiFailure = { kind: 'timeout', afterMs: 1, message: 'late' };
  const { followed, ended } = begin();
  await leases.down(timeout);
  await leases.up();
  await leases.synced();
  await leases.down(CUT);
  expect(followed.down?.failure).toEqual(CUT);
  await leases.down(FORBIDDEN('list'));
  await leases.end();
  expect(await ended).toEqual(FORBIDDEN('list'));
});

it('ends with its signal, and leaves no timer', async () => {
  const { ended } = await leaderA();
  expect(clock.timers).toBe(1);
  controller.abort();
  expect(await ended).toBeNull();
  expect(clock.timers).toBe(0);
});

it('remembers a bounded number of Leases that are gone', async () => {
  const { followed } = begin();
  await leases.synced();
  for (let i = 0; i < 250; i++) {
    await leases.lease({ name: `l${i}`, holder: '' }, 'added');
    await leases.lease({ name: `l${i}`, holder: '' }, 'deleted');
  }
  expect(followed.leases.size).toBe(200);
  expect(followed.leases.has('default/l49')).toBe(false);
});
