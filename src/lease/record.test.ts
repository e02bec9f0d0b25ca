import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amend, type LeaseField, type Problem, readLease, specKey } from './record.js';
import { mark, sampleLease, sampleObject, timeAt } from './testing.js';

const json = fc.jsonValue().map((value) => value as unknown);
const withSpec = (spec: Record<string, unknown>, more = {}) => readLease({ ...sampleObject(), spec, ...more });
const problemsOf = (field: LeaseField, value: unknown): Problem[] => {
  const { spec } = sampleObject();
  return withSpec({ ...spec, [field]: value }).problems.filter((problem) => 'field' in problem);
};

describe('readLease', () => {
  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.anything(), (value) => void readLease(value)));
    const shaped = fc.record({
      metadata: fc.oneof(json, fc.dictionary(fc.constantFrom('name', 'labels', 'annotations', 'managedFields'), json)),
      spec: fc.oneof(
        json,
        fc.dictionary(fc.constantFrom('holderIdentity', 'leaseDurationSeconds', 'renewTime', 'strategy'), json),
      ),
    });
    fc.assert(
      fc.property(shaped, (value) => {
        const record = readLease(value);
        expect(record.holder === null || typeof record.holder === 'string').toBe(true);
        expect(record.leaseDurationSeconds === null || Number.isSafeInteger(record.leaseDurationSeconds)).toBe(true);
        expect(record.renewTime === null || typeof record.renewTime === 'bigint').toBe(true);
        specKey(record);
      }),
    );
    const entries = fc.array(
      fc.record({
        manager: json,
        time: json,
        fieldsV1: fc.oneof(json, fc.constant({ 'f:spec': { 'f:renewTime': {} } })),
      }),
    );
    fc.assert(fc.property(entries, (managedFields) => void readLease({ metadata: { managedFields } })));
  });

  it('finds no problem in a good Lease', () => {
    const record = sampleLease({ holder: 'a', renewMs: 1.5, acquireMs: 0.25, transitions: 3 });
    expect(record.problems).toEqual([]);
    expect(record).toMatchObject({ holder: 'a', leaseDurationSeconds: 15, transitions: 3, role: 'election' });
    expect(timeAt(1.5)).toContain('.001500Z');
    expect(record.renewTime).toBe((record.acquireTime ?? 0n) + 1250n);
  });

  it.each(['holderIdentity', 'leaseDurationSeconds', 'acquireTime', 'renewTime', 'leaseTransitions'] as const)(
    'names what is wrong with %s',
    (field) => {
      expect(problemsOf(field, undefined)).toEqual([{ code: 'field-absent', field }]);
      expect(problemsOf(field, null)).toEqual([{ code: 'field-null', field }]);
      expect(problemsOf(field, true)).toEqual([{ code: 'field-wrong-type', field, got: 'boolean' }]);
      expect(problemsOf(field, [])).toEqual([{ code: 'field-wrong-type', field, got: 'array' }]);
    },
  );

  it('names zero, negative and fractional numbers, and unreadable times', () => {
    const duration = 'leaseDurationSeconds';
    expect(problemsOf(duration, 0)).toEqual([{ code: 'field-zero', field: duration }]);
    expect(problemsOf(duration, -1)).toEqual([{ code: 'field-negative', field: duration, value: -1 }]);
    expect(problemsOf(duration, 1.5)).toMatchObject([{ code: 'field-wrong-type', field: duration }]);
    expect(problemsOf('leaseTransitions', 0)).toEqual([]);
    expect(problemsOf('leaseTransitions', -1)).toMatchObject([{ code: 'field-negative' }]);
    expect(problemsOf('renewTime', 'soon')).toEqual([{ code: 'time-unreadable', field: 'renewTime', text: 'soon' }]);
    expect(problemsOf('holderIdentity', '')).toEqual([]);
    expect(problemsOf('strategy', undefined)).toEqual([]);
  });

  it('tells roles, and misses no field that a role never has', () => {
    const node = sampleLease({ namespace: 'kube-node-lease', acquireMs: null, transitions: null });
    expect([node.role, node.problems]).toEqual(['node-heartbeat', []]);
    const labels = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' };
    expect(readLease({ metadata: { namespace: 'kube-system', labels } }).role).toBe('apiserver-identity');
    expect(withSpec({ strategy: 'OldestEmulationVersion' }).role).toBe('coordinated');
    expect(withSpec({ strategy: '' }).role).toBe('election');
  });

  it('takes the newest owner of renewTime for the stamp, and one shared owner spoils it', () => {
    const owner = (manager: string, time: string, more = {}) => ({
      manager,
      operation: 'Update',
      time,
      fieldsV1: { 'f:spec': { 'f:renewTime': {} }, ...more },
    });
    const old = owner('old', '2026-01-01T00:00:00Z', { 'f:metadata': {} });
    const other = { manager: 'm', fieldsV1: { 'f:spec': { 'f:holderIdentity': {} } }, time: '2030-01-01T00:00:00Z' };
    const fresh = owner('fresh', '2026-01-01T00:00:01Z');
    const alone = readLease({ metadata: { managedFields: [other, fresh] } });
    expect(alone.renewal).toMatchObject({ manager: 'fresh', shared: false, time: 1_767_225_601_000_000n });
    const both = readLease({ metadata: { managedFields: [fresh, old] } });
    expect(both.renewal).toMatchObject({ manager: 'fresh', shared: true });
    expect(both.problems).toContainEqual({ code: 'renewal-time-shared', manager: 'fresh' });
  });
});

