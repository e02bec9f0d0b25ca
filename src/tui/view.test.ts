/** Frames of the screen, as a reviewer reads them. */
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { CUT, FORBIDDEN } from '../../test/support/fake-leases.js';
import { readableColour, ScreenStory } from '../../test/support/screen-story.js';
import { GUIDE } from '../cli/demo/guide.js';
import { mark, OPERATION_ID } from '../lease/testing.js';
import type { PlanFacts } from '../operations/chaos/plan.js';
import { planRelease } from '../operations/release/plan-release.js';
import { width } from '../view/safe.js';
import { planLines, planWarnings } from '../view/text/plan.js';
import type { PanelAction } from './panel.js';
import type { Tone } from './verbs.js';

/** a leads, is cleared by somebody, b takes over, the connection is away for a while, kle fences b, c takes over. */
async function drill(): Promise<ScreenStory> {
  const story = new ScreenStory('demo', { namespace: 'default', name: 'demo' });
  const { leases } = story;
  await leases.lease({ holder: 'web-7d9f_a', transitions: 3 }, 'added', true);
  await leases.synced();
  await story.renews('web-7d9f_a', 30_000, { transitions: 3 });
  await leases.passes(1_000);
  await leases.lease({ holder: '', renewMs: 30_000, transitions: 3, manager: 'kubectl-edit' });
  await leases.passes(1_200);
  await leases.lease({ holder: 'web-7d9f_b', acquireMs: 32_200, transitions: 4 });
  await story.renews('web-7d9f_b', 20_000, { transitions: 4, acquireMs: 32_200 });
  await leases.down(CUT);
  await leases.passes(9_000);
  await leases.up();
  await leases.lease({ holder: 'web-7d9f_b', acquireMs: 32_200, transitions: 4 }, 'modified', true);
  await story.renews('web-7d9f_b', 10_000, { transitions: 4, acquireMs: 32_200 });
  await leases.passes(500);
  const fence = mark('release', 'fence');
  await leases.lease({
    holder: `kle/${OPERATION_ID}`,
    annotations: fence,
    transitions: 5,
    manager: 'kle',
    seconds: 19,
  });
  await leases.passes(19_000);
  await leases.lease({ holder: '', seconds: 1, transitions: 5, manager: 'kle' });
  await leases.passes(800);
  await leases.lease({ holder: 'web-7d9f_c', acquireMs: 93_500, transitions: 6 });
  await story.renews('web-7d9f_c', 4_000, { transitions: 6, acquireMs: 93_500 });
  await leases.passes(1_300);
  story.feed.pod = { holder: 'web-7d9f_c', name: 'web-7d9f', node: 'node-1' };
  return story;
}

it.each([
  [80, 24],
  [120, 40],
  [200, 60],
])('one Lease after a drill, %i×%i', async (columns, rows) => {
  expect((await drill()).frame(columns, rows)).toMatchSnapshot();
});

it('one Lease in colour', async () => {
  expect(readableColour((await drill()).frame(80, 24, true))).toMatchSnapshot();
});

it('turns amber at half of the duration and red at its end, with no word of the server', async () => {
  const story = new ScreenStory('demo');
  await story.leases.lease({ holder: 'a' }, 'added', true);
  await story.leases.synced();
  await story.renews('a', 6_000);
  const top = () =>
    readableColour(story.frame(60, 12, true))
      .split('\n')
      .slice(2, 5)
      .join('\n');
  const frames: string[] = [];
  for (const ms of [7_400, 100, 7_400, 100, 4_000]) {
    await story.leases.passes(ms);
    frames.push(top());
  }
  expect(frames.join('\n\n')).toMatchSnapshot();
});

it('says what it waits for: the first answer, a Lease that is not there, a server that is away', async () => {
  const story = new ScreenStory('demo');
  const frames = [story.frame(80, 8)];
  await story.leases.synced();
  frames.push(story.frame(80, 8));
  await story.leases.down(CUT);
  await story.leases.passes(12_300);
  frames.push(story.frame(80, 8));
  expect(frames.join('\n────\n')).toMatchSnapshot();
});

it('judges nothing while it is cut off', async () => {
  const story = new ScreenStory('demo');
  await story.leases.lease({ holder: 'a' }, 'added', true);
  await story.leases.synced();
  await story.renews('a', 4_000);
  await story.leases.passes(1_000);
  await story.leases.down(CUT);
  await story.leases.passes(60_000);
  expect(story.frame(80, 18)).toMatchSnapshot();
});

