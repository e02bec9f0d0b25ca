/** What the user has done to the screen: a reducer without terminal, clock or Leases. */

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
  | { type: 'zoom'; by: 1 | -1 };

export const SPANS_MS: readonly number[] = [60_000, 120_000, 300_000, 900_000, 3_600_000];
const FIRST_SPAN = 1;
const LONGEST_FILTER = 100;

/** `open`: the one Lease the screen is about; null: all in scope. */
export function initialState(size: Size, open: string | null): ScreenState {
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
    span: FIRST_SPAN,
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
    case 'zoom':
      return { ...state, span: clamp(state.span + action.by, 0, SPANS_MS.length - 1) };
  }
}

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
