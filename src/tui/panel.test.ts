import { expect, it } from 'vitest';
import { type Panel, type PanelAction, reducePanel } from './panel.js';
import { panelLayout } from './panel-layout.js';
import { initialState, reduce, type ScreenState } from './state.js';

const panel = (...actions: PanelAction[]): Panel => {
  const made = actions.reduce<Panel | null>(reducePanel, reducePanel(null, { type: 'begin', title: 'STEAL n/a' }));
  if (made === null) throw new Error('closed');
  return made;
};
const says = (count: number): PanelAction[] =>
  Array.from({ length: count }, (_, i) => ({ type: 'say', text: `line ${i}`, tone: 'plain' }));
const ask: PanelAction = { type: 'ask', question: 'Go on? ', given: '' };

it('takes an answer of bounded length, and forgets the question with it', () => {
  const typed = panel(ask, { type: 'type', text: 'yé' }, { type: 'type', text: '😀' }, { type: 'erase' });
  expect(typed.question).toEqual({ text: 'Go on? ', answer: 'yé' });
  expect(panel(ask, { type: 'type', text: 'x'.repeat(999) }).question?.answer).toHaveLength(300);
  expect(panel(ask, { type: 'answered' })).toMatchObject({ question: null, phase: 'running' });
  expect(panel({ type: 'type', text: 'y' }).question).toBeNull();
});

it('asks nothing any more once it is interrupted or over', () => {
  expect(panel(ask, { type: 'ending' })).toMatchObject({ question: null, phase: 'ending' });
  expect(panel(ask, { type: 'over', end: 'done' })).toMatchObject({ question: null, phase: 'over', end: 'done' });
  expect(reducePanel(panel(), { type: 'close' })).toBeNull();
  expect(reducePanel(null, ask)).toBeNull();
});

it('shows the newest while it runs, and what is to be decided on from its beginning', () => {
  const running = panelLayout(panel(...says(30)), 79, 22);
  expect(running).toMatchObject({ height: 8, above: 23, count: 30 });
  expect(running.lines.at(-1)?.text).toBe('line 29');
  const asking = panelLayout(panel(...says(30), ask), 79, 22);
  expect(asking).toMatchObject({ height: 21, above: 0, tail: ['Go on? _'] });
  expect(asking.lines).toHaveLength(19);
});

it('is as high as it must be, and never higher than the screen', () => {
  expect(panelLayout(panel(...says(2), ask), 79, 40).height).toBe(4);
  for (const body of [0, 1, 2, 3, 5, 9, 15, 28, 58]) {
    for (const one of [panel(...says(99)), panel(...says(99), ask), panel({ type: 'passing', text: 'wait' })]) {
      const { height, lines, tail } = panelLayout(one, 19, body);
      expect(height).toBeLessThanOrEqual(body);
      if (body > 2) expect(1 + lines.length + tail.length).toBeLessThanOrEqual(height);
    }
  }
});

it('scrolls within its lines', () => {
  const size = { columns: 80, rows: 24 };
  const state = { ...initialState(size, 'n/a'), panel: panel(...says(30), ask) };
  const top = (...bys: number[]) =>
    bys.reduce<ScreenState>((s, by) => reduce(s, { type: 'scroll', by }), state).panel?.top;
  expect([top(0.1), top(0.1, -0.1), top(-1), top(1), top(1, 1)]).toEqual([1, 0, 0, 11, 11]);
});
