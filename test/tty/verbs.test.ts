/** r, s, k and u on the screen of `kle watch`: what is asked, done, shown and left behind, on a real pseudo-terminal. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freeLease, NAMESPACE, openStage, type Stage, type StageElector } from '../support/chaos-stage.js';
import { afterwards, type ShellOptions, shellSession, signalKle } from '../support/shell-session.js';
import { openGate } from '../support/tcp-gate.js';
import type { TerminalSession } from '../support/terminal.js';

const NODE = { ...freeLease('node-1', { holderIdentity: 'node-1' }, 'kube-node-lease') };
const READER = {
  name: 'reader',
  token: 'reader-token',
  rules: ['get', 'list', 'watch'].map((verb) => ({ verb, resource: 'leases' })),
};

let stage: Stage;
let leader: StageElector;
let session: TerminalSession | undefined;

beforeEach(async () => {
  stage = await openStage([freeLease('api'), freeLease('web'), NODE], [READER]);
  leader = stage.elector('web', 'web-0');
  await leader.holds;
});
afterEach(async () => {
  session?.end();
  await stage.close();
});

interface Options extends ShellOptions {
  namespace?: string;
}

function watch(args: string, { env = {}, namespace = NAMESPACE, ...options }: Options = {}): TerminalSession {
  session = shellSession(`watch -n ${namespace} ${args}`, { ...options, env: { ...stage.env, ...env } });
  return session;
}

/** Until the Lease is so, by a watch of our own. */
async function lease(isSo: (holder: string, annotations: Record<string, string>) => boolean): Promise<void> {
  const stop = new AbortController();
  for await (const event of stage.leases.watch({ namespace: NAMESPACE, name: 'web' }, { signal: stop.signal })) {
    if ('record' in event && isSo(event.record.holder ?? '', event.record.annotations)) stop.abort();
  }
}

/** A release that waits for its holder to stop. */
async function fenced(args = 'web', options: ShellOptions = {}): Promise<TerminalSession> {
  const screen = watch(args, options);
  await screen.until('HELD  by web-0');
  screen.press('r');
  await screen.until('Go on?');
  screen.press('y\r');
  await screen.until('fenced as kle/');
  return screen;
}

const isWhole = async () => {
  expect(await stage.lease('web')).toMatchObject({ holder: 'web-0', annotations: {} });
  expect(stage.journals()).toEqual([]);
};

it('r: says who, for how long and what is assumed, asks, hands over, and draws it', async () => {
  const screen = watch('web', { columns: 120, rows: 50 });
  await screen.until('HELD  by web-0');
  expect(screen.rows().at(-1)).toMatch(/^r release {2}s steal {2}k skew {2}u undo /);
  screen.press('r');
  await screen.until('Go on? [y/N]');
  const plan = screen.text();
  expect(plan).toMatch(/RELEASE shop\/web {2}asks/);
  expect(plan).toMatch(
    /Lease shop\/web is held by web-0 [\s\S]*1\. fence: [\s\S]*nobody leads for .*[\s\S]*Assumed of/,
  );
  screen.press('y\r');
  await screen.until('fenced as kle/');
  await screen.until(/FENCED {2}kle\/.*[\s\S]*stop wait: \ds to go/);
  leader.stop();
  stage.elector('web', 'web-1');
  await screen.until('shop/web: handed over from web-0 to web-1');
  expect(screen.text()).toMatch(/RELEASE shop\/web {2}done/);
  screen.press('\u001b');
  await screen.until(/HELD {2}by web-1[\s\S]*EVENTS/);
  const drawn = screen.text();
  expect(drawn).toMatch(/^web-1 +━+$/m);
  expect(drawn).toMatch(/^web-0 .*━+ *$/m);
  expect(drawn).toMatch(/^nobody .*×+/m);
  expect(drawn).toMatch(/TIMELINE .*× no leader {2}F fence/);
  expect(drawn).toMatch(/acquired +web-1 +[\d.]+s without a leader/);
  screen.press('q');
  expect(await afterwards(screen)).toEqual(['before', 'exit 0', 'icanon', 'echo']);
});

