import { expect, it } from 'vitest';
import { bar, sparkline } from './bars.js';

it('fills in eighths of a column, shows anything above nothing, and never runs over', () => {
  expect([0, 0.001, 0.5, 0.53, 1, 7, -1].map((share) => bar(share, 8))).toEqual([
    '░░░░░░░░',
    '▏░░░░░░░',
    '████░░░░',
    '████▎░░░',
    '████████',
    '████████',
    '░░░░░░░░',
  ]);
});

it('draws values in proportion to the largest, the newest at the end', () => {
  expect(sparkline([1_000, 2_000, 4_000, 8_000], 10)).toBe('▁▂▄█');
  expect(sparkline([1, 2, 3, 4], 2)).toBe('▆█');
  expect(sparkline([], 10)).toBe('');
  expect(sparkline([0, 0], 10)).toBe('');
});
