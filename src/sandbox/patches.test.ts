import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloneJson, exactJson, type JsonObject, NumberLiteral } from './json/value.js';
import { jsonPatch, mergePatch, PatchError } from './patches.js';
import { lease } from './schema/kinds.js';
import { goMap, strategicPatch } from './strategic-patch.js';

describe('mergePatch', () => {
  it('follows RFC 7386', () => {
    const cases: [JsonObject, JsonObject, JsonObject][] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, {}],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    ];
    for (const [target, patch, result] of cases) expect(mergePatch(target, patch)).toEqual(result);
  });

  it('changes neither the target nor the prototype of anything', () => {
    const target = { spec: { a: 1 } };
    const patched = mergePatch(target, JSON.parse('{"__proto__":{"polluted":true},"spec":{"b":2}}'));
    expect(target).toEqual({ spec: { a: 1 } });
    expect(Object.hasOwn(patched, '__proto__')).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('keeps numbers as they were written, for the refusal that shows them', () => {
    expect(exactJson(mergePatch({}, { a: new NumberLiteral('15.0') }))).toBe('{"a":15.0}');
  });
});

describe('jsonPatch', () => {
  const document = { spec: { holder: 'a', list: ['x', 'y'] }, metadata: { labels: {} } };

  it('applies operations in order', () => {
    const patched = jsonPatch(document, [
      { op: 'test', path: '/spec/holder', value: 'a' },
      { op: 'replace', path: '/spec/holder', value: 'b' },
      { op: 'add', path: '/spec/list/-', value: 'z' },
      { op: 'move', from: '/spec/list/0', path: '/metadata/labels/a~1b' },
    ]);
    expect(patched).toEqual({ spec: { holder: 'b', list: ['y', 'z'] }, metadata: { labels: { 'a/b': 'x' } } });
    expect(document.spec.holder).toBe('a');
  });

  it('is as lenient as the server', () => {
    expect(jsonPatch({ a: {} }, [{ op: 'replace', path: '/a/b', value: 1 }])).toEqual({ a: { b: 1 } });
    expect(jsonPatch({ a: {} }, [{ op: 'copy', from: '/a/x', path: '/a/b' }])).toEqual({ a: { b: null } });
    expect(jsonPatch({ a: {} }, [{ op: 'test', path: '/a/x', value: null }])).toEqual({ a: {} });
    expect(jsonPatch({}, [{ op: 'add', path: 'ignored/b', value: 1 }])).toEqual({ b: 1 });
  });

  it('is all or nothing', () => {
    const failing = [
      [{ op: 'remove', path: '/spec/none' }],
      [{ op: 'test', path: '/spec/holder', value: 'z' }],
      [{ op: 'add', path: '/none/none', value: 1 }],
      [{ op: 'frobnicate', path: '/spec' }],
      [{ op: 'remove', path: '' }],
      [{ path: '/spec' }],
      [{ op: 'add' }],
    ];
    for (const operations of failing) expect(() => jsonPatch(document, operations)).toThrow(PatchError);
  });
});

describe('strategicPatch', () => {
  const patch = (metadata: JsonObject, change: JsonObject) =>
    strategicPatch({ metadata }, { metadata: change }, lease).metadata;

  it('merges finalizers as a set and owners by uid, those of the patch first', () => {
    expect(patch({ finalizers: ['a'] }, { finalizers: ['b', 'a'] })).toEqual({ finalizers: ['b', 'a'] });
    const owners = (...uids: string[]) => uids.map((uid) => ({ uid }));
    expect(patch({ ownerReferences: owners('1') }, { ownerReferences: owners('2') })).toEqual({
      ownerReferences: owners('2', '1'),
    });
    expect(
      patch({ ownerReferences: [{ uid: '1', name: 'x' }] }, { ownerReferences: [{ uid: '1', name: 'y' }] }),
    ).toEqual({
      ownerReferences: [{ uid: '1', name: 'y' }],
    });
  });

  it('obeys its directives', () => {
    expect(patch({ finalizers: ['a', 'b'] }, { '$deleteFromPrimitiveList/finalizers': ['a'] })).toEqual({
      finalizers: ['b'],
    });
    expect(patch({ labels: { a: '1' } }, { labels: { $patch: 'replace', b: '2' } })).toEqual({ labels: { b: '2' } });
    expect(patch({ ownerReferences: [{ uid: '1' }] }, { ownerReferences: [{ $patch: 'delete', uid: '1' }] })).toEqual({
      ownerReferences: [],
    });
    expect(patch({ labels: { a: '1', b: '2' } }, { labels: { $retainKeys: ['b'], b: '3' } })).toEqual({
      labels: { b: '3' },
    });
    expect(() => patch({}, { labels: { $patch: 'foo' } })).toThrow(PatchError);
  });

  it('is a merge patch where a Lease has no lists', () => {
    const spec = fc.dictionary(
      fc.constantFrom('holderIdentity', 'renewTime', 'leaseTransitions'),
      fc.oneof(fc.string(), fc.integer()),
    );
    const change = fc.dictionary(
      fc.constantFrom('holderIdentity', 'renewTime', 'leaseTransitions'),
      fc.option(fc.string()),
    );
    fc.assert(
      fc.property(spec, change, (before, after) => {
        const target = { spec: cloneJson(before) as JsonObject };
        expect(strategicPatch(target, { spec: after }, lease)).toEqual(mergePatch(target, { spec: after }));
      }),
    );
  });

  it('prints maps as Go does', () => {
    expect(goMap({ b: [1, 'x'], a: null, c: { d: true } })).toBe('map[a:<nil> b:[1 x] c:map[d:true]]');
  });
});
