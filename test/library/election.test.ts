/** The library against the sandbox: what docs/library.md promises, by real requests and real clocks. */
import { afterEach, expect, it } from 'vitest';
import { isFree } from '../../src/elector/sight.js';
import {
  ConnectError,
  connectLeases,
  LeaderElection,
  NotLeader,
  ObserveTimeout,
  type Warning,
} from '../../src/index.js';
import type { LeaseApi } from '../../src/lease/api.js';
import { systemClock } from '../../src/platform/clock.js';
import { kubeConfigOf, openWorld, SHORT, type World } from './world.js';

const worlds: World[] = [];
async function world(...options: Parameters<typeof openWorld>): Promise<World> {
  const opened = await openWorld(...options);
  worlds.push(opened);
  return opened;
}
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((one) => one.close()));
});

const now = () => systemClock.monoMs();

it('leads, and tells by its state and its term', async () => {
  const { election, lease } = await world();
  const one = election({ identity: 'one' });
  expect(one.state.isLeader()).toBe(false);
  expect(one.state.holder).toBe(null);
  expect(() => one.state.check()).toThrow(NotLeader);
  const term = await one.acquire();
  expect(one.state.isLeader()).toBe(true);
  expect(one.state.holder).toBe('one');
  expect(one.state.remainingMs).toBeGreaterThan(500);
  expect(() => one.state.check()).not.toThrow();
  expect(term.token).toMatch(/^\d+$/);
  expect(lease()).toMatchObject({ holder: 'one', leaseDurationSeconds: 2, uid: term.uid });
  await term[Symbol.asyncDispose]();
  expect(one.state.isLeader()).toBe(false);
});

it('refuses a term while another holds, and names who', async () => {
  const { election } = await world();
  const term = await election({ identity: 'one' }).acquire();
  const two = election({ identity: 'two' });
  const stop = new AbortController();
  const waiting = two.acquire({ signal: stop.signal });
  await expect.poll(() => two.state.holder).toBe('one');
  expect(() => two.state.check()).toThrow('not the leader; one is');
  await expect(two.acquire()).rejects.toThrow('this election is competing already');
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await term[Symbol.asyncDispose]();
});

it('hands over within 250 ms of the end of the work, with a larger token', async () => {
  const { election } = await world();
  const first = await election({ identity: 'one' }).acquire();
  const standby = election({ identity: 'two' });
  const next = standby.acquire();
  await expect.poll(() => standby.state.holder).toBe('one');
  let finish = () => {};
  const work = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const released = first.stepDown(work);
  expect(first.isLeader()).toBe(false);
  expect(first.signal.aborted).toBe(true);
  expect(standby.state.isLeader()).toBe(false);
  finish();
  const freedAt = now();
  const second = await next;
  expect(now() - freedAt).toBeLessThan(250);
  await expect(released).resolves.toBe('freed');
  await expect(first.lost).resolves.toBe('stepped-down');
  expect(BigInt(second.token)).toBeGreaterThan(BigInt(first.token));
  await second[Symbol.asyncDispose]();
});

it('frees nothing while the work goes on, and leads no second term before it has ended', async () => {
  const { election, lease } = await world();
  const one = election({ identity: 'one' });
  const term = await one.acquire();
  void term.stepDown();
  await term.lost;
  expect(lease()?.holder).toBe('one');
  await expect(one.acquire()).rejects.toThrow('call workStopped() on it first');
  term.workStopped();
  await expect(term.ended).resolves.toBe('freed');
  const record = lease();
  expect(record && isFree(record)).toBe(true);
});

