/** `kle watch` on a real pseudo-terminal: what a user sees, presses, and finds afterwards. */
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';
import { heldLease, now, patchLease } from '../support/sandbox-leases.js';
import { afterwards, type ShellOptions, shellSession, signalKle } from '../support/shell-session.js';
import { type Gate, openGate } from '../support/tcp-gate.js';
import type { TerminalSession } from '../support/terminal.js';

const kubeconfig = join(tmpdir(), `kle-tty-${process.pid}.yaml`);
const preload = join(tmpdir(), `kle-tty-${process.pid}.cjs`);
const gated = join(tmpdir(), `kle-tty-${process.pid}-gate.yaml`);
let sandbox: Sandbox;
const sessions: TerminalSession[] = [];

beforeEach(async () => {
  sandbox = await startSandbox({
    objects: [heldLease('web', 'web-0'), heldLease('api', 'api-0'), heldLease('jobs', '')],
  });
  writeFileSync(kubeconfig, sandbox.kubeconfig());
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.end();
  await sandbox?.close();
});
afterAll(() => {
  rmSync(kubeconfig, { force: true });
  rmSync(preload, { force: true });
  rmSync(gated, { force: true });
});

function watch(args: string, { env = {}, ...options }: ShellOptions = {}): TerminalSession {
  const session = shellSession(`watch -n shop ${args}`, { ...options, env: { KUBECONFIG: kubeconfig, ...env } });
  sessions.push(session);
  return session;
}

function throughGate({ url }: Gate): string {
  writeFileSync(gated, sandbox.kubeconfig().replaceAll(sandbox.url, url.origin));
  return gated;
}

async function isRestored(session: TerminalSession, ending: string): Promise<void> {
  expect(await afterwards(session)).toEqual(['before', ending, 'icanon', 'echo']);
}

const put = (name: string, spec: Record<string, unknown>) => patchLease(sandbox, name, spec);

it('shows one Lease and its hand-over, and leaves with q as if nothing had been', async () => {
  const session = watch('web');
  await session.until(/live[\s\S]*HELD {2}by web-0/);
  expect(session.isAlternate).toBe(true);
  expect(session.isCursorHidden).toBe(true);
  await put('web', { holderIdentity: '', renewTime: now() });
  await session.until('RELEASED');
  await put('web', { holderIdentity: 'web-1', acquireTime: now(), renewTime: now(), leaseTransitions: 3 });
  await session.until('HELD  by web-1');
  expect(session.text()).toMatch(/acquired +web-1 +.* without a leader/);
  session.press('q');
  await isRestored(session, 'exit 0');
});

it('opens a Lease of the table, filters, and comes back', async () => {
  const session = watch('');
  await session.until(/Leases in shop .*live[\s\S]*3 Leases/);
  expect(
    session
      .rows()
      .slice(1, 5)
      .map((row) => row.slice(0, 25).trimEnd()),
  ).toEqual([
    '  NAME  STATE      HOLDER',
    '> jobs  released   -',
    '  api   held       api-0',
    '  web   held       web-0',
  ]);
  session.press('\u001b[B\r');
  await session.until('HELD  by api-0');
  session.press('\u001b');
  await session.until('3 Leases');
  session.press('/we\r');
  await session.until(() => session.text().includes('1 of 3') && !session.text().includes('/we_'));
  session.press('\u001b');
  await session.until('3 Leases');
  session.press('?');
  await session.until('KEYS');
  session.press('q');
  await isRestored(session, 'exit 0');
});

it('pauses while the Lease goes on', async () => {
  const session = watch('api');
  await session.until('HELD  by api-0');
  session.press('p');
  await session.until('PAUSED');
  await put('api', { holderIdentity: 'api-1', acquireTime: now(), renewTime: now(), leaseTransitions: 3 });
  session.press('?');
  await session.until('KEYS');
  session.press('?');
  await session.until('HELD  by api-0');
  session.press('p');
  await session.until('HELD  by api-1');
});

