import { expect, it } from 'vitest';
import { helpLines, hints, type KeyMeaning, type KeyPress, meaningOf, pressesOf } from './keys.js';
import { type Panel, type PanelAction, reducePanel } from './panel.js';
import { initialState, type ScreenState } from './state.js';
import type { LeaseVerb } from './verbs.js';

const SIZE = { columns: 80, rows: 24 };
const table = initialState(SIZE, null);
const single = initialState(SIZE, 'n/a');
const TABLE = { keys: ['n/a', 'n/b'], page: 10 };

function press(state: ScreenState, key: string | Partial<KeyPress>, verbs: LeaseVerb[] = []): KeyMeaning {
  return meaningOf(typeof key === 'string' ? { input: key } : { input: '', ...key }, state, TABLE, verbs);
}
const type = (meaning: KeyMeaning) => meaning?.type ?? null;

it('quits with q and Ctrl-C, the latter even while typing', () => {
  const typing = { ...table, typing: true };
  expect(type(press(table, 'q'))).toBe('quit');
  expect(type(press(typing, { input: 'c', ctrl: true }))).toBe('quit');
  expect(press(typing, 'q')).toEqual({ type: 'type', text: 'q' });
});

it('takes what is typed for the filter, and Backspace in both of its forms', () => {
  const typing = { ...table, typing: true };
  expect(press(typing, 'p')).toEqual({ type: 'type', text: 'p' });
  expect(press(typing, '\u001b\u0000')).toBeNull();
  expect([{ backspace: true }, { delete: true }].map((key) => type(press(typing, key)))).toEqual(['erase', 'erase']);
  expect(type(press(typing, { return: true }))).toBe('filter-done');
  expect(type(press(typing, { escape: true }))).toBe('filter-clear');
});

it('moves with arrows and with letters', () => {
  const by = (key: string | Partial<KeyPress>) => (press(table, key) as { by?: number }).by;
  expect([{ upArrow: true }, { downArrow: true }].map(by)).toEqual([-1, 1]);
  expect([{ pageUp: true }, { pageDown: true }, { home: true }, 'G'].map(by)).toEqual([-10, 10, -2, 2]);
});

it('has no keys of the table on one Lease, nor of the Lease in the table', () => {
  expect(['/', 'G', 'g'].map((key) => press(single, key))).toEqual([null, null, null]);
  expect(press(single, { return: true })).toBeNull();
  expect(press(table, '+')).toBeNull();
  expect(press(single, '+')).toEqual({ type: 'zoom', by: -1 });
});

it('shows a key only where it does something', () => {
  const keys = (state: ScreenState) => hints(state, []).map(({ key }) => key);
  expect(keys(table)).toEqual(['Enter', '/', 'p', '?', 'q']);
  expect(keys({ ...table, filter: 'x' })).toContain('Esc');
  expect(keys({ ...table, open: 'n/a' })).toContain('Esc');
  expect(keys(single)).toEqual(['+/-', 'p', '?', 'q']);
  expect(helpLines(single, []).map(({ key }) => key)).toEqual(['+ -', 'p', 'q']);
});

it('gives keys to the verbs it is given', () => {
  const verb: LeaseVerb = {
    key: 'r',
    label: 'release',
    does: 'make it step down',
    start: () => ({ over: Promise.resolve(''), interrupt: () => {} }),
  };
  expect(press(single, 'r')).toBeNull();
  expect(press(single, 'r', [verb])).toEqual({ type: 'verb', verb });
  expect(hints(single, [verb])[0]).toEqual({ key: 'r', does: 'release' });
});

it('takes apart what was typed faster than it was read', () => {
  expect(pressesOf({ input: 'j\r' })).toEqual([{ input: 'j' }, { input: '', return: true }]);
  expect(pressesOf({ input: '/wé\u007f\u0003' }).slice(2)).toEqual([
    { input: 'é' },
    { input: '', backspace: true },
    { input: 'c', ctrl: true },
  ]);
  const arrow = { input: '', downArrow: true };
  expect(pressesOf(arrow)).toEqual([arrow]);
});

const release: LeaseVerb = {
  key: 'r',
  label: 'release',
  does: 'release: make it step down',
  start: () => ({ over: Promise.resolve(''), interrupt: () => {} }),
};
const panelled = (...actions: PanelAction[]): ScreenState => ({
  ...single,
  panel: [{ type: 'begin', title: 'RELEASE n/a' } as const, ...actions].reduce<Panel | null>(reducePanel, null),
});

it('types into the answer while something is asked: no other key but Ctrl-C', () => {
  const asked = panelled({ type: 'ask', question: 'Go on? ', given: '' });
  expect(['q', 'r', '?', 'p'].map((key) => press(asked, key, [release]))).toEqual(
    ['q', 'r', '?', 'p'].map((text) => ({ type: 'panel', action: { type: 'type', text } })),
  );
  expect(press(asked, { return: true })).toEqual({ type: 'answer', given: true });
  expect(press(asked, { escape: true })).toEqual({ type: 'answer', given: false });
  expect(press(asked, { delete: true })).toEqual({ type: 'panel', action: { type: 'erase' } });
  expect(press(asked, { downArrow: true })).toEqual({ type: 'scroll', by: 0.1 });
  expect(type(press(asked, { input: 'c', ctrl: true }))).toBe('quit');
});

it('begins no second verb while one runs; Esc interrupts it, later it closes', () => {
  const running = panelled();
  expect(press(running, 'r', [release])).toBeNull();
  expect(press(running, { escape: true })).toEqual({ type: 'interrupt' });
  expect(press(running, '+')).toEqual({ type: 'zoom', by: -1 });
  expect(press(panelled({ type: 'ending' }), { escape: true })).toBeNull();
  const over = panelled({ type: 'over', end: 'done' });
  expect(press(over, { escape: true })).toEqual({ type: 'panel', action: { type: 'close' } });
  expect(press(over, 'r', [release])).toEqual({ type: 'verb', verb: release });
});
