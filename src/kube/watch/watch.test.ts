import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settled } from '../../../test/support/fake-clock.js';
import { UNREACHABLE, WatchWorld } from '../../../test/support/watch-world.js';
import type { LeaseWatchEvent } from '../../lease/api.js';
import { watchLeases } from './watch.js';

/** Takes every event as it comes. */
function follow(world: WatchWorld, signal?: AbortSignal) {
  const seen: LeaseWatchEvent[] = [];
  const state = { seen, over: false };
  void (async () => {
    for await (const event of watchLeases(world.ports(signal))) seen.push(event);
    state.over = true;
  })();
  return state;
}

const words = (events: LeaseWatchEvent[]) =>
  events.map((event) =>
    'record' in event ? `${event.type} ${event.record.name}${event.found ? ' found' : ''}` : event.type,
  );

/** Everything works and all that is pending arrives. */
async function heal(world: WatchWorld): Promise<void> {
  world.failNext = 0;
  for (let round = 0; round < 12; round++) {
    world.answerList();
    await settled();
    world.accept();
    world.deliver(Number.POSITIVE_INFINITY);
    await settled();
    if (!world.streaming) world.clock.advance(world.clock.nextTimerMs() ?? 0);
  }
}

describe('a watch', () => {
  it('reports what is there, then what happens', async () => {
    const world = new WatchWorld();
    world.write('a');
    const { seen } = follow(world);
    await heal(world);
    world.write('a');
    world.write('b');
    world.delete('a');
    world.bookmark();
    await heal(world);
    const happened = ['modified a', 'added b', 'deleted a', 'bookmark'];
    expect(words(seen)).toEqual(['added a found', 'synced', ...happened]);
    expect(world.requests).toEqual(['list', 'watch 101']);
  });

  it('stays silent when the server ends streams in good order, and loses nothing', async () => {
    const world = new WatchWorld();
    const { seen } = follow(world);
    await heal(world);
    world.write('a');
    world.deliver(1_000);
    world.clock.advance(60_000);
    world.end(null);
    world.write('b');
    await heal(world);
    expect(words(seen)).toEqual(['synced', 'added a', 'added b']);
  });

  it('tells a broken connection and its return', async () => {
    const world = new WatchWorld();
    const { seen } = follow(world);
    await heal(world);
    world.end(UNREACHABLE);
    world.write('a');
    await heal(world);
    expect(words(seen)).toEqual(['synced', 'disconnected', 'reconnected', 'added a']);
  });

  it('notices a connection that died without a word within 85 s', async () => {
    const world = new WatchWorld();
    const { seen } = follow(world);
    await heal(world);
    world.clock.advance(64_000);
    await settled();
    expect(words(seen)).toEqual(['synced']);
    world.clock.advance(21_000);
    await settled();
    expect(seen.at(-1)).toMatchObject({ type: 'disconnected', failure: { kind: 'timeout' } });
  });

  it('tells the difference when the past is gone', async () => {
    const world = new WatchWorld();
    for (const name of ['a', 'b', 'c', 'unchanged']) world.write(name);
    const { seen } = follow(world);
    await heal(world);
    world.end(UNREACHABLE);
    world.delete('a');
    world.write('a');
    world.write('b');
    world.delete('c');
    world.write('d');
    world.compact();
    seen.length = 0;
    await heal(world);
    const difference = ['deleted c', 'deleted a', 'added a', 'modified b', 'added d'].map((word) => `${word} found`);
    const told = words(seen).filter((word) => word.endsWith('found'));
    expect(told.sort()).toEqual(difference.sort());
    expect(words(seen).at(-1)).toBe('synced');
  });

  it('lists anew once, whatever else the same bytes bring', async () => {
    const world = new WatchWorld();
    const { seen } = follow(world);
    await heal(world);
    const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
    const broken = { kind: 'Status', code: 500, message: 'etcd is away' };
    world.raw([gone, broken].map((object) => `${JSON.stringify({ type: 'ERROR', object })}\n`).join(''));
    await heal(world);
    expect(words(seen)).toEqual(['synced', 'synced']);
    expect(world.requests).toEqual(['list', 'watch 100', 'list', 'watch 100']);
  });

  it('treats garbage as a broken connection', async () => {
    const world = new WatchWorld();
    const { seen } = follow(world);
    await heal(world);
    world.raw('<html>\n');
    world.write('a');
    await heal(world);
    expect(words(seen)).toEqual(['synced', 'disconnected', 'reconnected', 'added a']);
    expect(seen[1]).toMatchObject({ failure: { kind: 'not-kubernetes' } });
  });

  it('ends when its signal is aborted and leaves no timer', async () => {
    const world = new WatchWorld();
    const controller = new AbortController();
    const state = follow(world, controller.signal);
    await heal(world);
    controller.abort();
    await settled();
    expect(state.over).toBe(true);
    expect(world.clock.timers).toBe(0);
    expect(world.streaming).toBe(false);
  });

  it('ends when its consumer leaves the loop', async () => {
    const world = new WatchWorld();
    const iterator = watchLeases(world.ports())[Symbol.asyncIterator]();
    await heal(world);
    const pending = [iterator.next(), iterator.next()];
    await iterator.return?.();
    expect(await Promise.all(pending)).toMatchObject([{ value: { type: 'synced' } }, { done: true }]);
    expect(world.clock.timers).toBe(0);
  });

  it('stops reading when nobody takes the events, and asks for nothing', async () => {
    const world = new WatchWorld();
    const iterator = watchLeases(world.ports())[Symbol.asyncIterator]();
    await heal(world);
    for (let i = 0; i < 3_000; i++) {
      world.write('a');
      world.deliver(1_000);
    }
    expect(world.paused).toBe(true);
    world.clock.advance(600_000);
    world.end(UNREACHABLE);
    world.clock.advance(600_000);
    await settled();
    expect(world.requests).toEqual(['list', 'watch 100']);
    let last = '';
    void (async () => {
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
        if ('record' in next.value) last = next.value.record.resourceVersion ?? '';
      }
    })();
    for (let i = 0; i < 20 && last !== '3100'; i++) await heal(world);
    expect(last).toBe('3100');
    await iterator.return?.();
  });
});