it('lists Events of before among the others, and draws nothing from them', async () => {
  const story = new ScreenStory('demo');
  await story.leases.lease({ holder: 'a' }, 'added', true);
  await story.leases.synced();
  await story.renews('a', 20_000);
  const ref = { namespace: 'default', name: 'demo', holder: 'a', transitions: 1, resourceVersion: '1' };
  const past = { type: 'event', atMs: -30_000, ...ref, reason: 'LeaderElection', message: 'a became leader' } as const;
  const before = story.frame(100, 20).split('\n').slice(0, 11);
  story.feed.take([past], story.followed);
  const frame = story.frame(100, 20);
  expect(frame.split('\n').slice(0, 11)).toEqual(before);
  expect(frame).toMatch(/seen +a +held.*\n.*event +a +LeaderElection: a became leader/);
});

it('says that it polls', async () => {
  const story = new ScreenStory('demo');
  await story.leases.down(FORBIDDEN('watch'));
  expect(story.frame(80, 6).split('\n')[0]).toContain('polling (may not watch)');
});

/** One of each state, and names of two namespaces. */
async function many(namespace: string | undefined): Promise<ScreenStory> {
  const story = new ScreenStory(null, namespace === undefined ? {} : { namespace });
  const { leases } = story;
  for (const name of ['expiring', 'late'])
    await leases.lease({ name, holder: `${name}-0`, transitions: 2 }, 'added', true);
  await leases.lease({ name: 'web', holder: 'web-0', seconds: 60 }, 'added', true);
  await leases.lease({ name: 'free', holder: '', seconds: 1 }, 'added', true);
  await leases.lease({ name: 'broken', holder: 'x', spec: { leaseDurationSeconds: 0 } }, 'added', true);
  await leases.lease({ name: '日本語', namespace: 'kube-system', holder: 'ホルダー-1', seconds: 60 }, 'added', true);
  await leases.lease(
    { name: 'fenced', holder: `kle/${OPERATION_ID}`, seconds: 60, annotations: mark('release', 'fence') },
    'added',
    true,
  );
  await leases.synced();
  await leases.passes(6_000);
  await leases.lease({ name: 'late', holder: 'late-0', transitions: 2 });
  await leases.passes(11_000);
  await leases.lease({ name: 'web', holder: 'web-1', seconds: 60, transitions: 1, acquireMs: 17_000 });
  await leases.passes(400);
  return story;
}

it.each([
  [80, 24],
  [120, 40],
  [200, 60],
])('all Leases, the most urgent first, %i×%i', async (columns, rows) => {
  expect((await many(undefined)).frame(columns, rows).trimEnd()).toMatchSnapshot();
});

it('all Leases of one namespace in colour, the cursor on the second', async () => {
  const story = await many('default');
  story.act({ type: 'move', by: 1, keys: ['default/expiring', 'default/late'], page: 10 });
  expect(readableColour(story.frame(80, 12, true))).toMatchSnapshot();
});

it('filters by what is seen, and says when nothing is left', async () => {
  const story = await many(undefined);
  story.act({ type: 'filter' }).act({ type: 'type', text: 'EXPIRED' });
  const frames = [story.frame(100, 8)];
  story.act({ type: 'type', text: '!' });
  frames.push(story.frame(100, 8));
  story.act({ type: 'filter-clear' });
  frames.push(story.frame(100, 8));
  expect(frames.join('\n────\n')).toMatchSnapshot();
});

it('explains its keys and words, all of them on 80×24', async () => {
  const story = new ScreenStory(null);
  const frame = story.act({ type: 'help' }).frame(80, 24);
  expect(frame).not.toContain('…');
  expect(frame).toContain('its holder may still be working');
  expect(frame).toMatchSnapshot();
});

const FACTS: PlanFacts = {
  lease: { namespace: 'default', name: 'demo' },
  uid: 'u',
  resourceVersion: '7',
  holder: 'web-7d9f_c',
  leaseDurationMs: 15_000,
  renewPeriodMs: 2_000,
  offsetMs: 0,
  family: 'client-go',
  confidence: 'likely',
  transitions: 6,
  expiredForMs: null,
};

