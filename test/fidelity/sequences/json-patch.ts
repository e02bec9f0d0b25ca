import { get, type JsonObject, LEASES, lease, jsonPatch as patch, post, type Sequence, TIME } from '../sequence.js';

const start = post(LEASES, lease('a', { holderIdentity: 'x', leaseDurationSeconds: 15 }, { labels: { app: 'one' } }));
const holder = '/spec/holderIdentity';
const ops = (...list: JsonObject[]) => patch(`${LEASES}/a`, list);

export const jsonPatch: Sequence[] = [
  {
    name: 'JSON patches of each operation',
    steps: [
      start,
      ops({ op: 'replace', path: holder, value: 'y' }),
      ops({ op: 'add', path: '/spec/leaseTransitions', value: 1 }),
      ops({ op: 'test', path: holder, value: 'y' }, { op: 'replace', path: holder, value: 'z' }),
      ops({ op: 'remove', path: '/spec/leaseDurationSeconds' }),
      ops({ op: 'copy', from: holder, path: '/metadata/labels/holder' }),
      ops({ op: 'move', from: '/metadata/labels/holder', path: '/metadata/labels/moved' }),
      ops({ op: 'add', path: '/metadata/annotations', value: { 'a/b': '1', 'c~d': '2' } }),
      ops({ op: 'replace', path: '/metadata/annotations/a~1b', value: '3' }),
      ops({ op: 'remove', path: '/metadata/annotations/c~0d' }),
      get(`${LEASES}/a`),
    ],
  },
  {
    name: 'JSON patches that fail',
    steps: [
      start,
      ops({ op: 'test', path: holder, value: 'nobody' }),
      ops({ op: 'test', path: '/spec/leaseTransitions', value: 1 }),
      ops({ op: 'remove', path: '/spec/leaseTransitions' }),
      ops({ op: 'remove', path: '/nowhere/at/all' }),
      ops({ op: 'add', path: '/nowhere/at/all', value: 1 }),
      ops({ op: 'move', from: '/spec/leaseTransitions', path: '/spec/x' }),
      ops({ op: 'jump', path: holder }),
      ops({ path: holder, value: 'x' }),
      ops({ op: 'replace', value: 'x' }),
      ops({ op: 'add', path: 'spec', value: {} }),
      get(`${LEASES}/a`),
    ],
  },
  {
    name: 'JSON patches that one would expect to fail',
    steps: [
      start,
      ops({ op: 'replace', path: '/spec/leaseTransitions', value: 4 }),
      ops({ op: 'copy', from: '/spec/acquireTime', path: holder }),
      ops({ op: 'test', path: '/spec/acquireTime', value: null }),
      ops({ op: 'test', path: '/spec/acquireTime' }),
      ops({ op: 'add', path: holder }),
      patch(`${LEASES}/a`, '[]'),
    ],
  },
  {
    name: 'JSON patches that are none',
    steps: [
      start,
      ...['', '{}', 'null', '"x"', '[1]', '[', '[null]', '[[]]', '1'].map((body) => patch(`${LEASES}/a`, body)),
    ],
  },
  {
    name: 'JSON patches with a version',
    steps: [
      start,
      ops(
        { op: 'test', path: '/metadata/resourceVersion', value: '{{rv:a}}' },
        { op: 'replace', path: holder, value: 'y' },
      ),
      ops(
        { op: 'test', path: '/metadata/resourceVersion', value: '{{oldrv:a}}' },
        { op: 'replace', path: holder, value: 'z' },
      ),
      ops({ op: 'replace', path: '/metadata/resourceVersion', value: '{{oldrv:a}}' }),
      ops({ op: 'replace', path: '/metadata/resourceVersion', value: '{{rv:a}}' }),
      ops({ op: 'remove', path: '/metadata/resourceVersion' }),
      ops({ op: 'replace', path: '/metadata/uid', value: 'x' }),
      ops({ op: 'remove', path: '/metadata/uid' }),
      ops({ op: 'replace', path: '/metadata/name', value: 'b' }),
    ],
  },
  {
    name: 'JSON patches with bad values',
    steps: [
      start,
      ops({ op: 'replace', path: '/spec/leaseDurationSeconds', value: 0 }),
      ops({ op: 'replace', path: '/spec/leaseDurationSeconds', value: 'x' }),
      ops({ op: 'add', path: '/spec/renewTime', value: '2026-01-02T03:04:05Z' }),
      ops({ op: 'add', path: '/spec/renewTime', value: TIME }),
      ops({ op: 'add', path: '/spec/nonsense', value: 1 }),
      patch(`${LEASES}/a?fieldValidation=Strict`, [{ op: 'add', path: '/spec/nonsense', value: 1 }]),
      patch(`${LEASES}/missing`, [{ op: 'add', path: '/spec/x', value: 1 }]),
      ops({ op: 'replace', path: '', value: { spec: {} } }),
      ops({ op: 'add', path: '/metadata/finalizers', value: ['a.example/x', 'a.example/y'] }),
      ops({ op: 'remove', path: '/metadata/finalizers/0' }),
      ops({ op: 'add', path: '/metadata/finalizers/-', value: 'a.example/z' }),
      ops({ op: 'remove', path: '/metadata/finalizers/9' }),
      ops({ op: 'add', path: '/metadata/finalizers/7', value: 'a.example/w' }),
      ops({ op: 'remove', path: '/metadata/finalizers/-1' }),
      ops({ op: 'remove', path: '/metadata/finalizers' }),
    ],
  },
];
