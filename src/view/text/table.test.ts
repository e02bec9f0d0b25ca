import { expect, it } from 'vitest';
import { width } from '../safe.js';
import { type Column, table } from './table.js';

interface Row {
  name: string;
  holder: string;
}
const layout: Column<Row>[] = [
  { heading: 'NAME', cell: (row) => row.name },
  { heading: 'HOLDER', cell: (row) => row.holder, shrinkTo: 8 },
  { heading: 'AGE', cell: () => '3s' },
];
const rows = [
  { name: 'a', holder: 'host-0_0c1e8a52-aaaa-bbbb' },
  { name: 'longer', holder: '主机' },
];

it('pads columns by what they take on a terminal', () => {
  expect(table(layout, rows, undefined)).toEqual([
    'NAME     HOLDER                      AGE',
    'a        host-0_0c1e8a52-aaaa-bbbb   3s',
    'longer   主机                        3s',
  ]);
});

it('cuts the column that may shrink until the line fits', () => {
  const lines = table(layout, rows, 30);
  expect(lines).toEqual([
    'NAME     HOLDER            AGE',
    'a        host-0_0c1e8a5…   3s',
    'longer   主机              3s',
  ]);
  expect(Math.max(...lines.map(width))).toBe(30);
});

it('does not cut below what a column asks for', () => {
  expect(table(layout, rows, 10)[1]).toBe('a        host-0_…   3s');
});

it('paints after padding', () => {
  const painted = table(
    [{ heading: 'STATE', cell: () => 'held', paint: (_, text) => `<${text}>` }, ...layout],
    rows,
    undefined,
  );
  expect(painted[1]).toMatch(/^<held >/);
});
