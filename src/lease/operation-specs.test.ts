import { describe, expect, it } from 'vitest';
import { formatOperation, type OperationNote, readOperationNote } from './operation.js';
import * as specs from './operation-specs.js';
import { readLease, specKey } from './record.js';
import { BASE, OPERATION_ID, sampleLease, sampleObject, timeAt } from './testing.js';

const note = (more: Partial<OperationNote> = {}): OperationNote => ({
  id: OPERATION_ID,
  verb: 'release',
  phase: 'fence',
  by: '',
  sentAt: BASE,
  until: BASE + 19_000_000n,
  renewPeriodMs: 2000,
  offsetMs: 0,
  previous: { spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } },
  to: null,
  ...more,
});
const held = sampleLease({
  holder: 'a',
  renewMs: 5_000,
  acquireMs: 0,
  transitions: 7,
  annotations: { other: 'x', 'kle.dev/stopped': 'old' },
});
const spec = (lease: { spec?: unknown }) => lease.spec as Record<string, unknown>;

describe('the note', () => {
  it('is read back as it was written', () => {
    const text = formatOperation(note({ to: 'b', by: 'me' }));
    expect(readOperationNote({ 'kle.dev/operation': text ?? '' })).toEqual(note({ to: 'b', by: 'me' }));
  });

  it('is not written longer than readers take', () => {
    expect(formatOperation(note({ previous: { spec: { holderIdentity: 'x'.repeat(9000) } } }))).toBeNull();
  });

  it.each([
    ['a time that is none', { sentAt: 'now' }],
    ['a previous spec of wrong types', { previous: { spec: { holderIdentity: 1 } } }],
    ['a duration of zero', { previous: { spec: { leaseDurationSeconds: 0 } } }],
    ['negative transitions', { previous: { spec: { leaseTransitions: -1 } } }],
    ['a negative period', { renewPeriodMs: -1 }],
    ['no previous spec', { previous: null }],
    ['an identity that is no text', { to: 3 }],
  ])('with %s it means nothing to undo', (_, change) => {
    const value = { ...JSON.parse(formatOperation(note()) ?? ''), ...change };
    expect(readOperationNote({ 'kle.dev/operation': JSON.stringify(value) })).toBeNull();
  });
});

describe('what is written', () => {
  it('fences: one transition more, no old notice, everything else kept', () => {
    const lease = specs.taking(held, { holder: 'kle/x', durationSeconds: 19, time: BASE + 6_000_000n, note: note() });
    expect(spec(lease)).toMatchObject({ holderIdentity: 'kle/x', leaseTransitions: 8, renewTime: timeAt(6_000) });
    expect(Object.keys(lease.metadata.annotations as object).sort()).toEqual(['kle.dev/operation', 'other']);
  });

  it('never writes an earlier time than the one it replaces', () => {
    expect(specs.holderTime(held, BASE, 0)).toBe(BASE + 5_000_000n);
    expect(specs.holderTime(held, BASE, 3_600_000)).toBe(BASE + 3_600_000_000n);
  });

  it('does not raise transitions beyond an int32', () => {
    const lease = specs.taking(sampleLease({ transitions: 2 ** 31 - 1 }), {
      holder: 'kle/x',
      durationSeconds: 1,
      time: BASE,
      note: note(),
    });
    expect(spec(lease).leaseTransitions).toBe(2 ** 31 - 1);
  });

  it('frees in client-go’s form', () => {
    const lease = specs.freeing(held, BASE);
    expect(spec(lease)).toEqual({
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: timeAt(0),
      renewTime: timeAt(0),
      leaseTransitions: 7,
    });
    expect(lease.metadata.annotations).toEqual({ other: 'x' });
  });

  it('puts back the holder, its duration and its term, with transitions as they are now', () => {
    const previous = specs.previousOf(held);
    const fenced = readLease(
      specs.taking(held, { holder: 'kle/x', durationSeconds: 19, time: BASE + 6_000_000n, note: note() }),
    );
    expect(spec(specs.puttingBack(fenced, previous, BASE + 9_000_000n))).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: timeAt(0),
      renewTime: timeAt(9_000),
      leaseTransitions: 8,
    });
  });

  it('skews one field and puts that one back', () => {
    const skewed = readLease(specs.skewing(held, { renewTimeMs: -3_600_000 }, note({ verb: 'skew', phase: 'hold' })));
    expect(specKey(skewed)).not.toBe(specKey(held));
    const back = specs.unskewing(skewed, { renewTimeMs: -3_600_000 }, specs.previousOf(held));
    expect(specKey(readLease(back))).toBe(specKey(held));
  });

  it('drops its own managedFields entry and nobody else’s', () => {
    const object = sampleObject({ manager: 'argo' });
    const entries = object.metadata.managedFields as object[];
    object.metadata.managedFields = [
      ...entries,
      { manager: 'kle', operation: 'Update', fieldsV1: { 'f:spec': { 'f:holderIdentity': {} } } },
      { manager: 'gitops', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:leaseDurationSeconds': {} } } },
    ];
    const record = readLease(object);
    expect(specs.hasAppliers(record)).toBe(true);
    const kept = specs.withoutOwnEntry(record)?.metadata.managedFields ?? [];
    const managers = (kept as { manager: string }[]).map((one) => one.manager);
    expect(managers).toEqual(['argo', 'gitops']);
    expect(specs.withoutOwnEntry(held)).toBeNull();
    // Alone, it stays without the spec: a Lease without any entry would get one that conflicts with every apply.
    object.metadata.managedFields = [
      { manager: 'kle', operation: 'Update', fieldsV1: { 'f:spec': { 'f:holderIdentity': {} } } },
    ];
    const alone = specs.withoutOwnEntry(readLease(object))?.metadata.managedFields as { fieldsV1: object }[];
    expect(alone.map(({ fieldsV1 }) => Object.keys(fieldsV1))).toEqual([['f:metadata']]);
    expect(specs.hasAppliers(held)).toBe(false);
  });

  it('compares versions as numbers of any length', () => {
    expect(specs.compareVersions('9', '10')).toBeLessThan(0);
    expect(specs.compareVersions('18446744073709551615', '18446744073709551614')).toBeGreaterThan(0);
    expect(specs.compareVersions('7', '7')).toBe(0);
    expect(specs.compareVersions('x', '7')).toBe(0);
  });
});
