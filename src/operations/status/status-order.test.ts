import { expect, it } from 'vitest';
import { readLease } from '../../lease/record.js';
import { judge } from '../../lease/verdict.js';
import type { StatusRow } from './status.js';
import { rowOrder } from './status-order.js';

const NOW = { monoMs: 0, wall: 1_800_000_000_000_000n };

function row(name: string, spec: Record<string, unknown> | null): StatusRow {
  const ref = { namespace: 'ns', name };
  const record = spec && readLease({ metadata: { ...ref, uid: 'u' }, spec });
  return { ref, record, verdict: judge(record, null, NOW) };
}

const rows = [
  row('c', {
    holderIdentity: 'x',
    leaseTransitions: 10,
    renewTime: '2027-01-15T07:59:50.000000Z',
    leaseDurationSeconds: 15,
  }),
  row('a', {
    holderIdentity: 'y',
    leaseTransitions: 9,
    renewTime: '2027-01-15T07:00:00.000000Z',
    leaseDurationSeconds: 15,
  }),
  row('b', null),
];
const sorted = (key: string) => {
  const order = rowOrder(key);
  if (!order) throw new Error(`no order for ${key}`);
  return [...rows].sort(order).map((one) => one.ref.name);
};

it.each([
  ['name', 'a b c'],
  ['transitions', 'a c b'],
  ['expires', 'a c b'],
  ['EXPIRES', 'a c b'],
  ['holder', 'c a b'],
  ['.spec.renewTime', 'a c b'],
  ['{.spec.leaseTransitions}', 'a c b'],
  ['metadata.name', 'a c b'],
  ['state', 'b a c'],
])('by %s: %s', (key, names) => {
  expect(sorted(key)).toEqual(names.split(' '));
});

it.each(['', 'colour', '.status.x', '.spec', '.spec.a[0]', 'constructor'])('refuses %j', (key) => {
  expect(rowOrder(key)).toBeUndefined();
});