it('says that it is cut off and for how long, and draws that stretch as unknown', async () => {
  const gate = await openGate(new URL(sandbox.url));
  const session = watch('web', { env: { KUBECONFIG: throughGate(gate) } });
  await session.until(/live[\s\S]*HELD {2}by web-0/);
  await gate.interrupt(async () => {
    await session.until(/RECONNECTING for .*[\s\S]*last seen [\d.]+s ago: HELD {2}by web-0/);
    await put('web', { holderIdentity: 'web-1', acquireTime: now(), renewTime: now(), leaseTransitions: 3 });
  });
  await session.until('HELD  by web-1');
  await session.until('░ not known');
  expect(session.text()).toMatch(/reconnected +after [\d.]+s/);
  expect(session.text()).toMatch(/acquired +web-1 +from web-0, noticed late/);
  session.press('q');
  await session.exited;
  await gate.close();
});

it('follows the size of the terminal, down to 20×5', async () => {
  const session = watch('jobs');
  await session.until('RELEASED');
  session.resize(160, 50);
  await session.until(() => (session.rows().at(-1) ?? '').includes('q quit'));
  session.resize(20, 5);
  await session.until(() => /^shop\/jobs[\s\S]*\n.*q quit *$/.test(session.text()));
  expect(session.text()).toContain('RELEASED');
  session.resize(100, 24);
  await session.until(() => (session.rows()[23] ?? '').includes('q quit'));
  session.press('q');
  await session.exited;
  expect(session.isAlternate).toBe(false);
});

it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('gives the terminal back on %s', async (signal) => {
  const session = watch('web');
  await session.until('HELD');
  signalKle(session, signal);
  await isRestored(session, 'exit 0');
});

it('gives the terminal back on Ctrl-C', async () => {
  const session = watch('web');
  await session.until('HELD');
  session.press('\u0003');
  await isRestored(session, 'exit 0');
});

it('gives the terminal back when the program breaks', async () => {
  writeFileSync(preload, "process.on('SIGUSR2', () => { throw new Error('broken on purpose'); });\n");
  const session = watch('web 2>/dev/null', { env: { NODE_OPTIONS: `--require ${preload}` } });
  await session.until('HELD');
  signalKle(session, 'SIGUSR2');
  await session.exited;
  expect(session.isAlternate).toBe(false);
  expect(session.isCursorHidden).toBe(false);
  expect(session.text()).toContain('before');
  expect(session.text()).toMatch(/ icanon\n echo/);
});

it('says on the lines of the shell why there is nothing to show', async () => {
  const session = watch('web --server http://127.0.0.1:1');
  await session.exited;
  expect(session.isAlternate).toBe(false);
  expect(session.text()).toContain('kle: error: cannot reach the server');
  expect(session.text()).toContain('exit 4');
});

it('prints lines on a terminal that can only print', async () => {
  const session = watch('web --timeout 1s', { env: { TERM: 'dumb' } });
  await session.exited;
  expect(session.output).not.toContain('\u001b[');
  expect(session.text()).toMatch(/seen +shop\/web/);
});

it('paints nothing in colour with NO_COLOR', async () => {
  const session = watch('web', { env: { NO_COLOR: '1' } });
  await session.until('HELD');
  session.press('q');
  await session.exited;
  expect(session.output).not.toMatch(/\u001b\[[\d;]*m/);
});

it('is not blank where CI is set', async () => {
  const session = watch('web', { env: { CI: 'true' } });
  await session.until('HELD');
  session.press('q');
  await isRestored(session, 'exit 0');
});

it('ends by itself when it was told to, and says in its code whether it came so', async () => {
  const met = watch('web --until held');
  await isRestored(met, 'exit 0');
  const unmet = watch('web --until absent --timeout 1s');
  await isRestored(unmet, 'exit 1');
});
