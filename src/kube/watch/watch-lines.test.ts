import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter, readWatchLine } from './watch-lines.js';

const target = { verb: 'watch', resource: 'leases' };
const lease = { metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7' } };

describe('LineSplitter', () => {
  it('finds the same lines however the bytes are cut, inside a character too', () => {
    const text = fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', ''));
    fc.assert(
      fc.property(
        fc.array(text, { size: 'medium' }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (lines, sizes) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const splitter = new LineSplitter();
          const found: string[] = [];
          for (let at = 0; at < bytes.length; ) {
            const size = sizes.next().value as number;
            found.push(...(splitter.push(bytes.subarray(at, at + size)) ?? []));
            at += size;
          }
          expect(found).toEqual(lines);
        },
      ),
    );
  });

  it('keeps a line without its end to itself', () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('a\nb'))).toEqual(['a']);
    expect(splitter.push(Buffer.from('c\n'))).toEqual(['bc']);
  });

  it('gives up a line that outgrows any object', () => {
    const splitter = new LineSplitter();
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');
    for (let i = 0; i < 16; i++) expect(splitter.push(mebibyte)).toEqual([]);
    expect(splitter.push(mebibyte)).toBeUndefined();
  });
});

describe('readWatchLine', () => {
  const read = (value: unknown) => readWatchLine(JSON.stringify(value), target);

  it('reads changes, bookmarks and errors', () => {
    expect(read({ type: 'ADDED', object: lease })).toMatchObject({
      type: 'changed',
      version: '7',
      change: { type: 'added', record: { name: 'a' } },
    });
    const mark = { metadata: { resourceVersion: '9' }, spec: {} };
    expect(read({ type: 'BOOKMARK', object: mark })).toEqual({ type: 'bookmark', version: '9' });
    const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (9)' };
    expect(read({ type: 'ERROR', object: gone })).toMatchObject({ type: 'failed', failure: { kind: 'expired' } });
  });

  it('calls everything else garbage and never throws', () => {
    const garbage = ['{"type":"ADDED"', 'null', '7', '"x"', '[]', '{}', '{"type":"ADDED"}', '{"type":"ERROR"}'];
    for (const line of garbage) expect(readWatchLine(line, target).type).toBe('garbage');
    expect(read({ type: 'RENAMED', object: lease }).type).toBe('garbage');
    expect(read({ type: 'ADDED', object: { metadata: { name: 'a' } } }).type).toBe('garbage');
    expect(read({ type: 'ADDED', object: { metadata: { resourceVersion: '1' } } }).type).toBe('garbage');
    fc.assert(fc.property(fc.json(), (line) => void readWatchLine(line, target)));
  });
});