describe('whatever happens', () => {
  type Act = (world: WatchWorld) => void;
  const name = fc.constantFrom('a', 'b', 'c');
  const act: fc.Arbitrary<[string, Act]> = fc.oneof(
    { weight: 6, arbitrary: name.map((n): [string, Act] => [`write ${n}`, (w) => w.write(n)]) },
    { weight: 2, arbitrary: name.map((n): [string, Act] => [`delete ${n}`, (w) => w.delete(n)]) },
    { weight: 6, arbitrary: fc.nat(400).map((n): [string, Act] => [`deliver ${n}`, (w) => w.deliver(n)]) },
    { weight: 4, arbitrary: fc.constant<[string, Act]>(['accept', (w) => w.accept()]) },
    { weight: 4, arbitrary: fc.constant<[string, Act]>(['answer list', (w) => w.answerList()]) },
    { weight: 3, arbitrary: fc.nat(90_000).map((n): [string, Act] => [`advance ${n}`, (w) => w.clock.advance(n)]) },
    fc.constant<[string, Act]>(['break', (w) => w.end(UNREACHABLE)]),
    fc.constant<[string, Act]>(['end', (w) => w.end(null)]),
    fc.constant<[string, Act]>(['bookmark', (w) => w.bookmark()]),
    fc.constant<[string, Act]>(['garbage', (w) => w.raw('garbage\n')]),
    fc.nat(2).map((n): [string, Act] => [`fail ${n}`, (w) => Object.assign(w, { failNext: n })]),
  );
  const compact: fc.Arbitrary<[string, Act]> = fc.oneof(
    fc.constant<[string, Act]>(['compact', (w) => w.compact()]),
    name.map((n): [string, Act] => [
      `lose the past of ${n}`,
      (w) => {
        w.end(UNREACHABLE);
        w.write(n);
        w.compact();
      },
    ]),
  );

  async function play(acts: [string, Act][]): Promise<{ world: WatchWorld; seen: LeaseWatchEvent[] }> {
    const world = new WatchWorld();
    const { seen } = follow(world);
    for (const [, run] of acts) {
      run(world);
      await settled();
    }
    await heal(world);
    return { world, seen };
  }

  /** What a consumer that trusts every event believes in the end; throws where an event makes no sense. */
  function accumulate(events: LeaseWatchEvent[]): Map<string, string> {
    const believed = new Map<string, { uid: string | null; version: string }>();
    for (const event of events) {
      if (!('record' in event)) continue;
      const { name: key, uid, resourceVersion } = event.record;
      const known = believed.get(key);
      if (event.type === 'added') expect(known, 'added twice').toBeUndefined();
      else expect(known?.uid, `${event.type} without having been added`).toBe(uid);
      if (event.type === 'modified') expect(Number(resourceVersion)).toBeGreaterThan(Number(known?.version));
      if (event.type === 'deleted') believed.delete(key);
      else believed.set(key, { uid, version: resourceVersion ?? '' });
    }
    return new Map([...believed].map(([key, { version }]) => [key, version]));
  }

  it('the consumer ends up with the store, and no event makes no sense', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 10, arbitrary: act }, compact), { maxLength: 120, size: 'max' }),
        async (acts) => {
          const { world, seen } = await play(acts);
          const store = [...world.store].map(([key, lease]): [string, string] => [
            key,
            lease.metadata.resourceVersion ?? '',
          ]);
          expect(accumulate(seen)).toEqual(new Map(store));
        },
      ),
      { numRuns: 300 },
    );
  }, 60_000);

  it('while the server remembers, each change is told exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 120, size: 'max' }), async (acts) => {
        const { world, seen } = await play([['answer list', (w) => w.answerList()], ...acts]);
        expect(world.requests.filter((request) => request === 'list')).toHaveLength(1);
        const versions = seen.flatMap((event) => ('record' in event ? [Number(event.record.resourceVersion)] : []));
        expect(versions).toEqual(Array.from({ length: world.version - 100 }, (_, i) => 101 + i));
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});
