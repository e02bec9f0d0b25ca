import { Box } from 'ink';
import type { ReactElement } from 'react';
import { formatMicroTime } from '../../lease/micro-time.js';
import { safe, width } from '../../view/safe.js';
import type { ScreenTheme } from '../../view/screen-theme.js';
import { eventDetails, paintType } from '../../view/text/watch.js';
import type { ToldEvent } from '../../view/watch-json.js';
import { cell, Line, type Pieces } from './line.js';

export interface EventsProps {
  /** Newest first. */
  events: readonly ToldEvent[];
  columns: number;
  rows: number;
  theme: ScreenTheme;
}

const WIDEST_HOLDER = 36;

/** What happened, newest first. */
export function Events({ events, columns, rows, theme }: EventsProps): ReactElement {
  const shown = events.slice(0, Math.max(0, rows - 1));
  const holders = shown.map(({ event }) => ('holder' in event ? safe(event.holder || '-') : ''));
  const room = Math.min(WIDEST_HOLDER, Math.floor(columns / 3), Math.max(0, ...holders.map(width)));
  return (
    <Box flexDirection="column">
      <Line columns={columns} left={[{ text: 'EVENTS', paint: theme.strong }]} />
      {shown.map((told, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a screen have no other identity than their place
        <Line key={row} columns={columns} left={eventPieces(told, holders[row] ?? '', room, theme)} />
      ))}
    </Box>
  );
}

function eventPieces(told: ToldEvent, holder: string, room: number, theme: ScreenTheme): Pieces {
  const { type } = told.event;
  return [
    { text: `${formatMicroTime(told.time).slice(11, 23)}  `, paint: theme.faint },
    { text: cell(type, 14), paint: (text) => paintType(type, text, theme) },
    ...(holder === '' ? [] : [`${cell(holder, room)}  `]),
    eventDetails(told),
  ];
}