it('r in the table is about the row under the cursor, and N leaves it as it is', async () => {
  const screen = watch('');
  await screen.until('2 Leases');
  screen.press('/web\r');
  await screen.until('1 of 2');
  screen.press('r');
  await screen.until('Go on?');
  expect(screen.text()).toContain('RELEASE shop/web');
  screen.press('n\r');
  await screen.until(/exit code 3[\s\S]*refused: not confirmed, so nothing was done/);
  screen.press('\u001b');
  await screen.until(() => !screen.text().includes('RELEASE shop/web'));
  screen.press('\u001b');
  await screen.until('1 of 2');
  await isWhole();
});

it('s: wants the name, keeps it and frees it; a wrong name and Esc are no consent', async () => {
  const screen = watch('web', { columns: 120, rows: 50 });
  await screen.until('HELD  by web-0');
  screen.press('s');
  await screen.until('Keep it for (empty: until Esc): 30s_');
  screen.press('\u007f\u007f\u007f4s\r');
  await screen.until("Type the Lease's name (web) to go on: _");
  screen.press('y\r');
  await screen.until('refused: not confirmed');
  screen.press('s');
  await screen.until('until Esc): 4s_');
  screen.press('\r');
  await screen.until("Type the Lease's name");
  screen.press('\u001b');
  await screen.until('refused: not confirmed');
  await isWhole();
  screen.press('s\r');
  await screen.until("Type the Lease's name");
  screen.press('web\r');
  await screen.until('taken as "kle/');
  await screen.until(/HELD {2}by kle\//);
  await screen.until('shop/web: held and freed; web-0 leads now');
  expect(screen.text()).toMatch(/STEAL shop\/web {2}done/);
  await isWhole();
});

it('k: shifts, says whom that would fool and that nobody was, and puts back', async () => {
  const screen = watch('web', { columns: 120, rows: 50 });
  await screen.until('HELD  by web-0');
  screen.press('k');
  await screen.until('Shift renewTime by (such as -1h or +30s): -1h_');
  screen.press('\r');
  await screen.until('(empty: one renewal): 20s_');
  screen.press('\u007f\u007f\u007f\r');
  await screen.until("Type the Lease's name");
  screen.press('web\r');
  await screen.until('shop/web: not fooled: nobody took it');
  expect(screen.text()).toMatch(/shifted 2.*to 2/);
  // Once the holder has renewed, nothing is left of it.
  await lease((holder, annotations) => holder === 'web-0' && Object.keys(annotations).length === 0);
});

it('says what is wrong with a value in the words of the command', async () => {
  const screen = watch('web');
  await screen.until('HELD  by web-0');
  screen.press('k');
  await screen.until('-1h_');
  screen.press('\u007f\r');
  await screen.until('20s_');
  screen.press('\r');
  await screen.until(
    /exit code 2[\s\S]*error: --by: "-1" is not a duration[\s\S]*write the unit, for example --by=-1s/,
  );
  await isWhole();
});

it('u: puts back what a killed release has left', async () => {
  const killed = stage.start(['release', 'web', '--yes'], { KLE_TEST_STOP_AT: 'put#1:answered' });
  await killed.until('at put#1:answered');
  killed.kill('SIGKILL');
  await killed.ended;
  const screen = watch('web');
  await screen.until(/FENCED {2}kle\//);
  screen.press('u');
  await screen.until(/shop\/web: put back the old holder \(release [a-z0-9]{10}\)/);
  screen.press('y\r');
  await screen.until('shop/web: put back to web-0');
  await screen.until('HELD  by web-0');
  await isWhole();
  screen.press('u');
  await screen.until('nothing to undo: no verb of kle has left its mark on this Lease');
});

it('is refused by the same guards: a heartbeat of a node', async () => {
  const screen = watch('node-1', { namespace: 'kube-node-lease' });
  await screen.until('node-1');
  screen.press('r');
  await screen.until(/exit code 3[\s\S]*refused: this Lease is no election but a node's heartbeat/);
});

it('shows the answer of a server that allows only reading, and goes on', async () => {
  const kubeconfig = `${stage.kubeconfig}-reader`;
  // A token in the place of the administrator's certificate.
  const user = stage.sandbox
    .kubeconfig()
    .replace(/client-certificate-data: .*\n +client-key-data: .*/, `token: ${READER.token}`);
  writeFileSync(kubeconfig, user);
  const screen = watch('web', { env: { KUBECONFIG: kubeconfig } });
  await screen.until('HELD  by web-0');
  screen.press('r');
  await screen.until('Go on?');
  screen.press('y\r');
  await screen.until(/exit code 4[\s\S]*"reader" cannot update resource "leases"/);
  screen.press('\u001b');
  await screen.until(/HELD {2}by web-0[\s\S]*EVENTS/);
  await isWhole();
});

it('Esc in the middle puts back and stays; q leaves then with 0', async () => {
  const screen = await fenced();
  screen.press('\u001b');
  await screen.until(/exit code 130[\s\S]*shop\/web: interrupted, and put back to web-0/);
  await isWhole();
  screen.press('\u001b');
  await screen.until('EVENTS');
});

it.each([
  ['q', (screen: TerminalSession) => screen.press('q'), 130],
  ['Ctrl-C', (screen: TerminalSession) => screen.press('\u0003'), 130],
  ['SIGTERM', (screen: TerminalSession) => signalKle(screen, 'SIGTERM'), 143],
] as const)('%s in the middle puts back first, gives the terminal back, and says so', async (_, leave, code) => {
  const screen = await fenced();
  leave(screen);
  const rows = await afterwards(screen);
  expect(rows.join('\n')).toMatch(
    new RegExp(
      `^before\\n.*interrupted: putting it back\\n.*put back: "web-0" holds it again[\\s\\S]*shop/web: interrupted, and put back to web-0[\\s\\S]*exit ${code}\\nicanon\\necho$`,
    ),
  );
  await isWhole();
});

it('Ctrl-C at the question writes nothing and leaves with the code of the command', async () => {
  const screen = watch('web');
  await screen.until('HELD  by web-0');
  screen.press('r');
  await screen.until('Go on?');
  screen.press('\u0003');
  expect(await afterwards(screen)).toEqual(['before', 'exit 130', 'icanon', 'echo']);
  await isWhole();
});

it('puts back also when the terminal goes away', async () => {
  const screen = await fenced();
  const back = lease((holder, annotations) => holder === 'web-0' && Object.keys(annotations).length === 0);
  screen.hangUp();
  await back;
});

it('a second q leaves it as it is: exit 6, and how to put it back', async () => {
  const gate = await openGate(new URL(stage.sandbox.url));
  const kubeconfig = `${stage.kubeconfig}-gate`;
  writeFileSync(kubeconfig, stage.sandbox.kubeconfig().replaceAll(stage.sandbox.url, gate.url.origin));
  const screen = await fenced('web', { env: { KUBECONFIG: kubeconfig } });
  await gate.interrupt(async () => {
    screen.press('q');
    await screen.until('putting back');
    screen.press('q');
    const rows = await afterwards(screen);
    expect(rows.join('\n')).toMatch(/left as it is; put it back with `kle undo [a-z0-9]{10}`\nexit 6\nicanon\necho$/);
  });
  expect(stage.journals()).toHaveLength(1);
  const undone = await stage.start(['undo', '--yes'], { KUBECONFIG: kubeconfig }).ended;
  expect(undone.code).toBe(0);
  await gate.close();
  await isWhole();
});
