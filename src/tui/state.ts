/** What the user has done to the screen: a reducer without terminal, clock or Leases. */
import { type Panel, type PanelAction, reducePanel } from './panel.js';
import { panelLayout } from './panel-layout.js';

export interface Size {
  columns: number;
  rows: number;
}

export interface ScreenState {
  size: Size;
  /** The Lease shown alone, as `namespace/name`; null: the table. */
  open: string | null;
  /** Started on one Lease: there is no table to go back to. */
  single: boolean;
  /** The table's row under the cursor; null: the first, whichever that is. */
  selected: string | null;
  /** First row of the table that is shown. */
  top: number;
  filter: string;
  /** The filter is being typed. */
  typing: boolean;
  paused: boolean;
  help: boolean;
  /** How far back the timeline goes; an index into SPANS_MS. */
  span: number;
  /** Where a verb speaks; null: none was begun, or it is closed. */
  panel: Panel | null;
  /** Keys of the verbs that were begun. */
  used: readonly string[];
}

export type ScreenAction =
  | { type: 'resize'; size: Size }
  /** `keys`: the rows in their present order. */
  | { type: 'move'; by: number; keys: readonly string[]; page: number }
  | { type: 'open'; keys: readonly string[] }
  | { type: 'back' }
  | { type: 'filter' }
  | { type: 'type'; text: string }
  | { type: 'erase' }
  | { type: 'filter-done' }
  | { type: 'filter-clear' }
  | { type: 'pause' }
  | { type: 'help' }
  | { type: 'zoom'; by: 1 | -1 }
  /** A verb begins on a Lease, which is shown from now on. */
  | { type: 'begin'; key: string; verb: string; title: string }
  | { type: 'panel'; action: PanelAction }
  | { type: 'scroll'; by: number };

export const SPANS_MS: readonly number[] = [60_000, 120_000, 300_000, 900_000, 3_600_000];
const FIRST_SPAN = 1;
const LONGEST_FILTER = 100;

/** `open`: the one Lease the screen is about; null: all in scope. `span`: an index into SPANS_MS. */
export function initialState(size: Size, open: string | null, span = FIRST_SPAN): ScreenState {
  return {
    size,
    open,
    single: open !== null,
    selected: null,
    top: 0,
    filter: '',
    typing: false,
    paused: false,
    help: false,
    span,
    panel: null,
    used: [],
  };
}

export function reduce(state: ScreenState, action: ScreenAction): ScreenState {
  switch (action.type) {
    case 'resize':
      return { ...state, size: action.size };
    case 'move':
      return move(state, action.keys, action.by, action.page);
    case 'open': {
      const key = action.keys[indexOf(state, action.keys)];
      return key === undefined ? state : { ...state, open: key, selected: key };
    }
    case 'back':
      return back(state);
    case 'filter':
      return state.open === null ? { ...state, typing: true } : state;
    case 'type':
      return filtered(state, (state.filter + action.text).slice(0, LONGEST_FILTER));
    case 'erase':
      return filtered(state, [...state.filter].slice(0, -1).join(''));
    case 'filter-done':
      return { ...state, typing: false };
    case 'filter-clear':
      return { ...filtered(state, ''), typing: false };
    case 'pause':
      return { ...state, paused: !state.paused };
    case 'help':
      return { ...state, help: !state.help };
    case 'begin':
      return begin(state, action);
    case 'panel':
      return { ...state, panel: reducePanel(state.panel, action.action) };
    case 'scroll':
      return scroll(state, action.by);
    case 'zoom':
      return { ...state, span: clamp(state.span + action.by, 0, SPANS_MS.length - 1) };
  }
}

function begin(state: ScreenState, { key, verb, title }: Extract<ScreenAction, { type: 'begin' }>): ScreenState {
  const panel = reducePanel(null, { type: 'begin', title });
  return { ...state, open: key, selected: key, panel, help: false, paused: false, used: [...state.used, verb] };
}

/** `by`: pages. Less than one is a row. */
function scroll(state: ScreenState, by: number): ScreenState {
  const { panel } = state;
  if (panel === null) return state;
  const { above, count, lines } = panelLayout(panel, columnsOf(state), bodyOf(state));
  const rows = Math.abs(by) < 1 ? Math.sign(by) : by * lines.length;
  const to = clamp(above + rows, 0, count - lines.length);
  return { ...state, panel: reducePanel(panel, { type: 'scroll', to }) };
}

/** The last column stays free (see paint.ts). */
export const columnsOf = ({ size }: Pick<ScreenState, 'size'>): number => Math.max(1, size.columns - 1);

/** Rows between the header and the footer. */
export const bodyOf = ({ size }: Pick<ScreenState, 'size'>): number => Math.max(0, size.rows - 2);

/** Where the cursor is among the rows. */
export function indexOf({ selected }: ScreenState, keys: readonly string[]): number {
  const at = selected === null ? 0 : keys.indexOf(selected);
  return Math.max(0, at);
}

/** First shown row so that the cursor is among the `page` rows. */
export function topFor(state: ScreenState, keys: readonly string[], page: number): number {
  const at = indexOf(state, keys);
  const top = at < state.top ? at : at >= state.top + page ? at - page + 1 : state.top;
  return clamp(top, 0, Math.max(0, keys.length - page));
}

function move(state: ScreenState, keys: readonly string[], by: number, page: number): ScreenState {
  if (keys.length === 0) return state;
  const selected = keys[clamp(indexOf(state, keys) + by, 0, keys.length - 1)] ?? null;
  const moved = { ...state, selected };
  return { ...moved, top: topFor(moved, keys, page) };
}

/** Out of the innermost thing that is open. */
function back(state: ScreenState): ScreenState {
  if (state.help) return { ...state, help: false };
  if (state.open !== null && !state.single) return { ...state, open: null };
  return state.filter === '' ? state : filtered(state, '');
}

/** Another filter shows other rows, so the view begins at the top again; the cursor stays on its Lease. */
const filtered = (state: ScreenState, filter: string): ScreenState => ({ ...state, filter, top: 0 });

const clamp = (n: number, least: number, most: number) => Math.min(Math.max(n, least), most);
