/** The whole screen: state and model in, rows out. The last column stays free (see paint.ts). */
import { Box } from 'ink';
import type { ReactElement } from 'react';
import { safe } from '../view/safe.js';
import type { ScreenTheme } from '../view/screen-theme.js';
import { helpLines, hints } from './keys.js';
import type { LeaseDetail, Row, ScreenModel } from './model.js';
import { panelLayout } from './panel-layout.js';
import { Events } from './parts/events.js';
import { Footer } from './parts/footer.js';
import { type Guide, GuideLines, guideHeight } from './parts/guide.js';
import { Header, type Place } from './parts/header.js';
import { Help } from './parts/help.js';
import { Holder } from './parts/holder.js';
import { Lanes, lanesHeight } from './parts/lanes.js';
import { Line } from './parts/line.js';
import { VerbPanel } from './parts/panel.js';
import { LeaseTable } from './parts/table.js';
import { plural } from './parts/words.js';
import { bodyOf, columnsOf, indexOf, type ScreenState, SPANS_MS, topFor } from './state.js';
import type { LeaseVerb } from './verbs.js';

export interface ScreenProps {
  state: ScreenState;
  model: ScreenModel;
  place: Place;
  verbs: readonly LeaseVerb[];
  guide?: Guide | undefined;
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

export function Screen({ state, model, place, verbs, guide, theme }: ScreenProps): ReactElement {
  const columns = columnsOf(state);
  const height = Math.max(1, state.size.rows);
  const body = bodyOf(state);
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
          <OneLease {...common} detail={model.one} state={state} guide={guide} rows={body} />
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
  state: ScreenState;
  guide: Guide | undefined;
  columns: number;
  rows: number;
  theme: ScreenTheme;
}

/** A guide is for who has nothing else to read. */
const GUIDE_BODY = 16;

/** The guide, the Lease, and where a verb speaks. */
function OneLease({ detail, state, guide, columns, rows, theme }: OneLeaseProps): ReactElement {
  const layout = state.panel && panelLayout(state.panel, columns, rows);
  const guided = guide && layout === null && rows >= GUIDE_BODY ? { guide, used: state.used, columns } : null;
  const left = rows - (layout?.height ?? 0) - (guided ? guideHeight(guided) : 0);
  const spanMs = SPANS_MS[state.span] ?? 0;
  return (
    <>
      {guided && <GuideLines {...guided} theme={theme} />}
      <Box flexDirection="column" height={left} flexShrink={0} overflow="hidden">
        <Lease detail={detail} columns={columns} rows={left} spanMs={spanMs} brief={layout !== null} theme={theme} />
      </Box>
      {state.panel && layout && <VerbPanel panel={state.panel} layout={layout} columns={columns} theme={theme} />}
    </>
  );
}

interface LeaseProps {
  detail: LeaseDetail;
  columns: number;
  rows: number;
  spanMs: number;
  /** There is something else to look at. */
  brief: boolean;
  theme: ScreenTheme;
}

/** State, Pod, expiry, renewal, term, clocks, problems: rarely all of them. */
const holderRows = (rows: number, brief: boolean): number =>
  Math.min(rows, brief && rows < 20 ? 4 : rows >= 28 ? 7 : 6);
/** Blank rows between the parts, title and one event. */
const LEAST_EVENT_ROWS = 3;

function Lease({ detail, columns, rows, spanMs, brief, theme }: LeaseProps): ReactElement {
  const wanted = lanesHeight(detail.timeline, spanMs, columns);
  const most = holderRows(rows, brief);
  const roomy = rows >= most + 5;
  const left = rows - most - 2;
  const forEvents = brief ? 0 : LEAST_EVENT_ROWS;
  const lanes = roomy && detail.timeline.terms.length > 0 ? Math.min(wanted, Math.max(4, left - forEvents)) : 0;
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
