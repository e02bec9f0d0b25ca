import {
  CONFIG_MAPS,
  EVENTS,
  events,
  get,
  LEASES,
  lease,
  mergePatch,
  NEW_EVENTS,
  PODS,
  post,
  SERVICE_ACCOUNTS,
  type Sequence,
  watch,
} from '../sequence.js';

/** The last one waits for the cache, from which a watch of version 0 may start behind. */
const two = [
  post(LEASES, lease('a', {}, { labels: { app: 'x' } })),
  post(LEASES, lease('b')),
  get(`${LEASES}/b?resourceVersion={{rv:b}}`, { view: () => 'the cache has it' }),
];
const after = post(LEASES, lease('z', {}, { labels: { app: 'x' } }));
const WATCH_LIST = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan';

export const watchStart: Sequence[] = [
  {
    name: 'without a version a watch starts with what there is',
    steps: [...two, watch('w', `${LEASES}?watch=true`), events('w', 2), after, events('w', { object: 'z' })],
  },
  {
    name: 'from version 0 too, and with bookmarks it says where that ends',
    steps: [
      ...two,
      watch('w', `${LEASES}?watch=true&resourceVersion=0`),
      events('w', 2),
      watch('m', `${LEASES}?watch=true&resourceVersion=0&allowWatchBookmarks=true`),
      events('m', 'bookmark'),
      watch('n', `${LEASES}?watch=true&allowWatchBookmarks=true`),
      events('n', 'bookmark'),
      after,
      events('m', 1),
      events('n', 1),
      events('w', 1),
    ],
  },
  {
    name: 'a WatchList',
    steps: [
      ...two,
      watch('w', `${LEASES}?watch=true&allowWatchBookmarks=true&${WATCH_LIST}`),
      events('w', 'bookmark'),
      mergePatch(`${LEASES}/a`, { spec: { holderIdentity: 'new' } }),
      events('w', 1),
      watch('plain', `${LEASES}?watch=true&${WATCH_LIST}`),
      after,
      events('plain', { object: 'z' }),
      watch('some', `${LEASES}?watch=true&allowWatchBookmarks=true&labelSelector=app%3Dx&${WATCH_LIST}`),
      events('some', 'bookmark'),
      watch('from', `${LEASES}?watch=true&allowWatchBookmarks=true&resourceVersion={{rv:z}}&${WATCH_LIST}`),
      events('from', 'bookmark'),
      get(`${LEASES}/z?resourceVersion={{rv:z}}`, { view: () => 'the cache has it' }),
      watch('zero', `${LEASES}?watch=true&allowWatchBookmarks=true&resourceVersion=0&${WATCH_LIST}`),
      events('zero', 'bookmark'),
    ],
  },
  {
    name: 'a WatchList of nothing',
    steps: [
      watch('w', `${LEASES}?watch=true&allowWatchBookmarks=true&${WATCH_LIST}`),
      events('w', 'bookmark'),
      after,
      events('w', 1),
    ],
  },
  {
    name: 'a watch that wants no initial events',
    steps: [
      ...two,
      watch('w', `${LEASES}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`),
      after,
      events('w', 1),
    ],
  },
  {
    name: 'what means watch',
    steps: [
      post(LEASES, lease('a')),
      ...['true', '1', 'maybe', '', 'TRUE', 'yes'].flatMap((value) => [
        watch('w', `${LEASES}?watch=${value}`),
        events('w', 1),
      ]),
      watch('w', `${LEASES}?watch`),
      events('w', 1),
      watch('not', `${LEASES}?watch=True&labelSelector=!`),
      watch('not', `${LEASES}?watch=true&limit=x`),
      watch('limited', `${LEASES}?watch=true&limit=1`),
      after,
      events('limited', { object: 'z' }),
      get(`${LEASES}?watch=False&limit=1`),
    ],
  },
  {
    name: 'one object is watched by its name',
    steps: [
      ...two,
      watch('w', `${LEASES}?watch=true&fieldSelector=metadata.name%3Da&resourceVersion=0`),
      events('w', 1),
      watch('n', `${LEASES}?watch=true&fieldSelector=metadata.name%3Dnobody&allowWatchBookmarks=true`),
      events('n', 'bookmark'),
      watch('bad', `${LEASES}?watch=true&fieldSelector=spec.x%3Da`),
    ],
  },
  {
    name: 'bookmarks of other kinds',
    steps: [CONFIG_MAPS, EVENTS, NEW_EVENTS, PODS, SERVICE_ACCOUNTS].flatMap((path) => [
      watch('w', `${path}?watch=true&allowWatchBookmarks=true&labelSelector=none`),
      events('w', 'bookmark'),
    ]),
  },
];
