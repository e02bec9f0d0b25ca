import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../json/value.js';
import { lease } from '../schema/kinds.js';
import { equalButForTimes, updateManagedFields } from './update.js';

const API = 'coordination.k8s.io/v1';
const T1 = '2026-01-01T00:00:01Z';
const T2 = '2026-01-01T00:00:02Z';

const object = (spec: JsonObject, metadata: JsonObject = {}): KubeObject => ({
  kind: 'Lease',
  apiVersion: API,
  metadata: { name: 'a', namespace: 'n', uid: 'u', ...metadata },
  spec,
});
const nothing: KubeObject = { kind: 'Lease', apiVersion: API, metadata: {}, spec: {} };
const by = (manager: string, time = T1) => ({ manager, apiVersion: API, time });
const entry = (manager: string, fieldsV1: JsonObject, time = T1) => ({
  manager,
  operation: 'Update',
  apiVersion: API,
  time,
  fieldsType: 'FieldsV1',
  fieldsV1,
});
const update = (before: KubeObject, after: KubeObject, writer: ReturnType<typeof by>) =>
  updateManagedFields(lease, before, after, writer);

describe('updateManagedFields', () => {
  const owned = [entry('one', { 'f:spec': { 'f:holderIdentity': {}, 'f:leaseTransitions': {} } })];
  const stored = object({ holderIdentity: 'x', leaseTransitions: 1 }, { managedFields: owned });

  it('gives a creator all fields but those of the system', () => {
    const made = object(
      { holderIdentity: 'x' },
      { labels: { a: '1' }, finalizers: ['a.b/c'], ownerReferences: [{ uid: '1' }] },
    );
    expect(update(nothing, made, by('one'))).toEqual([
      entry('one', {
        'f:metadata': {
          'f:finalizers': { '.': {}, 'v:"a.b/c"': {} },
          'f:labels': { '.': {}, 'f:a': {} },
          'f:ownerReferences': { '.': {}, 'k:{"uid":"1"}': {} },
        },
        'f:spec': { 'f:holderIdentity': {} },
      }),
    ]);
  });

  it('moves a changed field to the writer, at the time of the write', () => {
    const after = object({ holderIdentity: 'y', leaseTransitions: 1 }, { managedFields: owned });
    expect(update(stored, after, by('two', T2))).toEqual([
      entry('one', { 'f:spec': { 'f:leaseTransitions': {} } }),
      entry('two', { 'f:spec': { 'f:holderIdentity': {} } }, T2),
    ]);
  });

  it('keeps what the writer had, and moves its time when a value changes', () => {
    const after = object({ holderIdentity: 'y', leaseTransitions: 1 }, { managedFields: owned });
    expect(update(stored, after, by('one', T2))).toEqual([{ ...owned[0], time: T2 }]);
  });

  it('takes what is gone from everybody and moves no time for it', () => {
    const after = object({ leaseTransitions: 1 }, { managedFields: owned });
    expect(update(stored, after, by('two', T2))).toEqual([entry('one', { 'f:spec': { 'f:leaseTransitions': {} } })]);
  });

  it('leaves everything as it is when nothing changes', () => {
    const same = object({ holderIdentity: 'x', leaseTransitions: 1 });
    expect(update(stored, same, by('two', T2))).toEqual(owned);
  });

  it('leaves an untracked object untracked, and forgets when asked to', () => {
    expect(update(object({}), object({ holderIdentity: 'y' }), by('one'))).toBeUndefined();
    const reset = object({ holderIdentity: 'y', leaseTransitions: 1 }, { managedFields: [] });
    expect(update(stored, reset, by('one'))).toBeUndefined();
  });

  it('keeps an Apply entry beside the Update entry of the same manager', () => {
    const applied = { ...owned[0], operation: 'Apply' };
    const before = object({ holderIdentity: 'x', leaseTransitions: 1 }, { managedFields: [applied] });
    const after = object({ holderIdentity: 'y', leaseTransitions: 1 }, { managedFields: [applied] });
    expect(update(before, after, by('one', T2))?.map(({ operation }) => operation)).toEqual(['Apply', 'Update']);
  });

  it('joins the oldest of more than ten writers', () => {
    let before = nothing;
    for (let i = 0; i < 13; i++) {
      const annotations = { ...before.metadata.annotations, [`k${i}`]: 'v' };
      const { managedFields } = before.metadata;
      const after = object({}, { annotations, ...(managedFields ? { managedFields } : {}) });
      const time = `2026-01-01T00:00:${String(i).padStart(2, '0')}Z`;
      const entries = update(before, after, by(`m${i}`, time)) ?? [];
      before = { ...after, metadata: { ...after.metadata, managedFields: entries } };
    }
    const managers = before.metadata.managedFields?.map(({ manager }) => manager);
    expect(managers?.[0]).toBe('ancient-changes');
    expect(managers).toHaveLength(10);
  });
});

describe('equalButForTimes', () => {
  it('does not see times of entries, and sees everything else', () => {
    const a = object({ holderIdentity: 'x' }, { managedFields: [entry('one', {}, T1)] });
    expect(equalButForTimes(a, object({ holderIdentity: 'x' }, { managedFields: [entry('one', {}, T2)] }))).toBe(true);
    expect(equalButForTimes(a, object({ holderIdentity: 'x' }, { managedFields: [entry('two', {}, T1)] }))).toBe(false);
    expect(equalButForTimes(a, object({ holderIdentity: 'y' }, { managedFields: [entry('one', {}, T1)] }))).toBe(false);
  });
});
