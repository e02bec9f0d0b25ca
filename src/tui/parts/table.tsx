/** All Leases in scope, the most urgent first. */
import { Box } from 'ink';
import type { ReactElement } from 'react';
import { safe, width } from '../../view/safe.js';
import type { ScreenTheme } from '../../view/screen-theme.js';
import type { Row } from '../model.js';
import { bar } from './bars.js';
import { cell, Line, type Pieces } from './line.js';
import { ago, ahead } from './words.js';

export interface TableProps {
  /** All rows that pass the filter, for widths that do not jump while scrolling. */
  rows: readonly Row[];
  top: number;
  /** Rows that fit below the headings. */
  page: number;
  selected: string | null;
  withNamespace: boolean;
  columns: number;
  theme: ScreenTheme;
}

interface Widths {
  namespace: number;
  name: number;
  holder: number;
  bar: number;
  /** 0: the column is left out. */
  renewed: number;
  transitions: number;
}

const STATE = 9;
const EXPIRES = 11;
const GAP = 2;
const MARK = 2;

export function LeaseTable(props: TableProps): ReactElement {
  const { rows, top, page, selected, columns, theme } = props;
  const widths = widthsFor(props);
  const shown = rows.slice(top, top + page);
  return (
    <Box flexDirection="column">
      <Line columns={columns} left={[{ text: headings(widths), paint: theme.faint }]} />
      {shown.map((row) => (
        <Line key={row.key} columns={columns} left={rowPieces(row, widths, row.key === selected, theme)} />
      ))}
    </Box>
  );
}

function widthsFor({ rows, withNamespace, columns }: TableProps): Widths {
  const longest = (text: (row: Row) => string, least: number) =>
    rows.reduce((most, row) => Math.max(most, width(safe(text(row)))), least);
  const wanted = {
    namespace: withNamespace ? longest((row) => row.ref.namespace, 9) : 0,
    name: longest((row) => row.ref.name, 4),
    holder: longest((row) => row.holder ?? '', 6),
  };
  const wide = columns >= 76;
  const fixed: Omit<Widths, keyof typeof wanted> = {
    bar: columns >= 118 ? 16 : columns >= 96 ? 8 : 0,
    renewed: wide ? 10 : 0,
    transitions: columns >= 60 ? 6 : 0,
  };
  const others = [STATE, EXPIRES, fixed.bar, fixed.renewed, fixed.transitions].filter((n) => n > 0);
  let over = -(columns - MARK - others.reduce((sum, n) => sum + n + GAP, 0));
  for (const n of Object.values(wanted)) if (n > 0) over += n + GAP;
  over -= GAP;
  return { ...fixed, ...shrunk(wanted, over) };
}

/** Takes columns from the widest until all fit. */
function shrunk(wanted: Pick<Widths, 'namespace' | 'name' | 'holder'>, over: number) {
  const widths = { ...wanted };
  for (let i = over; i > 0; i--) {
    const widest = widths.holder >= widths.name ? 'holder' : 'name';
    const from = widths.namespace > widths[widest] ? 'namespace' : widest;
    if (widths[from] <= 3) break;
    widths[from] -= 1;
  }
  return widths;
}

function headings(widths: Widths): string {
  const words: [string, number][] = [
    ['NAMESPACE', widths.namespace],
    ['NAME', widths.name],
    ['STATE', STATE],
    ['HOLDER', widths.holder],
    ['RENEWED', widths.renewed],
    ['EXPIRES', EXPIRES + (widths.bar > 0 ? widths.bar + GAP : 0)],
    ['TERMS', widths.transitions],
  ];
  const shown = words.filter(([, columns]) => columns > 0).map(([word, columns]) => cell(word, columns));
  return (' '.repeat(MARK) + shown.join(' '.repeat(GAP))).trimEnd();
}

function rowPieces(row: Row, widths: Widths, selected: boolean, theme: ScreenTheme): Pieces {
  const gap = ' '.repeat(GAP);
  const text = (content: string, columns: number) => (columns > 0 ? [`${cell(content, columns)}${gap}`] : []);
  const { state, expiresInMs, renewedAgoMs, atLeast } = row;
  const byUrgency = (piece: string) => theme.urgency(row.urgency, piece);
  const pieces: Pieces = [
    { text: cell(`${selected ? '>' : ' '}${row.fresh ? '*' : ' '}`, MARK), paint: theme.strong },
    ...text(safe(row.ref.namespace), widths.namespace),
    { text: `${cell(safe(row.ref.name), widths.name)}${gap}`, ...(row.fresh && { paint: theme.strong }) },
    { text: cell(row.urgency === 'late' ? 'LATE' : state, STATE) + gap, paint: statePaint(row, theme) },
    { text: `${cell(safe(row.holder || '-'), widths.holder)}${gap}`, ...(row.fresh && { paint: theme.strong }) },
    ...text(ago(renewedAgoMs, atLeast), widths.renewed),
    { text: cell(expiresInMs === null ? '-' : ahead(expiresInMs, atLeast), EXPIRES) + gap, paint: byUrgency },
    ...(widths.bar > 0 ? [{ text: barOf(row, widths.bar) + gap, paint: byUrgency }] : []),
    ...(widths.transitions > 0 ? [row.transitions === null ? '-' : String(row.transitions)] : []),
  ];
  if (!selected) return pieces;
  return pieces.map((piece) => ({ text: typeof piece === 'string' ? piece : piece.text, paint: theme.selected }));
}

const statePaint =
  ({ urgency, state }: Row, theme: ScreenTheme) =>
  (text: string) =>
    urgency === 'late' ? theme.urgency('late', text) : theme.state(state, text);

function barOf({ expiresInMs, durationMs }: Row, columns: number): string {
  if (expiresInMs === null || durationMs === null) return ' '.repeat(columns);
  return bar(expiresInMs / durationMs, columns);
}
