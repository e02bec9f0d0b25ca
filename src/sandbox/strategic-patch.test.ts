import { describe, expect, it } from 'vitest';
import { PatchError, PatchFormatError } from './patches.js';
import { lease } from './schema/kinds.js';
import { strategicPatch } from './strategic-patch.js';

describe('strategicPatch', () => {
  const held = { metadata: { finalizers: ['a.example/x', 'a.example/y'] } };

  it('removes what $deleteFromPrimitiveList names', () => {
    const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': ['a.example/x'] } };
    expect(strategicPatch(held, patch, lease)).toEqual({ metadata: { finalizers: ['a.example/y'] } });
  });

  it('refuses a directive without the name of its list as the fault of the client', () => {
    const patch = { metadata: { $deleteFromPrimitiveList: ['a.example/x'] } };
    expect(() => strategicPatch(held, patch, lease)).toThrow(PatchFormatError);
    expect(() => strategicPatch(held, { spec: { $retainKeys: 'x' } }, lease)).toThrow(PatchFormatError);
  });

  it('refuses an unknown directive otherwise', () => {
    const patch = () => strategicPatch(held, { spec: { $patch: 'nonsense' } }, lease);
    expect(patch).toThrow(PatchError);
    expect(patch).not.toThrow(PatchFormatError);
  });
});
