/**
 * Where a watcher stands in the history of the store. It keeps a position and no events of its own, so a watcher that
 * does not read costs nothing; when history is compacted past it, it has lost its place and must be cut. Pure.
 */
import type { KubeObject } from './json/value.js';
import { type Change, type ChangeType, CompactedError, type Store, withVersion } from './store.js';

export interface WatchEvent {
  type: ChangeType;
  object: KubeObject;
  revision: number;
}

export type Matches = (object: KubeObject) => boolean;

export class WatchCursor {
  private position: number;
  private readonly store: Store;
  private readonly resource: string;
  private readonly matches: Matches;

  /** Stands after `revision`: the first event is the first change with a greater one. */
  constructor(store: Store, resource: string, matches: Matches, revision: number) {
    this.store = store;
    this.resource = resource;
    this.matches = matches;
    this.position = revision;
  }

  /** Everything up to this revision has been answered by `next`. */
  get revision(): number {
    return this.position;
  }

  /**
   * The next events, looking at no more than `limit` changes; an empty list with `behind` true means there may be
   * more. `lost` when the place in history is gone.
   */
  next(limit: number): { events: WatchEvent[]; behind: boolean } | 'lost' {
    let changes: Change[];
    try {
      changes = this.store.changesAfter(this.position, limit);
    } catch (error) {
      if (error instanceof CompactedError) return 'lost';
      throw error;
    }
    const events: WatchEvent[] = [];
    for (const change of changes) {
      const event = change.resource === this.resource ? toEvent(change, this.matches) : undefined;
      if (event) events.push(event);
      this.position = change.revision;
    }
    return { events, behind: this.position < this.store.revision };
  }
}

/**
 * A change as a watcher with a selector sees it: an object that starts or stops matching is ADDED or DELETED, and
 * DELETED carries the object as it last matched, with the version of the change (apiserver
 * pkg/storage/cacher/cache_watcher.go, convertToWatchEvent).
 */
export function toEvent(change: Change, matches: Matches): WatchEvent | undefined {
  const { revision } = change;
  const did = change.previous !== undefined && matches(change.previous);
  const does = change.type !== 'DELETED' && matches(change.object);
  if (does) return { type: did ? 'MODIFIED' : 'ADDED', object: change.object, revision };
  if (!did || !change.previous) return undefined;
  return { type: 'DELETED', object: withVersion(change.previous, revision), revision };
}