describe('specKey', () => {
  it('does not see the order of keys, nor anything outside spec', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.dictionary(fc.string(), fc.string()), (spec, annotations) => {
        const reversed = Object.fromEntries(Object.entries(spec).reverse());
        const metadata = { ...sampleObject().metadata, annotations, resourceVersion: '99', labels: annotations };
        expect(specKey(withSpec(reversed, { metadata }))).toBe(specKey(withSpec(spec)));
      }),
    );
  });

  it('sees every change of a value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.string(), json, (spec, key, value) => {
        // JSON has no -0: a server sends 0.
        fc.pre(JSON.stringify(spec[key]) !== JSON.stringify(value));
        expect(specKey(withSpec({ ...spec, [key]: value }))).not.toBe(specKey(withSpec(spec)));
      }),
    );
  });
});

describe('amend', () => {
  const unknownFields = fc.dictionary(
    fc.stringMatching(/^x[a-z]{0,8}$/),
    json.filter((value) => value !== null),
  );

  it('keeps uid, version, labels, owners and every field it does not know', () => {
    fc.assert(
      fc.property(unknownFields, unknownFields, (spec, more) => {
        const object = { ...sampleObject({ spec }), ...more };
        object.metadata.ownerReferences = [{ name: 'owner' }];
        object.metadata.labels = { team: 'x' };
        const body = amend(readLease(object), { spec: { holderIdentity: '' }, annotations: { a: '1' } });
        expect(body.metadata).toEqual({ ...object.metadata, annotations: { a: '1' } });
        expect(body.spec).toEqual({ ...object.spec, holderIdentity: '' });
        expect(body).toMatchObject(more);
      }),
    );
  });

  it('writes no null into a field of spec, even where the server answered one', () => {
    const nullable = fc.subarray(['holderIdentity', 'renewTime', 'acquireTime', 'leaseTransitions', 'strategy']);
    fc.assert(
      fc.property(nullable, (fields) => {
        const spec = Object.fromEntries(fields.map((field) => [field, null]));
        const body = amend(sampleLease({ spec }), { spec: { leaseDurationSeconds: 1 } });
        expect(Object.values(body.spec ?? {})).not.toContain(null);
        expect(body.spec?.leaseDurationSeconds).toBe(1);
      }),
    );
  });

  it('removes and adds annotations, and leaves the record as it was', () => {
    const record = sampleLease({ annotations: { keep: '1', ...mark('skew', 'hold') } });
    const before = structuredClone(record.raw);
    const body = amend(record, { annotations: { 'kle.dev/operation': null, new: '2' } });
    expect(body.metadata.annotations).toEqual({ keep: '1', new: '2' });
    expect(record.raw).toEqual(before);
  });

  it('refuses a record without uid or version: the PUT would apply to any', () => {
    const { metadata, ...rest } = sampleObject();
    for (const missing of ['uid', 'resourceVersion']) {
      const record = readLease({ ...rest, metadata: { ...metadata, [missing]: undefined } });
      expect(() => amend(record, { spec: { holderIdentity: '' } })).toThrow(/cannot be amended/);
    }
  });
});
