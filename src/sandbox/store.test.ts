import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from './json/value.js';
import { CompactedError, keyOf, Store } from './store.js';
import { toEvent, WatchCursor } from './watch-cursor.js';

const object = (name: string, label: string): KubeObject => ({
  kind: 'Lease',
  apiVersion: 'coordination.k8s.io/v1',
  metadata: { name, namespace: 'n', labels: { l: label } },
});

/** What writers do: at each step one of them puts or deletes one of few names, in one of two resources. */
const step = fc.record({
  resource: fc.constantFrom('leases', 'configmaps'),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  label: fc.constantFrom('x', 'y'),
  remove: fc.boolean(),
});
type Step = { resource: string; name: string; label: string; remove: boolean };

function run(store: Store, { resource, name, label, remove }: Step): void {
  const key = keyOf('n', name);
  const exists = store.get(resource, key) !== undefined;
  if (remove && exists) store.delete(resource, key);
  else if (exists) store.update(resource, key, object(name, label));
  else if (!remove) store.create(resource, key, object(name, label));
}

const isX = (o: KubeObject) => o.metadata.labels?.l === 'x';
const all = () => true;
const names = (objects: KubeObject[]) => objects.map((o) => `${o.metadata.name}@${o.metadata.resourceVersion}`);

/** A client that keeps what a watch tells it. */
class Follower {
  readonly objects = new Map<string, KubeObject>();
  readonly revisions: number[] = [];
  private readonly cursor: WatchCursor;

  constructor(store: Store, matches: (o: KubeObject) => boolean) {
    for (const o of store.list('leases').filter(matches)) this.objects.set(String(o.metadata.name), o);
    this.cursor = new WatchCursor(store, 'leases', matches, store.revision);
  }

  follow(limit: number): void {
    for (let behind = true; behind; ) {
      const drawn = this.cursor.next(limit);
      if (drawn === 'lost') throw new Error('lost');
      behind = drawn.behind;
      for (const { type, object: o, revision } of drawn.events) {
        const name = String(o.metadata.name);
        expect(this.objects.has(name)).toBe(type !== 'ADDED');
        expect(o.metadata.resourceVersion).toBe(String(revision));
        if (type === 'DELETED') this.objects.delete(name);
        else this.objects.set(name, o);
        this.revisions.push(revision);
      }
    }
  }

  list(): string[] {
    return names([...this.objects.values()]).sort();
  }
}

describe('Store', () => {
  it('gives every change the next revision, whichever the resource', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = new Store();
        const seen: number[] = [];
        store.onChange(({ revision }) => seen.push(revision));
        for (const s of steps) run(store, s);
        expect(seen).toEqual(seen.map((_, i) => i + 2));
        expect(store.revision).toBe(seen.at(-1) ?? 1);
      }),
    );
  });

  it('shows a watcher at every revision what a list shows: nothing lost, nothing repeated, one order', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (steps, start, limit, selective) => {
          const store = new Store();
          const matches = selective ? isX : all;
          for (const s of steps.slice(0, start)) run(store, s);
          const eager = new Follower(store, matches);
          const lazy = new Follower(store, matches);
          for (const s of steps.slice(start)) {
            run(store, s);
            eager.follow(limit);
            expect(eager.list()).toEqual(names(store.list('leases').filter(matches)).sort());
          }
          lazy.follow(limit);
          expect(lazy.revisions).toEqual(eager.revisions);
          expect([...eager.revisions].sort((a, b) => a - b)).toEqual(eager.revisions);
          expect(new Set(eager.revisions).size).toBe(eager.revisions.length);
        },
      ),
    );
  });

  it('still knows how things were at each revision of its history', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = new Store();
        const then = new Map<number, string[]>([[store.revision, []]]);
        for (const s of steps) {
          run(store, s);
          then.set(store.revision, names(store.list('leases')));
        }
        for (const [revision, listed] of then) expect(names(store.listAt('leases', revision))).toEqual(listed);
      }),
    );
  });

  it('forgets old changes in bounded memory and says so to whom it leaves behind', () => {
    const store = new Store({ historySize: 10 });
    const cursor = new WatchCursor(store, 'leases', all, store.revision);
    for (let i = 0; i < 100; i++) run(store, { resource: 'leases', name: 'a', label: String(i), remove: false });
    expect(cursor.next(1000)).toBe('lost');
    expect(() => store.changesAfter(store.compacted - 1)).toThrow(CompactedError);
    expect(() => store.listAt('leases', store.compacted - 1)).toThrow(CompactedError);
    expect(store.changesAfter(store.compacted).length).toBeGreaterThanOrEqual(10);
    expect(store.changesAfter(store.compacted).length).toBeLessThanOrEqual(20);
  });

  it('sorts as etcd does: a dash before the slash', () => {
    const store = new Store();
    for (const key of ['a/x', 'a-b/x', 'a/b']) store.create('leases', key, object(key, ''));
    expect(store.list('leases').map((o) => o.metadata.name)).toEqual(['a-b/x', 'a/b', 'a/x']);
  });
});

describe('toEvent', () => {
  const change = (type: 'ADDED' | 'MODIFIED' | 'DELETED', before?: string, after?: string) => {
    const previous = before === undefined ? undefined : object('a', before);
    return { revision: 7, type, resource: 'leases', key: 'n/a', previous, object: object('a', after ?? before ?? '') };
  };

  it('turns a change into what a selector sees of it', () => {
    expect(toEvent(change('MODIFIED', 'x', 'x'), isX)?.type).toBe('MODIFIED');
    expect(toEvent(change('MODIFIED', 'y', 'x'), isX)?.type).toBe('ADDED');
    expect(toEvent(change('MODIFIED', 'y', 'y'), isX)).toBeUndefined();
    expect(toEvent(change('DELETED', 'y'), isX)).toBeUndefined();
    expect(toEvent(change('ADDED', undefined, 'x'), isX)?.type).toBe('ADDED');
  });

  it('shows what stops matching as it last matched, with the version of the change', () => {
    const event = toEvent(change('MODIFIED', 'x', 'y'), isX);
    expect(event).toMatchObject({
      type: 'DELETED',
      object: { metadata: { labels: { l: 'x' }, resourceVersion: '7' } },
    });
  });
});
