/**
 * The sandbox's memory: objects per resource, one counter of revisions over all of them, and the changes that led
 * here. Pure: no I/O, no clock; whoever writes brings finished objects. One call is one change, so there is one order.
 */
import { withMeta } from './json/meta.js';
import type { KubeObject } from './json/value.js';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface Change {
  /** Each change raises the counter by exactly one. */
  revision: number;
  type: ChangeType;
  resource: string;
  key: string;
  /** As it is after the change; of a deletion, as it was, with the revision of the deletion. */
  object: KubeObject;
  previous: KubeObject | undefined;
}

/** What a reader gets who asks for a revision that history no longer reaches. */
export class CompactedError extends Error {
  readonly compacted: number;
  constructor(compacted: number) {
    super(`revision compacted at ${compacted}`);
    this.compacted = compacted;
  }
}

export interface StoreOptions {
  /** Changes remembered for watches that resume and lists that go on; older ones are compacted away. */
  historySize?: number;
  firstRevision?: number;
}

export const keyOf = (namespace: string | undefined, name: string): string =>
  namespace ? `${namespace}/${name}` : name;

export class Store {
  private readonly objects = new Map<string, Map<string, KubeObject>>();
  private readonly sortedKeys = new Map<string, string[]>();
  private readonly listeners = new Set<(change: Change) => void>();
  private readonly historySize: number;
  /** Consecutive revisions, the last one the current. Trimmed in bulk, so up to twice historySize long. */
  private history: Change[] = [];
  private current: number;
  private compactedAt: number;

  constructor(options: StoreOptions = {}) {
    this.historySize = options.historySize ?? 10_000;
    this.current = options.firstRevision ?? 1;
    this.compactedAt = this.current;
  }

  /** The revision of the last change. */
  get revision(): number {
    return this.current;
  }

  /** Changes up to and including this revision are forgotten; a reader may resume from it, not from before it. */
  get compacted(): number {
    return this.compactedAt;
  }

  get(resource: string, key: string): KubeObject | undefined {
    return this.objects.get(resource)?.get(key);
  }

  /** Objects in the order of their keys, as etcd keeps them. */
  list(resource: string): KubeObject[] {
    const objects = this.objects.get(resource);
    if (!objects) return [];
    return this.keys(resource, objects).flatMap((key) => objects.get(key) ?? []);
  }

  /** Objects as they were at a revision. Throws CompactedError when history no longer reaches back to it. */
  listAt(resource: string, revision: number): KubeObject[] {
    if (revision >= this.current) return this.list(resource);
    if (revision < this.compactedAt) throw new CompactedError(this.compactedAt);
    const objects = new Map(this.objects.get(resource));
    for (let i = this.history.length - 1; i >= 0; i--) {
      const change = this.history[i];
      if (!change || change.revision <= revision) break;
      if (change.resource !== resource) continue;
      if (change.previous) objects.set(change.key, change.previous);
      else objects.delete(change.key);
    }
    return [...objects.keys()].sort(byBytes).flatMap((key) => objects.get(key) ?? []);
  }

  /** Stores an object that must not exist yet and answers it with its version. */
  create(resource: string, key: string, object: KubeObject): KubeObject {
    if (this.get(resource, key)) throw new Error(`${resource} ${key} exists`);
    return this.change('ADDED', resource, key, object, undefined);
  }

  /** Replaces an object that exists. */
  update(resource: string, key: string, object: KubeObject): KubeObject {
    const previous = this.get(resource, key);
    if (!previous) throw new Error(`${resource} ${key} does not exist`);
    return this.change('MODIFIED', resource, key, object, previous);
  }

  /** Removes an object and answers it as it was, with the version of the deletion. */
  delete(resource: string, key: string): KubeObject {
    const previous = this.get(resource, key);
    if (!previous) throw new Error(`${resource} ${key} does not exist`);
    return this.change('DELETED', resource, key, previous, previous);
  }

  /** Changes after a revision, oldest first. Throws CompactedError when some of them are forgotten. */
  changesAfter(revision: number, limit = Number.POSITIVE_INFINITY): Change[] {
    if (revision >= this.current) return [];
    if (revision < this.compactedAt) throw new CompactedError(this.compactedAt);
    const first = this.history[0]?.revision ?? this.current + 1;
    const start = Math.max(0, revision + 1 - first);
    return this.history.slice(start, Math.min(start + limit, this.history.length));
  }

  /** Forgets changes up to a revision, as etcd's compaction does. */
  compact(revision: number): void {
    const upTo = Math.min(revision, this.current);
    if (upTo <= this.compactedAt) return;
    this.compactedAt = upTo;
    this.history = this.history.filter((change) => change.revision > upTo);
  }

  /** Calls the listener after each change, in order; the returned function ends that. */
  onChange(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private keys(resource: string, objects: Map<string, KubeObject>): string[] {
    let keys = this.sortedKeys.get(resource);
    if (!keys) {
      keys = [...objects.keys()].sort(byBytes);
      this.sortedKeys.set(resource, keys);
    }
    return keys;
  }

  private change(
    type: ChangeType,
    resource: string,
    key: string,
    object: KubeObject,
    previous: KubeObject | undefined,
  ): KubeObject {
    const revision = ++this.current;
    const stamped = withVersion(object, revision);
    const objects = this.objects.get(resource) ?? new Map<string, KubeObject>();
    this.objects.set(resource, objects);
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, stamped);
    if (type !== 'MODIFIED') this.sortedKeys.delete(resource);
    const change: Change = { revision, type, resource, key, object: stamped, previous };
    this.history.push(change);
    if (this.history.length > 2 * this.historySize) {
      this.compact(this.history[this.history.length - this.historySize - 1]?.revision ?? 0);
    }
    for (const listener of this.listeners) listener(change);
    return stamped;
  }
}

/** The object with another resourceVersion; the original stays as it is. */
export function withVersion(object: KubeObject, revision: number): KubeObject {
  return withMeta(object, { ...object.metadata, resourceVersion: String(revision) });
}

/** Names are ASCII, so code units sort as etcd sorts bytes. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
