import {
  CONFIG_MAPS,
  del,
  edit,
  events,
  get,
  type Json,
  type JsonObject,
  mergePatch,
  PODS,
  post,
  put,
  SERVICE_ACCOUNTS,
  type Sequence,
  strategicPatch,
  watch,
} from '../sequence.js';

const map = (name: string, data: JsonObject = { a: '1' }, more: JsonObject = {}): JsonObject => ({
  metadata: { name, labels: { t: '1' } },
  data,
  ...more,
});
/** Defaults of pods are not the sandbox's. */
const identity = (body: Json): Json => {
  const { kind, metadata } = body as { kind: Json; metadata: JsonObject };
  const { name, namespace, uid, resourceVersion, deletionGracePeriodSeconds, deletionTimestamp } = metadata;
  return {
    kind,
    metadata: { name, namespace, uid, resourceVersion, deletionGracePeriodSeconds, deletionTimestamp },
  } as Json;
};

export const otherKinds: Sequence[] = [
  {
    name: 'ConfigMaps',
    steps: [
      post(CONFIG_MAPS, map('a'), { as: 'a' }),
      get(`${CONFIG_MAPS}/a`),
      put(`${CONFIG_MAPS}/a`, map('a', { a: '2' })),
      put(`${CONFIG_MAPS}/a`, edit('a', { data: { a: '3' } })),
      put(`${CONFIG_MAPS}/missing`, map('missing')),
      mergePatch(`${CONFIG_MAPS}/a`, { data: { a: null, b: '4' } }),
      strategicPatch(`${CONFIG_MAPS}/a`, { data: { c: '5' } }),
      get(`${CONFIG_MAPS}?labelSelector=t`),
      del(`${CONFIG_MAPS}/a`),
      del(`${CONFIG_MAPS}?labelSelector=t`),
    ],
  },
  {
    name: 'ConfigMaps that are refused',
    steps: [
      post(CONFIG_MAPS, map('a', { 'bad key': 'x' })),
      post(CONFIG_MAPS, map('a', { '': 'x' })),
      post(CONFIG_MAPS, map('a', { '..': 'x' })),
      post(CONFIG_MAPS, map('a', { a: 1 })),
      post(CONFIG_MAPS, map('a', { a: 'x' }, { binaryData: { a: 'AA==' } })),
      post(CONFIG_MAPS, map('a', {}, { binaryData: { b: 'not base64!' } })),
      post(CONFIG_MAPS, map('big', { a: 'x'.repeat(1024 * 1024 + 1) })),
      post(CONFIG_MAPS, map('fixed', { a: '1' }, { immutable: true }), { as: 'fixed' }),
      put(`${CONFIG_MAPS}/fixed`, edit('fixed', { data: { a: '2' } })),
      put(`${CONFIG_MAPS}/fixed`, edit('fixed', { immutable: null })),
      mergePatch(`${CONFIG_MAPS}/fixed`, { binaryData: { z: 'AA==' } }),
      mergePatch(`${CONFIG_MAPS}/fixed`, { metadata: { labels: { still: 'fine' } } }),
    ],
  },
  {
    name: 'ServiceAccounts',
    steps: [
      post(SERVICE_ACCOUNTS, { metadata: { name: 's' } }),
      post(SERVICE_ACCOUNTS, { metadata: { name: 'S' } }),
      put(`${SERVICE_ACCOUNTS}/missing`, { metadata: { name: 'missing' } }),
      mergePatch(`${SERVICE_ACCOUNTS}/s`, { automountServiceAccountToken: false }),
      del(`${SERVICE_ACCOUNTS}/s`),
      get(`${SERVICE_ACCOUNTS}/s`),
    ],
  },
  {
    name: 'Pods, as far as they are kept',
    steps: [
      post(PODS, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }, { view: identity }),
      get(`${PODS}/p`, { view: identity }),
      watch('w', `${PODS}?watch=true&resourceVersion={{rv:p}}`),
      put(`${PODS}/missing`, { metadata: { name: 'missing' }, spec: { containers: [{ name: 'c', image: 'i' }] } }),
      del(`${PODS}/p?gracePeriodSeconds=0`, undefined, { view: identity }),
      get(`${PODS}/p`),
      post(PODS, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }, { view: identity }),
      del(`${PODS}/p`, undefined, { view: identity }),
      events('w', 5, {
        view: (event) => ({ ...(event as JsonObject), object: identity((event as JsonObject).object ?? null) }),
      }),
    ],
  },
];
