/** Who leads one Lease, how sure that is, and how close to its expiry. */
import { Box } from 'ink';
import type { ReactElement } from 'react';
import { problemText } from '../../view/messages.js';
import { safe } from '../../view/safe.js';
import type { ScreenTheme } from '../../view/screen-theme.js';
import type { LeaseDetail } from '../model.js';
import { bar, sparkline } from './bars.js';
import { cell, Line, type Pieces, piecesWidth } from './line.js';
import { ago, ahead, fine, plural, seconds } from './words.js';

export interface HolderProps {
  detail: LeaseDetail;
  columns: number;
  /** Rows there are; what matters most comes first. */
  rows: number;
  theme: ScreenTheme;
}

const LABEL = 11;
/** Clocks are not worth a line below this. */
const WRITER_DIFFERS_MS = 1_500;
const SPARK_COLUMNS = 40;

export function Holder({ detail, columns, rows, theme }: HolderProps): ReactElement {
  const lines = [
    statePieces(detail, theme),
    ...podLine(detail, theme),
    ...expiry(detail, columns, theme),
    ...renewal(detail, columns, theme),
    ...term(detail, theme),
    ...clocks(detail, theme),
    ...problems(detail, theme),
  ];
  return (
    <Box flexDirection="column">
      {lines.slice(0, rows).map((left, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a screen have no other identity than their place
        <Line key={row} columns={columns} left={left} />
      ))}
    </Box>
  );
}

function statePieces(detail: LeaseDetail, theme: ScreenTheme): Pieces {
  if (!detail.known) return ['waiting for the first answer'];
  if (detail.staleMs === null) return standing(detail, theme);
  return [{ text: `last seen ${seconds(detail.staleMs)} ago: `, paint: theme.warning }, ...standing(detail, theme)];
}

function standing({ record, verdict, leaderlessMs, urgency }: LeaseDetail, theme: ScreenTheme): Pieces {
  const paint = (text: string) => theme.strong(theme.state(verdict.state, text));
  if (record === null) return [{ text: 'ABSENT', paint }, '  there is no such Lease; waiting for it'];
  const state = { text: verdict.state.toUpperCase(), paint };
  const basis = { text: verdict.basis ? `  (${verdict.basis})` : '', paint: theme.faint };
  const since =
    leaderlessMs === null ? [] : [{ text: `  nobody leads for ${seconds(leaderlessMs)}`, paint: theme.error }];
  if (!record.holder) return [state, ...(since.length > 0 ? since : ['  nobody holds it'])];
  const by = verdict.state === 'held' ? '  by ' : verdict.state === 'expired' ? '  last held by ' : '  ';
  const late = urgency === 'late' ? [{ text: '  LATE', paint: (text: string) => theme.urgency('late', text) }] : [];
  return [state, by, { text: safe(record.holder), paint: theme.strong }, ...late, ...since, basis];
}

function podLine({ pod }: LeaseDetail, theme: ScreenTheme): Pieces[] {
  if (pod === null) return [];
  return [[labelled('pod', theme), safe(pod.name), pod.node === null ? '' : ` on ${safe(pod.node)}`]];
}

const labelled = (label: string, theme: ScreenTheme) => ({ text: cell(label, LABEL), paint: theme.faint });

function expiry({ verdict, durationMs, urgency, record }: LeaseDetail, columns: number, theme: ScreenTheme): Pieces[] {
  const { expiresInMs } = verdict;
  if (expiresInMs === null || durationMs === null || !record?.holder) return [];
  const text = ahead(expiresInMs, verdict.atLeast);
  const paint = (piece: string) => theme.urgency(urgency, piece);
  const of = ` of ${seconds(durationMs).replace('.0s', 's')}`;
  const label = labelled(expiresInMs > 0 ? 'expires' : 'expired', theme);
  const head: Pieces = [label, { text: cell(text, 12), paint }];
  const room = Math.min(60, columns - piecesWidth(head) - of.length - 1);
  if (room < 4) return [[label, { text, paint }]];
  return [[...head, { text: bar(expiresInMs / durationMs, room), paint }, { text: of, paint: theme.faint }]];
}

function renewal({ verdict, intervals, gapsMs, record }: LeaseDetail, columns: number, theme: ScreenTheme): Pieces[] {
  if (!record?.holder || verdict.renewedAgoMs === null) return [];
  const { medianMs, p99Ms } = intervals;
  const every = medianMs === null || p99Ms === null ? '' : `  every ${fine(medianMs)}, p99 ${fine(p99Ms)}  `;
  const left: Pieces = [labelled('renewed', theme), cell(ago(verdict.renewedAgoMs, verdict.atLeast), 12), every];
  const room = Math.min(SPARK_COLUMNS, columns - piecesWidth(left));
  return [[...left, { text: sparkline(gapsMs, room), paint: theme.faint }]];
}

function term({ term: open, termsSeen, record, family }: LeaseDetail, theme: ScreenTheme): Pieces[] {
  if (record === null) return [];
  const here =
    open === null ? 'none' : `#${open.number}, ${open.fromKnown ? 'for' : 'seen for'} ${seconds(open.forMs)}`;
  const field = record.transitions === null ? 'no transitions field' : plural(record.transitions, 'transition');
  const guess = family === null || family === 'unknown' ? 'elector unknown' : `${family}?`;
  return [
    [labelled('term', theme), `${here}  ${field}, ${termsSeen} seen`, { text: `  ${guess}`, paint: theme.faint }],
  ];
}

function clocks({ verdict, writerExpiresInMs, offset, record }: LeaseDetail, theme: ScreenTheme): Pieces[] {
  if (!record?.holder || verdict.expiresInMs === null || writerExpiresInMs === null) return [];
  if (verdict.basis === 'writer-clock' || Math.abs(writerExpiresInMs - verdict.expiresInMs) < WRITER_DIFFERS_MS)
    return [];
  const writer =
    writerExpiresInMs > 0 ? `expires in ${seconds(writerExpiresInMs)}` : `expired ${seconds(-writerExpiresInMs)} ago`;
  return [[labelled('renewTime', theme), { text: `says: ${writer}`, paint: theme.warning }, offsetText(offset)]];
}

function offsetText(offset: LeaseDetail['offset']): string {
  if (offset === null) return '';
  const way = offset.ms > 0 ? 'ahead' : 'behind';
  return `  the holder's clock is ${fine(Math.abs(offset.ms))} ± ${fine(offset.errorMs)} ${way}`;
}

function problems({ verdict }: LeaseDetail, theme: ScreenTheme): Pieces[] {
  if (verdict.problems.length === 0) return [];
  const text = safe(verdict.problems.map(problemText).join(', '));
  return [[labelled('problems', theme), { text, paint: theme.warning }]];
}
