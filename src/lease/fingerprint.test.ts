import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fingerprint, fingerprint } from './fingerprint.js';
import { fieldWriters, writerOf } from './managed-fields.js';
import { readLease } from './record.js';
import { type Sample, sampleLease, sampleObject } from './testing.js';

const UUID = 'web-0_0f8fad5b-d9cb-469f-a165-70867728950e';
const MICROS: Sample = { renewMs: 2_000.123, acquireMs: 0.456 };
const MILLIS: Sample = { renewMs: 2_123, acquireMs: 456 };
const SECONDS: Sample = { renewMs: 2_000, acquireMs: 0 };
const of = (sample: Sample): Fingerprint => fingerprint(sampleLease(sample));
const codes = (found: Fingerprint) => found.reasons.map(({ code }) => code);

const writes = (manager: string, fields: string[], time = '2026-01-01T00:00:00Z') => ({
  manager,
  operation: 'Update',
  time,
  fieldsV1: { 'f:spec': Object.fromEntries(fields.map((field) => [`f:${field}`, {}])) },
});
const written = (sample: Sample, ...managedFields: unknown[]) => {
  const object = sampleObject(sample);
  return readLease({ ...object, metadata: { ...object.metadata, managedFields } });
};

describe('fingerprint', () => {
  // Managers as measured on unmodified libraries: research/measured.md, point 10.
  it.each<[string, Sample, Fingerprint['family'], Fingerprint['confidence']]>([
    ['fabric8', { ...MICROS, manager: 'fabric8-kubernetes-client' }, 'fabric8', 'likely'],
    ['official Java', { ...MILLIS, manager: 'Kubernetes Java Client' }, 'java-official', 'likely'],
    ['Python', { ...MICROS, manager: 'OpenAPI-Generator', transitions: null }, 'python', 'likely'],
    ['another generated client', { ...MICROS, manager: 'OpenAPI-Generator' }, 'unknown', null],
    ['npm', { ...MILLIS, manager: 'node-fetch', transitions: null }, 'npm-codedependant', 'possible'],
    ['another Node client', { ...MILLIS, manager: 'node-fetch' }, 'unknown', null],
    ['kunobi-ha', { ...SECONDS, manager: 'unknown' }, 'kunobi-ha', 'likely'],
    ['kube-rs or .NET', { ...MICROS, manager: 'unknown' }, 'unknown', null],
    ['kube-leader-election or Go', { ...MICROS, manager: 'a', holder: 'a' }, 'kube-leader-election', 'possible'],
    ['the scheduler', { ...MICROS, manager: 'kube-scheduler', holder: UUID }, 'client-go', 'likely'],
    ['a Go program', { ...MICROS, manager: 'my-operator' }, 'client-go', 'possible'],
    ['a Go program with that identity', { ...MICROS, manager: 'my-operator', holder: UUID }, 'client-go', 'possible'],
    ['kubebuilder: program', { ...MICROS, manager: 'manager', holder: UUID }, 'controller-runtime', 'possible'],
    [
      'kubebuilder: name',
      { ...MICROS, manager: 'op', holder: UUID, name: 'ecaf1259.x.y' },
      'controller-runtime',
      'possible',
    ],
    ['whole seconds by a program', { ...SECONDS, manager: 'my-operator' }, 'unknown', null],
    ['a person', { ...MICROS, manager: 'kubectl-edit' }, 'unknown', null],
    ['kle', { ...MICROS, manager: 'kle', holder: 'host_x1' }, 'kle', 'likely'],
    ['an operation of kle', { ...MICROS, manager: 'whatever', holder: 'kle/abcdefghij' }, 'kle', 'likely'],
    ['stripped, seconds', { ...SECONDS, manager: null }, 'kunobi-ha', 'possible'],
    ['stripped, milliseconds', { ...MILLIS, manager: null }, 'java-official', 'possible'],
    [
      'stripped, milliseconds, no transitions',
      { ...MILLIS, manager: null, transitions: null },
      'npm-codedependant',
      'possible',
    ],
    ['stripped, microseconds', { ...MICROS, manager: null }, 'unknown', null],
    ['stripped, microseconds, no transitions', { ...MICROS, manager: null, transitions: null }, 'python', 'possible'],
    ['no times at all', { renewMs: null, acquireMs: null, manager: null }, 'unknown', null],
  ])('%s', (_, sample, family, confidence) => {
    const found = of(sample);
    expect([found.family, found.confidence]).toEqual([family, confidence]);
    expect(found.reasons).not.toEqual([]);
  });

  it('tells kube-leader-election from Go by the creation without a User-Agent', () => {
    const record = written(
      { ...MICROS, holder: 'pod-1' },
      writes('unknown', ['leaseDurationSeconds']),
      writes('pod-1', ['holderIdentity', 'renewTime']),
    );
    expect(fingerprint(record)).toMatchObject({ family: 'kube-leader-election', confidence: 'likely' });
  });

  it('looks past kle and people who moved renewTime, at who wrote the holder', () => {
    for (const manager of ['kle', 'kubectl-edit']) {
      const record = written(
        { ...MICROS },
        writes('fabric8-kubernetes-client', ['holderIdentity', 'acquireTime']),
        writes(manager, ['renewTime']),
      );
      const found = fingerprint(record);
      expect(found.family).toBe('fabric8');
      expect(found.reasons).toContainEqual({ code: 'edited-by', manager });
    }
  });

  it('knows Leases that are no elections by their role', () => {
    expect(of({ namespace: 'kube-node-lease', manager: 'kubelet' })).toEqual({
      family: 'kubelet',
      confidence: 'likely',
      reasons: [{ code: 'role', role: 'node-heartbeat' }],
    });
    const object = sampleObject();
    const labels = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' };
    expect(fingerprint(readLease({ ...object, metadata: { ...object.metadata, labels } })).family).toBe(
      'kube-apiserver',
    );
    expect(codes(of({ ...MICROS, manager: 'kube-scheduler', spec: { strategy: 'OldestEmulationVersion' } }))).toContain(
      'role',
    );
  });

  it('names its reasons', () => {
    expect(of({ ...MICROS, manager: 'my-operator', holder: UUID }).reasons).toEqual([
      { code: 'manager', manager: 'my-operator', operation: 'Update' },
      { code: 'time-precision', precision: 'microseconds' },
      { code: 'identity-hostname-uuid' },
      { code: 'not-told-apart', families: ['client-go', 'controller-runtime'] },
    ]);
    expect(codes(of({ ...SECONDS, manager: 'unknown' }))).toEqual(['no-user-agent', 'time-precision']);
    expect(codes(of({ ...MILLIS, manager: null }))).toContain('no-managed-fields');
  });

  it('never throws, and says nothing without a family', () => {
    const entry = fc.oneof(
      fc.jsonValue(),
      fc.record({ manager: fc.jsonValue(), fieldsV1: fc.constant({ 'f:spec': { 'f:renewTime': {} } }) }),
    );
    fc.assert(
      fc.property(fc.array(entry), fc.jsonValue(), (managedFields, spec) => {
        const found = fingerprint(readLease({ metadata: { managedFields }, spec }));
        expect(found.confidence === null).toBe(found.family === 'unknown');
      }),
    );
    fc.assert(fc.property(fc.anything(), (value) => void fingerprint(readLease(value))));
  });
});

describe('fieldWriters', () => {
  it('tells who wrote which field of spec; the newest of several owners counts', () => {
    const record = written(
      {},
      writes('b', ['renewTime', 'holderIdentity'], '2026-01-01T00:00:05Z'),
      { manager: 'noter', operation: 'Update', fieldsV1: { 'f:metadata': {} } },
      { ...writes('c', ['renewTime'], '2026-01-01T00:00:09Z'), operation: 'Apply' },
      writes('a', ['renewTime'], 'never'),
    );
    const writers = fieldWriters(record);
    expect(writers.map(({ manager, fields }) => [manager, ...fields])).toEqual([
      ['b', 'holderIdentity', 'renewTime'],
      ['c', 'renewTime'],
      ['a', 'renewTime'],
    ]);
    expect(writerOf(writers, 'renewTime')).toMatchObject({ manager: 'c', operation: 'Apply' });
    expect(writers[2]?.time).toBeNull();
    expect(writerOf(writers, 'acquireTime')).toBeUndefined();
  });
});
