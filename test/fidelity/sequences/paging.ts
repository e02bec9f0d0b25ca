import {
  compact,
  del,
  get,
  type Json,
  type JsonObject,
  LEASES,
  lease,
  mergePatch,
  post,
  type Sequence,
} from '../sequence.js';

export const five = ['a', 'b', 'c', 'd', 'e'].map((name) =>
  post(LEASES, lease(name, {}, name === 'c' ? {} : { labels: { l: 'yes' } }), { view: () => 'made' }),
);

export const names = (body: Json): Json => {
  const { metadata, items } = body as { metadata: JsonObject; items: { metadata: JsonObject }[] };
  return { metadata, names: items.map((item) => item.metadata.name ?? null) };
};
const view = { view: names };
const EVERYWHERE = '/apis/coordination.k8s.io/v1/leases';

export const paging: Sequence[] = [
  {
    name: 'a list in pages',
    steps: [
      ...five,
      get(`${LEASES}?limit=2`, { ...view, as: 'one' }),
      get(`${LEASES}?limit=2&continue={{one.metadata.continue}}`, { ...view, as: 'two' }),
      get(`${LEASES}?limit=2&continue={{two.metadata.continue}}`, view),
      get(`${LEASES}?continue={{one.metadata.continue}}`, view),
      get(`${LEASES}?limit=5`, view),
      get(`${LEASES}?limit=6`, view),
    ],
  },
  {
    name: 'pages are of the moment of the first',
    steps: [
      ...five,
      get(`${LEASES}?limit=2`, { ...view, as: 'one' }),
      del(`${LEASES}/d`),
      post(LEASES, lease('cc'), { view: () => 'made' }),
      mergePatch(`${LEASES}/e`, { spec: { holderIdentity: 'new' } }, { view: () => 'changed' }),
      get(`${LEASES}?limit=2&continue={{one.metadata.continue}}`, { ...view, as: 'two' }),
      get(`${LEASES}?limit=2&continue={{two.metadata.continue}}`),
      get(LEASES, view),
    ],
  },
  {
    name: 'limits that are odd',
    steps: [
      ...five,
      ...['0', '-1', '', 'x', '1.5', '99999999999999999999', '+2', '0x2'].map((limit) =>
        get(`${LEASES}?limit=${limit}`, view),
      ),
      get(`${LEASES}?limit=2&limit=4`, view),
      get(`${LEASES}/e?resourceVersion={{rv:e}}`, { view: () => 'the cache has it' }),
      get(`${LEASES}?limit=2&resourceVersion=0`, view),
    ],
  },
  {
    name: 'pages of what a selector leaves',
    steps: [
      ...five,
      get(`${LEASES}?limit=2&labelSelector=l`, { ...view, as: 'one' }),
      get(`${LEASES}?limit=2&labelSelector=l&continue={{one.metadata.continue}}`, view),
      get(`${LEASES}?limit=2&fieldSelector=metadata.name!%3Da`, view),
      get(`${LEASES}?limit=4&labelSelector=l`, view),
      // There are more objects, though none that matches.
      get(`${LEASES}?limit=1&labelSelector=!l`, { ...view, as: 'last' }),
      get(`${LEASES}?limit=1&labelSelector=!l&continue={{last.metadata.continue}}`, view),
      get(`${LEASES}?limit=1&fieldSelector=metadata.name%3Da`, view),
    ],
  },
  {
    name: 'continue tokens that are none',
    steps: [
      ...five,
      ...['x', '!!!', 'e30', 'eyJ2IjoibWV0YS5rOHMuaW8vdjIifQ', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MH0', ''].map(
        (token) => get(`${LEASES}?limit=2&continue=${token}`, view),
      ),
      get(`${LEASES}?limit=2`, { ...view, as: 'one' }),
      get(`${LEASES}?limit=2&continue={{one.metadata.continue}}&resourceVersion=5`, view),
      get(`${LEASES}?limit=2&continue={{one.metadata.continue}}&resourceVersion=0`, view),
      get(`${LEASES}?limit=2&continue={{one.metadata.continue}}&resourceVersion=5&resourceVersionMatch=Exact`, view),
      get(
        `${LEASES}?watch=true&continue={{one.metadata.continue}}&resourceVersionMatch=NotOlderThan&sendInitialEvents=true`,
      ),
    ],
  },
  {
    name: 'pages over all namespaces',
    steps: [
      ...['a', 'b', 'c'].map((name) =>
        post(LEASES, lease(name, {}, { labels: { of: '{{ns}}' } }), { view: () => 'made' }),
      ),
      get(`${EVERYWHERE}?limit=2&labelSelector=of%3D{{ns}}`, { ...view, as: 'one' }),
      get(`${EVERYWHERE}?labelSelector=of%3D{{ns}}&continue={{one.metadata.continue}}`, view),
    ],
  },
  {
    name: 'pages at a version that is compacted',
    uncached: true,
    steps: [
      ...five,
      get(`${LEASES}?limit=2`, { ...view, as: 'one' }),
      del(`${LEASES}/d`),
      post(LEASES, lease('z'), { view: () => 'made' }),
      compact,
      get(`${LEASES}?limit=1&continue={{one.metadata.continue}}`, { as: 'gone' }),
      get(`${LEASES}?limit=1&continue={{gone.metadata.continue}}`, { ...view, as: 'two' }),
      get(`${LEASES}?limit=1&continue={{two.metadata.continue}}`, view),
    ],
  },
];