it('loses its claim at the renew deadline when it is cut off; the standby takes the Lease by its own watch (S1, S2)', async () => {
  const { election, kubeconfig, lease } = await world();
  const api = await connectLeases(kubeconfig);
  let cut = false;
  const reaching = <T>(call: () => Promise<T>) => (cut ? new Promise<T>(() => {}) : call());
  const severed: LeaseApi = {
    get: (ref, options) => reaching(() => api.get(ref, options)),
    list: (scope, options) => reaching(() => api.list(scope, options)),
    create: (object, options) => reaching(() => api.create(object, options)),
    replace: (object, options) => reaching(() => api.replace(object, options)),
    delete: (ref, preconditions, options) => reaching(() => api.delete(ref, preconditions, options)),
    watch: (scope, options) => (cut ? (async function* () {})() : hushed(api.watch(scope, options), () => cut)),
    serverTime: () => api.serverTime(),
  };
  const one = election({ identity: 'one', api: severed });
  const term = await one.acquire();
  const standby = election({ identity: 'two' });
  const next = standby.acquire();
  await expect.poll(() => standby.state.holder).toBe('one');
  // From a renewal on: whatever was under way has arrived.
  const { renewTime } = lease() ?? {};
  await expect.poll(() => lease()?.renewTime !== renewTime, { interval: 1 }).toBe(true);
  const renewedAt = now();
  cut = true;
  let abortedFirst = false;
  term.signal.addEventListener('abort', () => {
    abortedFirst = !term.isLeader() && !one.state.isLeader();
  });
  await expect(term.lost).resolves.toBe('renew-deadline-exceeded');
  expect(abortedFirst).toBe(true);
  expect(term.signal.reason).toBeInstanceOf(NotLeader);
  expect(now() - renewedAt).toBeLessThan(1_300);
  expect(standby.state.isLeader()).toBe(false);
  const second = await next;
  expect(now() - renewedAt).toBeGreaterThan(1_900);
  expect(now() - renewedAt).toBeLessThan(2_500);
  expect(BigInt(second.token)).toBeGreaterThan(BigInt(term.token));
  term.workStopped();
  await second[Symbol.asyncDispose]();
  api.close();
});

/** A watch that falls silent, as that of a process without a network. */
async function* hushed<T>(events: AsyncIterable<T>, cut: () => boolean): AsyncIterable<T> {
  for await (const event of events) if (!cut()) yield event;
}

it('is told when another takes its Lease, and who', async () => {
  const { election, sandbox } = await world();
  const one = election({ identity: 'one' });
  const term = await one.acquire();
  const [object] = sandbox.store.list('leases');
  if (!object) throw new Error('there is no Lease');
  sandbox.store.update('leases', 'default/demo', {
    ...object,
    spec: { ...(object.spec as object), holderIdentity: 'thief' },
  });
  await expect(term.lost).resolves.toBe('holder-changed');
  expect(term.signal.reason).toMatchObject({ name: 'NotLeader', holder: 'thief', reason: 'holder-changed' });
  term.workStopped();
  await expect(term.ended).resolves.toBe('not-ours');
});

it('leaves the Lease to expire when told not to release', async () => {
  const { election, lease } = await world();
  const term = await election({ identity: 'one', releaseOnStop: false }).acquire();
  await expect(term.stepDown(Promise.reject(new Error('work that failed has ended too')))).resolves.toBe('kept');
  expect(lease()?.holder).toBe('one');
});

it('ends everything by close, and is closed then', async () => {
  const { election, lease } = await world();
  const one = election({ identity: 'one' });
  const waiting = election({ identity: 'two' });
  const term = await one.acquire();
  const never = waiting.acquire().catch((error: Error) => error.message);
  await expect.poll(() => waiting.state.holder).toBe('one');
  await waiting.close();
  expect(await never).toBe('this election was closed');
  const closing = one[Symbol.asyncDispose]();
  await term.lost;
  expect(lease()?.holder).toBe('one');
  term.workStopped();
  await closing;
  expect(lease()?.holder).toBe('');
  await expect(one.acquire()).rejects.toThrow('this election is closed');
  await expect(one.tryAcquireOrRenew()).rejects.toThrow('this election is closed');
  await new LeaderElection({ name: 'demo' }).close();
});

it('tries by hand: takes, renews, keeps its token, waits for another', async () => {
  const { election } = await world();
  const one = election({ identity: 'one' });
  const first = await one.tryAcquireOrRenew();
  const second = await one.tryAcquireOrRenew();
  expect([first.outcome, second.outcome]).toEqual(['acquired', 'renewed']);
  expect('term' in first && 'term' in second && first.term.token === second.term.token).toBe(true);
  expect(one.state.isLeader()).toBe(true);
  const other = await election({ identity: 'two' }).tryAcquireOrRenew();
  expect(other).toMatchObject({ outcome: 'held', holder: 'one' });
  const strangers = await election({ identity: 'one' }).tryAcquireOrRenew();
  expect(strangers).toMatchObject({ outcome: 'held', holder: 'one' });
  const mine = await election({ identity: 'one' }).tryAcquireOrRenew({ ownIsOurs: true });
  expect(mine.outcome).toBe('renewed');
});

