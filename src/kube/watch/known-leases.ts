/** What a watch has reported so far, so that a fresh list can be told as changes and nothing is told twice. */
import type { LeaseList } from '../../lease/api.js';
import type { LeaseRecord } from '../../lease/record.js';
import type { Change } from './watch-states.js';

export class KnownLeases {
  #byKey = new Map<string, LeaseRecord>();

  /**
   * The changes to report for one event of the stream. The server's own word for it does not count: an object that
   * begins to match a selector is new to this watch. Deletions of unknown objects and repeated versions are nothing.
   */
  change({ type, record }: Change): Change[] {
    const key = keyOf(record);
    const known = this.#byKey.get(key);
    if (type === 'deleted') {
      this.#byKey.delete(key);
      return known ? [{ type, record }] : [];
    }
    this.#byKey.set(key, record);
    return difference(known, record);
  }

  /** The changes between what is known and this list, which is known from now on. */
  relist(list: LeaseList): Change[] {
    const before = this.#byKey;
    this.#byKey = new Map(list.items.map((record) => [keyOf(record), record]));
    const changes: Change[] = [];
    for (const [key, record] of before) if (!this.#byKey.has(key)) changes.push({ type: 'deleted', record });
    for (const record of list.items) changes.push(...difference(before.get(keyOf(record)), record));
    return changes;
  }
}

/** Another uid under the same name is another Lease: the known one was deleted unseen. */
function difference(known: LeaseRecord | undefined, record: LeaseRecord): Change[] {
  if (!known) return [{ type: 'added', record }];
  if (known.uid !== record.uid) {
    return [
      { type: 'deleted', record: known },
      { type: 'added', record },
    ];
  }
  return known.resourceVersion === record.resourceVersion ? [] : [{ type: 'modified', record }];
}

// A namespace has no slash.
const keyOf = (record: LeaseRecord): string => `${record.namespace}/${record.name}`;
