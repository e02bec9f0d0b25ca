import { expect, it } from 'vitest';
import { initialState, reduce, type ScreenAction, type ScreenState, SPANS_MS, topFor } from './state.js';

const SIZE = { columns: 80, rows: 24 };
const KEYS = ['n/a', 'n/b', 'n/c', 'n/d', 'n/e'];
const after = (state: ScreenState, ...actions: ScreenAction[]) => actions.reduce(reduce, state);
const table = initialState(SIZE, null);
const move = (by: number): ScreenAction => ({ type: 'move', by, keys: KEYS, page: 3 });

it('moves among the rows and no further', () => {
  expect(after(table, move(1)).selected).toBe('n/b');
  expect(after(table, move(-1)).selected).toBe('n/a');
  expect(after(table, move(99)).selected).toBe('n/e');
  expect(after(table, { type: 'move', by: 1, keys: [], page: 3 })).toEqual(table);
});

it('keeps the cursor in sight', () => {
  const below = after(table, move(1), move(1), move(1));
  expect(below).toMatchObject({ selected: 'n/d', top: 1 });
  expect(after(below, move(-3))).toMatchObject({ selected: 'n/a', top: 0 });
  expect(topFor({ ...below, top: 9 }, KEYS, 3)).toBe(2);
});

it('stays on its Lease when rows change places, and goes to the top when it is gone', () => {
  const on = after(table, move(2));
  expect(after(on, { type: 'move', by: 1, keys: ['n/c', 'n/a', 'n/b'], page: 3 }).selected).toBe('n/a');
  expect(after(on, { type: 'open', keys: ['n/x', 'n/y'] }).open).toBe('n/x');
});

it('opens the row under the cursor and goes back to it', () => {
  const open = after(table, move(1), { type: 'open', keys: KEYS });
  expect(open.open).toBe('n/b');
  expect(after(open, { type: 'back' })).toMatchObject({ open: null, selected: 'n/b' });
  expect(after(table, { type: 'open', keys: [] })).toEqual(table);
});

it('goes out of the innermost thing first', () => {
  let state = after(table, { type: 'filter' }, { type: 'type', text: 'b' }, { type: 'filter-done' });
  state = after(state, { type: 'open', keys: ['n/b'] }, { type: 'help' });
  state = reduce(state, { type: 'back' });
  expect(state).toMatchObject({ help: false, open: 'n/b', filter: 'b' });
  state = reduce(state, { type: 'back' });
  expect(state).toMatchObject({ open: null, filter: 'b' });
  expect(reduce(state, { type: 'back' }).filter).toBe('');
});

it('has nowhere to go back to when it is about one Lease', () => {
  const single = initialState(SIZE, 'n/a');
  expect(after(single, { type: 'back' })).toEqual(single);
  expect(after(single, { type: 'filter' })).toEqual(single);
});

it('types a filter, a character at a time, of bounded length', () => {
  const typed = after(table, { type: 'filter' }, { type: 'type', text: 'wé' }, { type: 'type', text: '😀' });
  expect(typed).toMatchObject({ typing: true, filter: 'wé😀' });
  expect(after(typed, { type: 'erase' }).filter).toBe('wé');
  expect(after(typed, { type: 'filter-clear' })).toMatchObject({ typing: false, filter: '' });
  expect(after(typed, { type: 'type', text: 'x'.repeat(500) }).filter).toHaveLength(100);
});

it('zooms between the shortest and the longest span', () => {
  const zoom = (by: 1 | -1, times: number) => after(table, ...Array<ScreenAction>(times).fill({ type: 'zoom', by }));
  expect(SPANS_MS[zoom(-1, 9).span]).toBe(60_000);
  expect(SPANS_MS[zoom(1, 9).span]).toBe(3_600_000);
});
