/** `kle release` as a user runs it: the built binary on a sandbox. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeLease, NAMESPACE, openStage, type Stage, type StageElector, steady } from '../support/chaos-stage.js';
import { bin, kle } from '../support/kle.js';
import { TerminalSession } from '../support/terminal.js';
import { transcript } from '../support/transcript.js';

let stage: Stage;
let leader: StageElector;
const sessions: TerminalSession[] = [];

beforeEach(async () => {
  const spec = { holderIdentity: 'x', renewTime: '2026-01-01T00:00:00.000000Z' };
  stage = await openStage([
    freeLease('web'),
    freeLease('empty'),
    freeLease('node-1', spec, 'kube-node-lease'),
    freeLease('coordinated', { ...spec, strategy: 'OldestEmulationVersion' }),
  ]);
  leader = stage.elector('web', 'web-0');
  await leader.holds;
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.end();
  await stage.close();
});

const result = (stdout: string) => JSON.parse(stdout);

it('hands over to whoever comes first, and tells each step', async () => {
  stage.elector('web', 'web-1');
  leader.stop();
  stage.elector('web', 'web-0', { everyMs: 250 });
  const run = await stage.kle('release', 'web', '--yes', '-o', 'json');
  const document = result(run.stdout);
  expect(['handed-over', 'returned']).toContain(document.outcome);
  expect(run.code).toBe(document.outcome === 'handed-over' ? 0 : 1);
  expect(document).toMatchObject({ kind: 'ReleaseResult', apiVersion: 'kle/v1alpha1', from: 'web-0', via: 'fence' });
  expect(document.steps.map((one: { step: string }) => one.step)).toEqual([
    'measured',
    'fenced',
    'stop-wait-over',
    'freed',
    'acquired',
  ]);
  expect(document.possibleOverlapMs).toBe(0);
  expect(document.workGapMinMs).toBeLessThanOrEqual(document.workGapMaxMs);
  expect(stage.journals()).toEqual([]);
});

it('hands it to the candidate that is named', async () => {
  stage.elector('web', 'web-1');
  const run = await stage.kle('release', 'web', '--yes', '--to', 'web-1');
  expect(run.code).toBe(0);
  expect(steady(run.stdout)).toMatchSnapshot();
  expect(await stage.lease('web')).toMatchObject({ holder: 'web-1', annotations: {} });
});

it('is answered by kle’s own elector as soon as it has stopped', async () => {
  leader.stop();
  await stage.kle('release', 'web', '--identity', 'web-0');
  const timing = ['--lease-duration', '4s', '--renew-deadline', '2s', '--retry-period', '500ms'];
  const first = stage.start([
    'acquire',
    'web',
    '--identity',
    'a',
    ...timing,
    '--',
    'sh',
    '-c',
    'echo leading; exec sleep 60',
  ]);
  await first.until('leading');
  const second = stage.start(['acquire', 'web', '--identity', 'b', ...timing, '--', 'sleep', '60']);
  const run = await stage.kle('release', 'web', '--yes', '-o', 'json');
  const document = result(run.stdout);
  expect(document).toMatchObject({ outcome: 'handed-over', from: 'a', to: 'b' });
  expect(document.steps.map((one: { step: string }) => one.step)).toContain('stopped-notice');
  expect(document.leaderlessMs).toBeLessThan(4_000);
  for (const one of [first, second]) one.kill('SIGTERM');
  await Promise.all([first.ended, second.ended]);
});

it('says what it would do, and writes nothing', async () => {
  const before = await stage.lease('web');
  const run = await stage.kle('release', 'web', '--dry-run');
  expect(
    transcript(['release', 'web', '--dry-run'], { ...run, stdout: steady(run.stdout), stderr: steady(run.stderr) }),
  ).toMatchSnapshot();
  const json = await stage.kle('release', 'web', '--dry-run', '-o', 'json', '--via', 'clear');
  expect(result(json.stdout)).toMatchObject({
    dryRun: true,
    outcome: null,
    via: 'clear',
    plan: [{ step: 'clear' }, { step: 'verify' }],
  });
  expect((await stage.lease('web')).transitions).toBe(before.transitions);
});

it('has nothing to do where nobody holds it', async () => {
  const run = await stage.kle('release', 'empty', '--yes');
  expect(run).toMatchObject({ code: 0, stdout: 'shop/empty: nobody holds it\n' });
});

it('frees one’s own Lease at once, without asking', async () => {
  leader.stop();
  const run = await stage.kle('release', 'web', '--identity', 'web-0');
  expect(run).toMatchObject({ code: 0, stdout: 'shop/web: freed\n' });
  const wrong = await stage.kle('release', 'web', '--identity', 'web-9');
  expect(wrong.code).toBe(0);
  expect(wrong.stdout).toBe('shop/web: nobody holds it\n');
});

describe('refuses, with exit code 3 and nothing written', () => {
  const refused = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const before = stage.sandbox.store.revision;
    const run = await kle([...args], { env: { ...stage.env, ...env } });
    expect(run.code).toBe(3);
    expect(run.stdout).toBe('');
    return { text: steady(run.stderr), wrote: before };
  };
  const cases: [string, string[], NodeJS.ProcessEnv?][] = [
    ['without a terminal and --yes', ['release', 'web', '-n', NAMESPACE]],
    ['another holder than expected', ['release', 'web', '-n', NAMESPACE, '--yes', '--expect-holder', 'web-7']],
    ['a heartbeat', ['release', 'node-1', '-n', 'kube-node-lease', '--yes']],
    ['a coordinated election', ['release', 'coordinated', '-n', NAMESPACE, '--yes']],
    ['the incumbent as the next', ['release', 'web', '-n', NAMESPACE, '--yes', '--to', 'web-0']],
    ['an election to prefer in', ['release', 'web', '-n', NAMESPACE, '--yes', '--via', 'prefer', '--to', 'x']],
    ['a Pod that cannot be told', ['release', 'web', '-n', NAMESPACE, '--yes', '--via', 'evict']],
    [
      'a journal that cannot be written',
      ['release', 'web', '-n', NAMESPACE, '--yes', '-o', 'text'],
      { XDG_STATE_HOME: 'relative' },
    ],
  ];
  it.each(cases)('%s', async (_name, args, env) => {
    const { text } = await refused(args, env);
    expect(
      text
        .split('\n')
        .filter((line) => /refused|^ {2}\w.*(kle|--)/.test(line))
        .join('\n'),
    ).toMatchSnapshot();
    const lease = args[1] === 'web' ? await stage.lease('web') : null;
    if (lease) expect(lease.holder).toBe('web-0');
  });
});

it.each([
  [['release', 'web', '--to', 'kle/x'], 'kle/'],
  [['release', 'web', '--via', 'clear', '--to', 'x'], '--to'],
  [['release', 'web', '--via', 'prefer'], '--to'],
  [['release', 'web', '--renew-deadline', '10s'], '--retry-period'],
  [['release', 'web', '--via', 'magic'], 'fence, evict, prefer, clear'],
  [['release', 'web', '--wait', '5'], '--wait=5s'],
  [['release'], 'lease'],
])('%j is bad usage', async (args, said) => {
  const run = await stage.kle(...(args as string[]));
  expect(run.code).toBe(2);
  expect(run.stderr.toLowerCase()).toContain(said.toLowerCase());
});

it('says that a Lease is not there', async () => {
  const run = await stage.kle('release', 'nowhere', '--yes');
  expect(run.code).toBe(4);
  expect(run.stderr).toContain('leases.coordination.k8s.io "nowhere" not found');
});

it('puts the old holder back on Ctrl-C, and says so', async () => {
  const running = stage.start(['release', 'web', '--yes', '-o', 'json']);
  await running.until('fenced as');
  running.kill('SIGINT');
  const run = await running.ended;
  expect(run.code).toBe(130);
  expect(result(run.stdout)).toMatchObject({ outcome: 'put-back', to: 'web-0', interrupted: true, leftChanged: false });
  expect(await stage.lease('web')).toMatchObject({ holder: 'web-0', annotations: {} });
  expect(stage.journals()).toEqual([]);
});

it('ends by 143 on SIGTERM, and by 130 before anything was written', async () => {
  const term = stage.start(['release', 'web', '--yes']);
  await term.until('fenced as');
  term.kill('SIGTERM');
  expect((await term.ended).code).toBe(143);
  const early = stage.start(['release', 'web', '--yes'], { KLE_TEST_STOP_AT: 'list' });
  await early.until('get#1:before');
  early.kill('SIGINT');
  const run = await early.ended;
  expect(run).toMatchObject({ code: 130, stdout: '' });
});

describe('on a terminal', () => {
  const open = (args: string) => {
    const session = new TerminalSession(
      `trap : INT; '${process.execPath}' '${bin}' release web -n ${NAMESPACE} ${args}; echo "exit $?"`,
      {
        columns: 120,
        rows: 40,
        env: { ...(stage.env as Record<string, string>), NO_COLOR: '1' },
      },
    );
    sessions.push(session);
    return session;
  };

  it('asks, and does nothing unless told yes', async () => {
    const session = open('');
    await session.until('Go on? [y/N]');
    session.press('\r');
    await session.until('exit 3');
    expect(session.text()).toContain('not confirmed');
    expect((await stage.lease('web')).holder).toBe('web-0');
  });

  it('goes on when told yes', async () => {
    const session = open('--wait 1s');
    await session.until('Go on? [y/N]');
    session.press('y\r');
    await session.until('fenced as');
    await session.until(/stop wait: \S+ to go; Ctrl-C puts it back/);
    await session.until(/exit [01]/);
  });

  it('wants the name of the Lease for a clear', async () => {
    const session = open('--via clear');
    await session.until("Type the Lease's name (web)");
    session.press('y\r');
    await session.until('exit 3');
  });

  it('ends by Ctrl-C at the question', async () => {
    const session = open('');
    await session.until('Go on? [y/N]');
    session.press('\u0003');
    await session.until('exit 130');
    expect((await stage.lease('web')).holder).toBe('web-0');
  });
});