it('works with a KubeConfig by its shape, and asks it again after a 401', async () => {
  const users = [{ name: 'worker', token: 'good', rules: 'all' as const }];
  const { sandbox, lease } = await world({ users });
  const kubeConfig = kubeConfigOf(sandbox, { namespace: 'kube-system' });
  const one = new LeaderElection({ kubeConfig, name: 'demo', ...SHORT });
  const term = await one.acquire();
  expect(lease()).toMatchObject({ namespace: 'kube-system', holder: one.identity });
  await term[Symbol.asyncDispose]();
  await one.close();

  kubeConfig.token = 'expired';
  const two = new LeaderElection({ kubeConfig, name: 'demo', ...SHORT });
  const refused = await two.tryAcquireOrRenew();
  expect(refused).toMatchObject({ outcome: 'failed', failure: { kind: 'unauthorised' } });
  kubeConfig.token = 'good';
  expect((await two.tryAcquireOrRenew()).outcome).toBe('acquired');
  await two.close();
});

it('gives up when nothing could be learned for observeTimeout, and says why', async () => {
  const { sandbox, kubeconfig } = await world();
  await sandbox.close();
  const warnings: Warning[] = [];
  const one = new LeaderElection({
    kubeConfig: kubeconfig,
    name: 'demo',
    ...SHORT,
    observeTimeout: '700ms',
    onWarning: (warning) => warnings.push(warning),
  });
  const failed = await one.acquire().catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(ObserveTimeout);
  expect(failed).toMatchObject({ failure: { kind: 'unreachable', code: 'ECONNREFUSED' } });
  expect((failed as Error).message).toMatch(/^nothing could be learned from the server for 0\.7s: /);
  expect(warnings[0]).toMatchObject({ code: 'request-failed' });
  expect(warnings[0]?.message).toMatch(/^cannot read the Lease: cannot reach the server/);
  await one.close();
});

it('does not give up while a live watch says that somebody leads', async () => {
  const { election } = await world();
  const term = await election({ identity: 'one' }).acquire();
  const two = election({ identity: 'two', observeTimeout: '300ms' });
  let settled = false;
  const next = two.acquire().finally(() => {
    settled = true;
  });
  await expect.poll(() => two.state.holder).toBe('one');
  const from = now();
  await expect.poll(() => now() - from > 900).toBe(true);
  expect(settled).toBe(false);
  await term[Symbol.asyncDispose]();
  await (await next)[Symbol.asyncDispose]();
});

it('names the verb that is forbidden, and polls where it may not watch', async () => {
  const rules = ['get', 'create', 'update'].map((verb) => ({ verb, resource: 'leases' }));
  const users = [{ name: 'reader', token: 'reader', rules }];
  const { sandbox } = await world({ users });
  const kubeConfig = kubeConfigOf(sandbox);
  kubeConfig.token = 'reader';
  const warnings: Warning[] = [];
  const onWarning = (warning: Warning) => warnings.push(warning);
  const one = new LeaderElection({ kubeConfig, name: 'demo', ...SHORT, onWarning });
  const term = await one.acquire();
  await expect.poll(() => warnings.map(({ code }) => code)).toContain('watch-refused');
  await term[Symbol.asyncDispose]();
  await one.close();
  expect(warnings.filter(({ code }) => code === 'watch-refused')).toHaveLength(1);
  expect(warnings[0]?.failure).toMatchObject({ kind: 'forbidden' });
});

it('rejects with ConnectError what leads nowhere', async () => {
  const { kubeconfig } = await world();
  const absent = new LeaderElection({ kubeConfig: `${kubeconfig}.absent`, name: 'demo' });
  await expect(absent.acquire()).rejects.toBeInstanceOf(ConnectError);
  await expect(absent.acquire()).rejects.toThrow('does not exist');
  const empty = { getCurrentCluster: () => null, applyToHTTPSOptions: async () => {} };
  const nowhere = new LeaderElection({ kubeConfig: empty, name: 'demo' });
  await expect(nowhere.acquire()).rejects.toThrow('the kubeConfig has no current cluster');
});
