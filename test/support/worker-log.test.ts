import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inFile } from './in-file.js';
import {
  assertWork,
  checkWork,
  gapsOf,
  intervalsOf,
  type Mark,
  marksOfHolders,
  overlapsOf,
  parseWork,
  type Unit,
  workerCommand,
  workOf,
} from './worker-log.js';

const at = (milliseconds: number): bigint => BigInt(milliseconds) * 1_000_000n + 5_000_000_000n;

/** Units of 50 ms. */
function work(identity: string, fromMs: number, toMs: number, token: bigint | null = null): Unit[] {
  const units: Unit[] = [];
  for (let time = fromMs; time <= toMs; time += 50) units.push({ mono: at(time), identity, token });
  return units;
}

const mark = (identity: string, what: Mark['what'], atMs: number): Mark => ({ mono: at(atMs), identity, what });
const texts = (...args: Parameters<typeof checkWork>) => checkWork(...args).map(({ rule, text }) => `${rule}: ${text}`);

test('reads lines in any order, without the one that is still being written', () => {
  expect(parseWork('20 b 7\n10 a -\n30 a')).toEqual([
    { mono: 10n, identity: 'a', token: null },
    { mono: 20n, identity: 'b', token: 7n },
  ]);
  expect(parseWork('')).toEqual([]);
  expect(() => parseWork('10 a 1\nnonsense\n')).toThrow('line 2 is no work: nonsense');
  expect(parseWork('10 a 18446744073709551616\n')[0]?.token).toBe(18446744073709551616n);
});

test('reads the work of electors', () => {
  const log = (identity: string, mono: bigint) =>
    (['start', 'leading', 'work'] as const).map((event) => ({ mono, event, identity }));
  expect(workOf(log('a', 2n), log('b', 1n)).map(({ identity }) => identity)).toEqual(['b', 'a']);
});

test('intervals end at silence and at another token', () => {
  const units = [...work('a', 0, 1000, 1n), ...work('a', 1450, 2000, 1n), ...work('a', 2050, 2100, 2n)];
  expect(intervalsOf(units).map(({ from, to, token, units: count }) => [from, to, token, count])).toEqual([
    [at(0), at(1000), 1n, 21],
    [at(1450), at(2000), 1n, 12],
    [at(2050), at(2100), 2n, 2],
  ]);
  expect(intervalsOf(units, 500)).toHaveLength(2);
});

test('overlaps and gaps have a length', () => {
  const intervals = intervalsOf([...work('a', 0, 1000), ...work('b', 700, 2000), ...work('c', 2600, 3000)]);
  expect(overlapsOf(intervals).map((o) => [o.earlier.identity, o.later.identity, o.ms])).toEqual([['a', 'b', 300]]);
  expect(gapsOf(intervals).map((gap) => [gap.before.identity, gap.after.identity, gap.ms])).toEqual([['b', 'c', 600]]);
});

test('a long term with two others inside has two overlaps and no gap', () => {
  const intervals = intervalsOf([...work('a', 0, 3000), ...work('b', 500, 700), ...work('c', 2000, 2100)]);
  expect(overlapsOf(intervals).map(({ ms }) => ms)).toEqual([200, 100]);
  expect(gapsOf(intervals)).toEqual([]);
});

test('one term after the other is no violation', () => {
  const units = [...work('a', 0, 1000, 5n), ...work('b', 1010, 2000, 9n), ...work('b', 3000, 3500, 9n)];
  expect(checkWork(units, { tokens: true })).toEqual([]);
  expect(() => assertWork(units, { tokens: true })).not.toThrow();
});

test('an overlap is a violation, even of a single unit, unless it is allowed', () => {
  const long = [...work('a', 0, 1000), ...work('b', 700, 2000)];
  expect(texts(long)).toEqual(['overlap: a and b both worked for 300.0 ms (allowed: 0)']);
  expect(texts(long, { allowOverlapMs: 299 })).toHaveLength(1);
  expect(texts(long, { allowOverlapMs: 300 })).toEqual([]);
  const single = [...work('b', 0, 1000), ...work('a', 520, 520)];
  expect(texts(single)).toHaveLength(1);
  expect(texts(single, { allowOverlapMs: 50 })).toEqual([]);
});

test('tokens must be there, grow, and belong to one identity', () => {
  const after = (token: bigint | null, identity = 'b', toMs = 2000) =>
    texts([...work('a', 0, 1000, 7n), ...work(identity, 1500, toMs, token)], { tokens: true });
  expect(after(8n)).toEqual([]);
  expect(after(7n, 'a')).toEqual([]);
  expect(after(7n)).toEqual(['token: b and a both worked with token 7']);
  expect(after(6n)).toEqual(['token: b worked with token 6 after a had worked with 7']);
  expect(after(6n, 'a')).toEqual(['token: a worked with token 6 after a had worked with 7']);
  expect(after(null)).toEqual(['token: b worked without a token']);
  // As text, 10 would come before 9.
  expect(texts([...work('a', 0, 100, 9n), ...work('b', 600, 700, 10n)], { tokens: true })).toEqual([]);
});

