/** Frames of the screen, as a reviewer reads them. */
import { expect, it } from 'vitest';
import { CUT, FORBIDDEN } from '../../test/support/fake-leases.js';
import { readableColour, ScreenStory } from '../../test/support/screen-story.js';
import { mark, OPERATION_ID } from '../lease/testing.js';
import { width } from '../view/safe.js';

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

it('explains its keys and words', async () => {
  const story = new ScreenStory(null);
  expect(story.act({ type: 'help' }).frame(100, 24)).toMatchSnapshot();
});

it('fits any terminal: nothing runs over, and the smallest still say who leads', async () => {
  const hostile = new ScreenStory('demo');
  const holder = `日本語\u001b[31m\u202e${'x'.repeat(300)}`;
  await hostile.leases.lease({ holder, transitions: null }, 'added', true);
  await hostile.leases.synced();
  const stories = [await drill(), await many(undefined), hostile];
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
  expect(stories.map((story) => story.frame(20, 5)).join('\n────\n')).toMatchSnapshot();
});