/** As far as a release has come: asked about, fenced, done. */
async function releasing(upTo: 'asked' | 'fenced' | 'done'): Promise<ScreenStory> {
  const story = await drill();
  const panel = (action: PanelAction) => story.act({ type: 'panel', action });
  const say = (text: string, tone: Tone = 'plain') => panel({ type: 'say', text, tone });
  const intent = {
    id: OPERATION_ID,
    way: 'fence',
    to: null,
    given: null,
    waitMs: null,
    candidates: null,
    pod: null,
  } as const;
  const plan = planRelease(FACTS, intent);
  story.act({ type: 'begin', key: 'default/demo', verb: 'r', title: 'RELEASE default/demo' });
  say('00:01:36.000  renews every 2s');
  for (const line of planLines(plan)) say(line);
  for (const warning of planWarnings(plan)) say(`warning: ${warning}`, 'warning');
  panel({ type: 'ask', question: 'Go on? [y/N] ', given: '' });
  if (upTo === 'asked') return story;
  panel({ type: 'answered' });
  say(`00:01:38.000  fenced as kle/${OPERATION_ID}; at most 19s until the holder must have stopped`);
  panel({ type: 'passing', text: 'stop wait: 12s to go; Ctrl-C puts it back' });
  if (upTo === 'fenced') return story;
  say('00:01:57.000  the stop wait is over (19s)');
  say('00:01:57.100  freed');
  say('00:01:58.000  "web-7d9f_a" leads, after 20s without a leader');
  for (const line of [
    'default/demo: handed over from web-7d9f_c to web-7d9f_a',
    '  without a leader   20s (Lease time)',
    '  without work       between 0.9s and 20s',
    '  fencing token      812',
  ])
    say(line, 'result');
  panel({ type: 'over', end: 'done' });
  return story;
}

it.each([
  [80, 24],
  [120, 40],
  [200, 60],
])('a release on the screen: the question, the fence, the result, %i×%i', async (columns, rows) => {
  const stories = [await releasing('asked'), await releasing('fenced'), await releasing('done')];
  expect(stories.map((story) => story.frame(columns, rows)).join('\n────\n')).toMatchSnapshot();
});

it('a release in colour', async () => {
  const stories = [await releasing('asked'), await releasing('done')];
  expect(stories.map((story) => readableColour(story.frame(80, 24, true))).join('\n────\n')).toMatchSnapshot();
});

it.each([
  [80, 24],
  [120, 40],
  [200, 60],
])('colour is never the only sign: without it the same frames, %i×%i', async (columns, rows) => {
  for (const story of [await drill(), await many(undefined), await many('default'), await releasing('fenced')]) {
    const coloured = story.frame(columns, rows, true);
    expect(coloured).toContain('\u001b[');
    expect(stripVTControlCharacters(coloured)).toBe(story.frame(columns, rows));
  }
});

it('guides through the demo, one step after the other', async () => {
  const story = new ScreenStory('demo');
  story.guide = GUIDE;
  await story.leases.lease({ holder: 'red' }, 'added', true);
  await story.leases.synced();
  const top = () => story.frame(80, 24).split('\n').slice(0, 5).join('\n');
  const frames = [top()];
  for (const verb of ['r', 's', 'k']) {
    story.act({ type: 'begin', key: 'default/demo', verb, title: '' });
    story.act({ type: 'panel', action: { type: 'close' } });
    frames.push(top());
  }
  expect(frames.join('\n────\n')).toMatchSnapshot();
  expect(story.frame(80, 12)).not.toContain('sandbox');
});

it('has the way out and the help in the footer of any size', async () => {
  const [one, table] = [await drill(), await many(undefined)];
  const footers = [20, 30, 80].flatMap((columns) =>
    [one, table].map((story) => story.frame(columns, 6).split('\n')[5]),
  );
  expect(footers).toMatchInlineSnapshot(`
    [
      "? help  q quit",
      "? help  q quit",
      "r release  ? help  q quit",
      "Enter open  ? help  q quit",
      "r release  s steal  k skew  u undo  +/- zoom  p pause  ? help  q quit",
      "Enter open  / filter  r release  s steal  k skew  u undo  ? help  q quit",
    ]
  `);
});

it('fits any terminal: nothing runs over, and the smallest still say who leads', async () => {
  const hostile = new ScreenStory('demo');
  const holder = `日本語\u001b[31m\u202e${'x'.repeat(300)}`;
  await hostile.leases.lease({ holder, transitions: null }, 'added', true);
  await hostile.leases.synced();
  const stories = [await drill(), await many(undefined), hostile, await releasing('asked'), await releasing('fenced')];
  for (const [columns, rows] of [
    [20, 5],
    [40, 3],
    [1, 1],
    [5, 2],
    [31, 9],
    [79, 14],
    [300, 100],
  ] as const) {
    for (const story of stories) {
      const lines = story.frame(columns, rows).split('\n');
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(Math.max(1, columns - 1));
      expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u202e]/);
    }
  }
  expect(
    stories
      .slice(0, 4)
      .map((story) => story.frame(20, 5))
      .join('\n────\n'),
  ).toMatchSnapshot();
});
