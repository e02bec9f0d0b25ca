import { Box } from 'ink';
import type { ReactElement } from 'react';
import { safe } from '../../view/safe.js';
import type { ScreenTheme } from '../../view/screen-theme.js';
import type { Panel } from '../panel.js';
import type { PanelLayout } from '../panel-layout.js';
import type { Tone } from '../verbs.js';
import { Line, type Pieces, piecesWidth } from './line.js';

export interface PanelProps {
  panel: Panel;
  layout: PanelLayout;
  columns: number;
  theme: ScreenTheme;
}

/** What a verb says and asks. */
export function VerbPanel({ panel, layout, columns, theme }: PanelProps): ReactElement {
  const paints: Record<Tone, (text: string) => string> = {
    plain: (text) => text,
    result: theme.strong,
    warning: theme.warning,
  };
  const tail = panel.question ? theme.strong : theme.faint;
  const rows: Pieces[] = [
    titlePieces(panel, layout, columns, theme),
    ...layout.lines.map(({ text, tone }): Pieces => [{ text, paint: paints[tone] }]),
  ];
  const blanks = Math.max(0, layout.height - rows.length - layout.tail.length);
  for (let i = 0; i < blanks; i++) rows.push(['']);
  rows.push(...layout.tail.map((text): Pieces => [{ text, paint: tail }]));
  return (
    <Box flexDirection="column" height={layout.height} flexShrink={0}>
      {rows.slice(0, layout.height).map((left, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a screen have no other identity than their place
        <Line key={row} columns={columns} left={left} />
      ))}
    </Box>
  );
}

function titlePieces(panel: Panel, layout: PanelLayout, columns: number, theme: ScreenTheme): Pieces {
  const hidden = layout.count - layout.lines.length;
  const scroll = hidden > 0 ? `  ↑↓ ${layout.above + 1}–${layout.above + layout.lines.length} of ${layout.count}` : '';
  const left: Pieces = [{ text: `${safe(panel.title)}  `, paint: theme.strong }, phasePiece(panel, theme)];
  const end = { text: scroll, paint: theme.faint };
  const rule = Math.max(0, columns - piecesWidth(left) - piecesWidth([end]) - 2);
  return [...left, { text: `  ${'─'.repeat(rule)}`, paint: theme.faint }, end];
}

function phasePiece({ phase, question, end }: Panel, theme: ScreenTheme): Pieces[number] {
  if (phase === 'over') return end;
  if (phase === 'ending') return { text: 'putting back', paint: theme.warning };
  return question ? { text: 'asks', paint: theme.warning } : 'runs';
}
