/** The whole screen: state and model in, rows out. The last column stays free (see paint.ts). */
import { Box } from 'ink';
import type { ReactElement } from 'react';
import { safe } from '../view/safe.js';
import type { ScreenTheme } from '../view/screen-theme.js';
import { helpLines, hints, type LeaseVerb } from './keys.js';
import type { LeaseDetail, Row, ScreenModel } from './model.js';
import { Events } from './parts/events.js';
import { Footer } from './parts/footer.js';
import { Header, type Place } from './parts/header.js';
import { Help } from './parts/help.js';
import { Holder } from './parts/holder.js';
import { Lanes, lanesHeight } from './parts/lanes.js';
import { Line } from './parts/line.js';
import { LeaseTable } from './parts/table.js';
import { plural } from './parts/words.js';
import { indexOf, type ScreenState, SPANS_MS, topFor } from './state.js';

export interface ScreenProps {
  state: ScreenState;
  model: ScreenModel;
  place: Place;
  verbs: readonly LeaseVerb[];
  theme: ScreenTheme;
}

/** Rows of the table that fit: header, headings and footer are not among them. */
export const pageOf = ({ size }: ScreenState): number => Math.max(1, size.rows - 3);

/** The rows that pass the filter. */
export function visibleRows(rows: readonly Row[], filter: string): readonly Row[] {
  if (filter === '') return rows;
  const wanted = filter.toLowerCase();
  return rows.filter(({ key, holder, state, urgency }) =>
    `${key} ${holder ?? ''} ${state} ${urgency}`.toLowerCase().includes(wanted),
  );
}

export function Screen({ state, model, place, verbs, theme }: ScreenProps): ReactElement {
  const columns = Math.max(1, state.size.columns - 1);
  const height = Math.max(1, state.size.rows);
  const body = Math.max(0, height - 2);
  const common = { columns, theme };
  const header = (
    <Header
      {...common}
      place={place}
      lease={state.open}
      connection={model.connection}
      time={model.time}
      paused={state.paused}
    />
  );
  return (
    <Box flexDirection="column" width={columns} height={height} overflow="hidden">
      {height > 1 && header}
      <Box flexDirection="column" height={body} overflow="hidden">
        {state.help ? (
          <Help {...common} keys={helpLines(state, verbs)} rows={body} />
        ) : model.one ? (
          <OneLease {...common} detail={model.one} rows={body} spanMs={SPANS_MS[state.span] ?? 0} />
        ) : (
          <ManyLeases {...common} state={state} model={model} withNamespace={place.namespace === null} />
        )}
      </Box>
      <Footer
        {...common}
        hints={hints(state, verbs)}
        typing={state.typing ? state.filter : null}
        note={state.open === null && !state.help ? countText(state, model) : ''}
      />
    </Box>
  );
}

interface OneLeaseProps {
  detail: LeaseDetail;
  columns: number;
  rows: number;
  spanMs: number;
  theme: ScreenTheme;
}

/** State, Pod, expiry, renewal, term, clocks, problems: rarely all of them. */
const holderRows = (rows: number): number => Math.min(rows, rows >= 28 ? 7 : 6);
/** Blank rows between the parts, title and one event. */
const LEAST_EVENT_ROWS = 3;

function OneLease({ detail, columns, rows, spanMs, theme }: OneLeaseProps): ReactElement {
  const wanted = lanesHeight(detail.timeline, spanMs, columns);
  const most = holderRows(rows);
  const roomy = rows >= most + 5;
  const left = rows - most - 2;
  const lanes = roomy && detail.timeline.terms.length > 0 ? Math.min(wanted, Math.max(4, left - LEAST_EVENT_ROWS)) : 0;
  const events = left - lanes - 1;
  return (
    <>
      {roomy && <Line columns={columns} left={['']} />}
      <Box flexDirection="column" height={most} flexShrink={0}>
        <Holder detail={detail} columns={columns} rows={most} theme={theme} />
      </Box>
      {lanes > 0 && <Lanes timeline={detail.timeline} spanMs={spanMs} columns={columns} rows={lanes} theme={theme} />}
      {lanes > 0 && <Line columns={columns} left={['']} />}
      {roomy && events > 1 && <Events events={detail.events} columns={columns} rows={events} theme={theme} />}
    </>
  );
}

interface ManyLeasesProps {
  state: ScreenState;
  model: ScreenModel;
  withNamespace: boolean;
  columns: number;
  theme: ScreenTheme;
}

function ManyLeases({ state, model, withNamespace, columns, theme }: ManyLeasesProps): ReactElement {
  const rows = visibleRows(model.rows, state.filter);
  if (rows.length === 0) return <Line columns={columns} left={[emptyText(state, model)]} />;
  const keys = rows.map(({ key }) => key);
  const page = pageOf(state);
  return (
    <LeaseTable
      rows={rows}
      top={topFor(state, keys, page)}
      page={page}
      selected={keys[indexOf(state, keys)] ?? null}
      withNamespace={withNamespace}
      columns={columns}
      theme={theme}
    />
  );
}

function emptyText(state: ScreenState, { connection, rows }: ScreenModel): string {
  if (rows.length > 0) return `none of ${plural(rows.length, 'Lease')} matches ${safe(JSON.stringify(state.filter))}`;
  return connection.state === 'connecting' ? 'waiting for the first answer' : 'no Leases found; waiting for some';
}

function countText(state: ScreenState, { rows }: ScreenModel): string {
  const shown = visibleRows(rows, state.filter);
  const urgent = shown.filter(({ urgency }) => urgency !== 'calm').length;
  const of = shown.length === rows.length ? plural(rows.length, 'Lease') : `${shown.length} of ${rows.length}`;
  return urgent > 0 ? `${of}, ${urgent} late or expired` : of;
}
