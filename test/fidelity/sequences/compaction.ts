import {
  compact,
  events,
  get,
  type Json,
  type JsonObject,
  LEASES,
  lease,
  mergePatch,
  post,
  type Sequence,
  watch,
} from '../sequence.js';
import { five, names } from './paging.js';

const view = { view: names };

/** The words are etcd's here; the sandbox says what the cache says, where a real server has one. */
const gone = {
  view: (event: Json): Json => {
    const { type, object } = event as { type: Json; object: JsonObject };
    const { kind, status, reason, code } = object;
    return { type, object: { kind, status, reason, code } as JsonObject };
  },
};

export const compaction: Sequence[] = [
  {
    name: 'lists of a compacted version',
    uncached: true,
    steps: [
      ...five,
      get(LEASES, { ...view, as: 'then' }),
      post(LEASES, lease('f'), { view: () => 'made' }),
      get(`${LEASES}?resourceVersion={{then.metadata.resourceVersion}}&resourceVersionMatch=Exact`, view),
      compact,
      get(`${LEASES}?resourceVersion={{then.metadata.resourceVersion}}&resourceVersionMatch=Exact`),
      get(`${LEASES}?resourceVersion={{then.metadata.resourceVersion}}&limit=2`),
      get(`${LEASES}?resourceVersion={{then.metadata.resourceVersion}}`, view),
      get(`${LEASES}?resourceVersion={{then.metadata.resourceVersion}}&resourceVersionMatch=NotOlderThan`, view),
      get(`${LEASES}?resourceVersion=1&limit=2`),
    ],
  },
  {
    name: 'a watch from a compacted version',
    uncached: true,
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'b' } }),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'c' } }, { as: 'c' }),
      watch('before', `${LEASES}?watch=true&resourceVersion={{a.metadata.resourceVersion}}`),
      events('before', 2),
      compact,
      watch('gone', `${LEASES}?watch=true&resourceVersion={{a.metadata.resourceVersion}}`),
      events('gone', 'end', gone),
      watch('one', `${LEASES}?watch=true&resourceVersion=1&allowWatchBookmarks=true`),
      events('one', 'end', gone),
      watch('now', `${LEASES}?watch=true&resourceVersion={{rv:a}}`),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'd' } }),
      events('now', 1),
      events('before', 1),
    ],
  },
  {
    name: 'a table watch from a compacted version',
    uncached: true,
    steps: [
      post(LEASES, lease('a'), { as: 'a' }),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'b' } }),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'c' } }),
      compact,
      watch('gone', `${LEASES}?watch=true&resourceVersion={{a.metadata.resourceVersion}}`, {
        headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      }),
      events('gone', 'end', gone),
    ],
  },
];