test('a worker that wakes may act with its old token for as long as is allowed', () => {
  const units = (wakesForMs: number) => [
    ...work('a', 0, 1000, 7n),
    ...work('b', 1500, 4000, 8n),
    ...work('a', 3010, 3010 + wakesForMs, 7n),
  ];
  expect(texts(units(50), { tokens: true, allowOverlapMs: 50 })).toEqual([]);
  expect(texts(units(100), { tokens: true, allowOverlapMs: 50 })).toEqual([
    'overlap: b and a both worked for 100.0 ms (allowed: 50)',
    'token: a worked with token 7 after b had worked with 8',
  ]);
});

const TERM = [
  mark('a', 'claimed', 0),
  mark('a', 'disclaimed', 1000),
  mark('a', 'dead', 1100),
  mark('a', 'released', 1150),
];

test('claim, work, claim over, dead, release is the order', () => {
  expect(texts(work('a', 50, 1050), { marks: TERM })).toEqual([]);
  // Twice, and with a claim that the watch told a little late.
  const again = TERM.map((each) => ({ ...each, mono: each.mono + 3_000_000_000n }));
  expect(texts([...work('a', 50, 1050), ...work('a', 2950, 4050)], { marks: [...again, ...TERM] })).toEqual([]);
});

test('released before dead, dead before it disclaimed, work before the claim and after the end', () => {
  const order = (marks: Mark[], units = work('a', 50, 1050)) => texts(units, { marks });
  const [claimed, disclaimed, dead, released] = TERM as [Mark, Mark, Mark, Mark];
  expect(order([claimed, disclaimed, mark('a', 'dead', 1200), released])).toEqual([
    'order: a released 50.0 ms before dead',
  ]);
  expect(order([claimed, mark('a', 'disclaimed', 1120), dead, released])).toEqual([
    'order: a dead 20.0 ms before disclaimed',
  ]);
  expect(order([mark('a', 'claimed', 400)])).toEqual(['order: a worked (5 units) before it was claimed']);
  expect(order([claimed, released], work('a', 50, 1250))).toEqual([
    'order: a worked (2 units) until 100.0 ms after it was released',
  ]);
  expect(order([claimed, disclaimed, dead, released], work('a', 50, 1150))).toEqual([
    'order: a worked (1 units) until 50.0 ms after it was dead',
  ]);
});

test('a Lease that was taken from its holder ends no work by itself', () => {
  expect(texts(work('a', 50, 1050), { marks: [mark('a', 'claimed', 0), mark('a', 'lost', 500)] })).toEqual([]);
});

test('marks from what a watch has seen', () => {
  const looks = [
    { mono: at(0), holder: 'a' },
    { mono: at(500), holder: 'a' },
    { mono: at(1000), holder: '' },
    { mono: at(1100), holder: 'b' },
    { mono: at(2000), holder: 'kle/fence' },
  ];
  const words = (marks: Mark[]) => marks.map(({ identity, what }) => `${identity} ${what}`);
  const rest = ['b claimed', 'b lost', 'kle/fence claimed'];
  expect(words(marksOfHolders(looks))).toEqual(['a claimed', 'a released', ...rest]);
  expect(words(marksOfHolders(looks, () => false))).toEqual(['a claimed', 'a lost', ...rest]);
});

test('a failure says what, when, and shows who worked', () => {
  const units = [...work('pod-a', 0, 1050, 7n), ...work('b', 900, 2000, 6n)];
  const fail = () =>
    assertWork(units, { tokens: true, marks: TERM.map((each) => ({ ...each, identity: 'pod-a' })) }, 'seed 42');
  let said = '';
  try {
    fail();
  } catch (error) {
    said = (error as Error).message;
  }
  expect(`\n${said}\n`).toMatchInlineSnapshot(`
    "
    2 violations (seed 42):
      900.0 ms  overlap: pod-a and b both worked for 150.0 ms (allowed: 0)
      900.0 ms  token: b worked with token 6 after pod-a had worked with 7

           0 ms                                                                     2000.0 ms, 20.2 ms a column
    pod-a  C################################################d##..x.R...........................................
        b  ............................................########################################################
    twice  ............................................!!!!!!!!................................................
    # work   C claimed   d disclaimed   x dead   R released   L lost
    "
  `);
});

test('nobody at all', () => {
  expect(checkWork([])).toEqual([]);
  expect(gapsOf([])).toEqual([]);
});

test('the worker writes what is read here', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kle-worker-log-'));
  const file = join(folder, 'work');
  const [program = '', ...args] = workerCommand(file, 1);
  const env = { ...process.env, KLE_IDENTITY: 'a', KLE_FENCING_TOKEN: '12' };
  const before = process.hrtime.bigint();
  const child = spawn(program, args, { env, stdio: 'inherit' });
  try {
    const units = await inFile(file, (text) => {
      const read = parseWork(text);
      return read.length < 3 ? undefined : read;
    });
    expect(units[0]).toMatchObject({ identity: 'a', token: 12n });
    expect(units[0]?.mono).toBeGreaterThan(before);
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
