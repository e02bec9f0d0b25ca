/** The timeline: one lane a holder, nobody's lane below, marks and an axis. */
import { Box } from 'ink';
import type { ReactElement } from 'react';
import { safe, width } from '../../view/safe.js';
import type { ScreenTheme } from '../../view/screen-theme.js';
import { shortAge } from '../../view/text/age.js';
import { type Cell, type Lane, lanesOf, marksOf, type Timeline } from '../timeline.js';
import { cell, Line, type Piece, type Pieces } from './line.js';
import { fine } from './words.js';

export interface LanesProps {
  timeline: Timeline;
  spanMs: number;
  columns: number;
  rows: number;
  theme: ScreenTheme;
}

const GLYPH: Record<Cell, string> = { none: ' ', leads: '━', overlap: '╌', unknown: '░', nobody: '×' };
/** Title and axis. */
const FRAME_ROWS = 2;
const LABEL_LEAST = 8;
const LABEL_MOST = 36;

/** How many rows the timeline wants. */
export function lanesHeight(timeline: Timeline, spanMs: number, columns: number): number {
  const { lanes, marks } = layout(timeline, spanMs, columns, Number.POSITIVE_INFINITY);
  return FRAME_ROWS + lanes.length + (marks.size > 0 ? 1 : 0);
}

export function Lanes({ timeline, spanMs, columns, rows, theme }: LanesProps): ReactElement {
  const { lanes, marks, label, room } = layout(timeline, spanMs, columns, rows - FRAME_ROWS);
  const lines: Pieces[] = lanes.map((lane) => laneLine(lane, label, theme));
  if (marks.size > 0)
    lines.push([cell('', label), Array.from({ length: room }, (_, i) => marks.get(i) ?? ' ').join('')]);
  const title: Pieces = [
    { text: `TIMELINE ${shortAge(spanMs)}`, paint: theme.strong },
    { text: legend(lanes, marks), paint: theme.faint },
  ];
  const shown = [title, ...lines, axis(spanMs, label, room, theme)].slice(0, rows);
  return (
    <Box flexDirection="column">
      {shown.map((left, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a screen have no other identity than their place
        <Line key={row} columns={columns} left={left} />
      ))}
    </Box>
  );
}

/** `most`: rows for lanes and marks; the lanes of the earliest holders are left out first. */
function layout(timeline: Timeline, spanMs: number, columns: number, most: number) {
  const longest = Math.max(...timeline.terms.map(({ holder }) => width(safe(holder))), LABEL_LEAST);
  const label = Math.min(longest, LABEL_MOST, Math.floor(columns / 3)) + 2;
  const room = Math.max(1, columns - label);
  const marks = marksOf(timeline, spanMs, room);
  const lanes = lanesOf(timeline, spanMs, room, most - (marks.size > 0 ? 1 : 0));
  return { lanes, marks, label, room };
}

function laneLine(lane: Lane, label: number, theme: ScreenTheme): Pieces {
  const name = cell(lane.holder === null ? 'nobody' : safe(lane.holder), label - 2);
  const paintName = lane.present ? (lane.holder === null ? theme.error : theme.strong) : theme.faint;
  return [{ text: `${name}  `, paint: paintName }, ...runs(withLabels(lane), theme)];
}

/** The glyphs of a lane, gap lengths written beside their gaps where there is room: the latest first. */
function withLabels({ cells, labels }: Lane): { glyph: string; cell: Cell }[] {
  const glyphs = cells.map((cell) => ({ glyph: GLYPH[cell], cell }));
  for (const { from, to, ms } of [...labels].reverse()) {
    const text = fine(ms);
    // A blank on either side, so that two labels are never read as one.
    const places = [to + 2, from - 1 - text.length].filter((at) => isFree(glyphs, at - 1, text.length + 2));
    const [at] = places;
    if (at === undefined) continue;
    glyphs.splice(at, text.length, ...[...text].map((glyph) => ({ glyph, cell: 'nobody' as const })));
  }
  return glyphs;
}

/** Beyond the right edge there is nothing to run into, but no room either. */
function isFree(glyphs: readonly { cell: Cell }[], at: number, length: number): boolean {
  const end = Math.min(at + length, glyphs.length);
  return at >= 0 && at + length <= glyphs.length + 1 && glyphs.slice(at, end).every(({ cell }) => cell === 'none');
}

/** Neighbours of one kind as one piece, so that a lane costs few colour codes. */
function runs(glyphs: readonly { glyph: string; cell: Cell }[], theme: ScreenTheme): Piece[] {
  const pieces: Piece[] = [];
  let last: Cell | undefined;
  for (const { glyph, cell: kind } of glyphs) {
    const piece = pieces.at(-1);
    if (piece && kind === last) piece.text += glyph;
    else pieces.push({ text: glyph, ...paintOf(kind, theme) });
    last = kind;
  }
  return pieces;
}

function paintOf(kind: Cell, theme: ScreenTheme): Pick<Piece, 'paint'> {
  if (kind === 'leads') return { paint: (text) => theme.urgency('calm', text) };
  if (kind === 'overlap') return { paint: (text) => theme.urgency('late', text) };
  if (kind === 'nobody') return { paint: (text) => theme.urgency('expired', text) };
  return kind === 'unknown' ? { paint: theme.faint } : {};
}

/** Only what is to be seen is explained. */
function legend(lanes: readonly Lane[], marks: ReadonlyMap<number, string>): string {
  const cells = new Set(lanes.flatMap((lane) => lane.cells));
  const shown = new Set(marks.values());
  const words = [
    cells.has('overlap') ? '╌ may still work' : '',
    cells.has('nobody') ? '× no leader' : '',
    cells.has('unknown') ? '░ not known' : '',
    shown.has('F') ? 'F fence' : '',
    shown.has('k') ? 'k by kle' : '',
    shown.has('c') ? 'c changed' : '',
  ].filter(Boolean);
  return words.length > 0 ? `   ${words.join('  ')}` : '';
}

function axis(spanMs: number, label: number, room: number, theme: ScreenTheme): Pieces {
  const [begin, middle, end] = [`-${shortAge(spanMs)}`, `-${shortAge(spanMs / 2)}`, 'now'];
  const half = Math.floor(room / 2);
  const text = room < 24 ? cell(begin, room - 3) + end : cell(cell(begin, half) + middle, room - end.length) + end;
  return [{ text: ' '.repeat(label) + text, paint: theme.faint }];
}
