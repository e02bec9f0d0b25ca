import { expect, it } from 'vitest';
import { type Cell, lanesOf, marksOf, type Timeline } from './timeline.js';

const GLYPH: Record<Cell, string> = { none: '.', leads: '=', overlap: '-', unknown: '?', nobody: 'x' };

const empty: Timeline = { nowMs: 100_000, sinceMs: 0, terms: [], gaps: [], overlaps: [], unknown: [], marks: [] };
const term = (holder: string, fromMs: number, toMs: number) => ({
  holder,
  fromMs,
  toMs,
  open: toMs === 100_000,
  endedBy: null,
});

/** Lanes of 20 cells over 100 s: five seconds a cell. */
function drawn(timeline: Partial<Timeline>, most = 9): string[] {
  return lanesOf({ ...empty, ...timeline }, 100_000, 20, most).map(
    ({ holder, cells }) => `${holder ?? 'nobody'} ${cells.map((cell) => GLYPH[cell]).join('')}`,
  );
}

it('draws a lane for each holder, the latest first, and the gap between them', () => {
  const terms = [term('a', 0, 40_000), term('b', 60_000, 100_000)];
  expect(drawn({ terms, gaps: [{ fromMs: 40_000, toMs: 60_000, open: false }] })).toEqual([
    'b ............========',
    'a =========...........',
    'nobody ........xxxxx.......',
  ]);
});

it('gives the shortest gap a cell, with its length', () => {
  const timeline = { ...empty, terms: [term('a', 0, 50_000)], gaps: [{ fromMs: 50_000, toMs: 50_020, open: false }] };
  expect(lanesOf(timeline, 100_000, 20, 9).at(-1)).toMatchObject({ labels: [{ from: 10, to: 10, ms: 20 }] });
});

it('leaves out of a term that went on what its holder let expire', () => {
  expect(drawn({ terms: [term('a', 0, 100_000)], gaps: [{ fromMs: 40_000, toMs: 60_000, open: false }] })[0]).toBe(
    'a =========...========',
  );
});

it('draws how long a deposed holder may go on, behind its term', () => {
  const terms = [term('a', 0, 50_000), term('b', 50_000, 100_000)];
  expect(drawn({ terms, overlaps: [{ holder: 'a', fromMs: 50_000, toMs: 70_000 }] })).toEqual([
    'b ..........==========',
    'a ===========----.....',
  ]);
});

it('draws as unknown what was not seen, over whoever may have led meanwhile', () => {
  const terms = [term('a', 0, 100_000), term('z', 0, 10_000)];
  expect(drawn({ terms, unknown: [{ fromMs: 50_000, toMs: 70_000 }] })).toEqual([
    'z ===.................',
    'a ==========?????=====',
  ]);
});

it('shows what is in sight, the latest holders first when there is no room for all', () => {
  const terms = [
    term('old', -90_000, -50_000),
    term('a', 0, 10_000),
    term('b', 10_000, 20_000),
    term('c', 20_000, 100_000),
  ];
  expect(drawn({ terms }).map((lane) => lane[0])).toEqual(['c', 'b', 'a']);
  const gaps = [{ fromMs: 1_000, toMs: 2_000, open: false }];
  expect(drawn({ terms, gaps }, 2).map((lane) => lane.split(' ')[0])).toEqual(['c', 'nobody']);
});

it('puts marks where they happened, the later over the earlier', () => {
  const marks: Timeline['marks'] = [
    { atMs: 51_000, mark: 'k' },
    { atMs: 50_000, mark: 'F' },
    { atMs: -1, mark: 'c' },
  ];
  expect([...marksOf({ ...empty, marks }, 100_000, 20)]).toEqual([[10, 'k']]);
});
