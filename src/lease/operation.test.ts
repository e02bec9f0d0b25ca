import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPERATION_ANNOTATION, readOperation } from './operation.js';

const read = (value: unknown) => readOperation({ [OPERATION_ANNOTATION]: JSON.stringify(value) });
const good = { id: 'abc0123xyz', verb: 'release', phase: 'fence' };

describe('readOperation', () => {
  it('reads a mark, with whatever else it carries', () => {
    expect(read({ ...good, by: 'me', until: 'x' })).toEqual(good);
    expect(read({ ...good, verb: 'steal', phase: 'hold' })?.verb).toBe('steal');
    expect(read({ ...good, verb: 'skew', phase: 'handover' })?.phase).toBe('handover');
  });

  it.each([
    ['no object', null],
    ['a list', [good]],
    ['a short id', { ...good, id: 'abc' }],
    ['an id with capitals', { ...good, id: 'ABC0123XYZ' }],
    ['an id with a line end', { ...good, id: 'abc0123xyz\n' }],
    ['another verb', { ...good, verb: 'acquire' }],
    ['another phase', { ...good, phase: 'free' }],
  ])('takes %s for no mark', (_, value) => {
    expect(read(value)).toBeNull();
  });

  it('takes more than 8 KiB for no mark', () => {
    expect(read({ ...good, by: 'x'.repeat(8000) })).not.toBeNull();
    expect(read({ ...good, by: 'x'.repeat(8192) })).toBeNull();
    expect(read({ ...good, by: 'ü'.repeat(5000) })).toBeNull();
  });

  it('never throws', () => {
    expect(readOperation({})).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => void readOperation({ [OPERATION_ANNOTATION]: text })));
    fc.assert(fc.property(fc.jsonValue(), (value) => void read(value)));
  });
});
