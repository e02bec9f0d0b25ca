/** The screen of `kle watch` on a real server with client-go electors: each way to lose a Lease, as it is drawn. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { connect } from '../../src/kube/connect.js';
import { createLeaseApi } from '../../src/kube/lease-api.js';
import type { LeaseApi } from '../../src/lease/api.js';
import { type ApiServer, startApiServer } from '../support/apiserver.js';
import { type Elector, startElector } from '../support/elector.js';
import { gapAfterExpiry, gapFrom, versionsOf } from '../support/lease-versions.js';
import { shellSession } from '../support/shell-session.js';
import { openGate } from '../support/tcp-gate.js';
import type { TerminalSession } from '../support/terminal.js';

const DURATION_MS = 3_000;
/** Issue 7: gap lengths in Lease time, against a watch of our own. */
const TOLERANCE_MS = 100;
const folder = mkdtempSync(join(tmpdir(), 'kle-screen-'));

let server: ApiServer;
let leases: LeaseApi;
let session: TerminalSession | undefined;
const electors: Elector[] = [];
const stop = new AbortController();

beforeAll(async () => {
  // Without the cache of watches a compaction is felt at once.
  server = await startApiServer({ binary: process.env.KLE_TEST_APISERVER ?? '', watchCache: false });
  leases = createLeaseApi(await connect({ kubeconfig: server.kubeconfig }, { env: {} }));
});
afterEach(() => {
  session?.end();
  for (const elector of electors.splice(0)) elector.kill('SIGKILL');
});
afterAll(async () => {
  stop.abort();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function candidate(lease: string, identity: string): Promise<Elector> {
  const elector = await startElector({
    binary: process.env.KLE_TEST_CLIENT_GO ?? '',
    kubeconfig: server.kubeconfig,
    namespace: 'default',
    lease,
    identity,
    leaseDuration: `${DURATION_MS}ms`,
    renewDeadline: '2s',
    retryPeriod: '400ms',
    release: true,
  });
  electors.push(elector);
  return elector;
}

interface Stage {
  leader: Elector;
  /** Null: not started yet. */
  standby: Elector | null;
  screen: TerminalSession;
  versions: ReturnType<typeof versionsOf>;
}

/** `a` leads, `b` stands by (unless `alone`), and kle has seen renewals. */
async function stage(lease: string, { kubeconfig = server.kubeconfig, alone = false } = {}): Promise<Stage> {
  const leader = await candidate(lease, 'a');
  await leader.waitFor(({ event }) => event === 'leading');
  const standby = alone ? null : await candidate(lease, 'b');
  const versions = versionsOf(leases, { namespace: 'default', name: lease }, stop.signal);
  const env = { KUBECONFIG: kubeconfig, XDG_STATE_HOME: join(folder, lease) };
  const screen = shellSession(`watch -n default ${lease}`, { columns: 120, rows: 50, env });
  session = screen;
  await screen.until(/HELD {2}by a .*\(observed\)[\s\S]*every 0\.\d+s/);
  // The shortest span: a cell is half a second.
  screen.press('+');
  await screen.until('TIMELINE 60s');
  return { leader, standby, screen, versions };
}

/** Presses a verb's key, answers with these lines, and waits for what it ends with. */
async function act(screen: TerminalSession, key: string, answers: [RegExp, string][], end: RegExp): Promise<void> {
  screen.press(key);
  for (const [asked, answer] of answers) {
    await screen.until(asked);
    screen.press(answer);
  }
  await screen.until(end);
}

/** The panel of the verb is taken away. */
async function closed(screen: TerminalSession): Promise<void> {
  screen.press('\u001b');
  await screen.until(() => !/^(RELEASE|STEAL|SKEW) /m.test(screen.text()));
}

const lane = (screen: TerminalSession, label: string | RegExp) =>
  screen.rows().find((row) => (typeof label === 'string' ? row.startsWith(`${label} `) : label.test(row))) ?? '';

/** The length that stands beside the gap, in milliseconds. */
const drawnMs = (screen: TerminalSession): number =>
  Number(/([\d.]+)s/.exec(lane(screen, 'nobody'))?.[1] ?? Number.NaN) * 1000;

/** b's lane begins where a's ends, with nobody between. */
function expectHandOver(screen: TerminalSession): void {
  expect(screen.text()).toMatch(/HELD {2}by b .*\(observed\)/);
  const [a, b, nobody] = [lane(screen, 'a'), lane(screen, 'b'), lane(screen, 'nobody')];
  expect(b).toMatch(/━ ?$/);
  expect(a.lastIndexOf('━')).toBeLessThanOrEqual(b.indexOf('━'));
  expect(nobody).toMatch(/×/);
  expect(nobody.lastIndexOf('×')).toBeLessThanOrEqual(b.indexOf('━'));
}

it('a crash: the gap from its expiry to the next leader', async () => {
  // A standby that has looked already takes it at the very moment of expiry, where there is no gap to measure.
  const { leader, screen, versions } = await stage('crash', { alone: true });
  leader.kill('SIGKILL');
  await candidate('crash', 'b');
  await screen.until(/expired +a +not renewed for its whole duration/);
  await screen.until(/acquired +b +from a, .*without a leader/);
  await screen.until(/HELD {2}by b/);
  expectHandOver(screen);
  expect(Math.abs(drawnMs(screen) - gapAfterExpiry(versions, 'a', 'b', DURATION_MS))).toBeLessThanOrEqual(TOLERANCE_MS);
  expect(screen.text()).not.toContain('F fence');
});

it('r: fenced, freed and taken by the standby, with the gap of the whole fence', async () => {
  const { screen, versions } = await stage('release');
  await act(screen, 'r', [[/Go on\?/, 'y\r']], /handed over from a to b/);
  await closed(screen);
  await screen.until(/HELD {2}by b/);
  expectHandOver(screen);
  expect(Math.abs(drawnMs(screen) - gapFrom(versions, (holder) => holder.startsWith('kle/'), 'b'))).toBeLessThanOrEqual(
    TOLERANCE_MS,
  );
  expect(drawnMs(screen)).toBeGreaterThan(DURATION_MS);
  expect(screen.text()).toMatch(/F fence[\s\S]*\n +F+\n/);
  expect(screen.text()).toMatch(/fenced +kle\/\w+ +from a, nobody may lead[\s\S]*/);
});

it('s: a lane of its own, marked as of kle, the deposed holder beside it, and the gap after it', async () => {
  const { screen, versions } = await stage('steal');
  await act(
    screen,
    's',
    [
      [/Keep it for/, '\u007f\u007f\u007f5s\r'],
      [/Type the Lease's name/, 'steal\r'],
    ],
    /taken as "kle\//,
  );
  await screen.until(/HELD {2}by kle\//);
  await screen.until(/held and freed; b leads now/);
  await closed(screen);
  await screen.until(/HELD {2}by b/);
  expectHandOver(screen);
  expect(Math.abs(drawnMs(screen) - gapFrom(versions, (holder) => holder === '', 'b'))).toBeLessThanOrEqual(
    TOLERANCE_MS,
  );
  const [kle, a] = [lane(screen, /^kle\//), lane(screen, 'a')];
  expect(kle).toMatch(/━{8}/);
  // What a might have gone on working for is drawn beside kle's term, as a bound.
  expect(a).toMatch(/━╌+/);
  expect(screen.text()).toMatch(/╌ may still work .*k by kle/);
  expect(screen.text()).toMatch(/acquired +kle\/\w+ +from a, 0s without a leader, a may still be working for up to/);
});

it('k: nobody is fooled, the holder leads on without a gap, and each shift is marked as of kle', async () => {
  const { screen, versions } = await stage('skew');
  await act(
    screen,
    'k',
    [
      [/Shift renewTime by/, '\r'],
      [/Shift each renewal for/, '\u007f\u007f\u007f5s\r'],
      [/Type the Lease's name/, 'skew\r'],
    ],
    /not fooled: nobody took it/,
  );
  await closed(screen);
  await screen.until(/HELD {2}by a/);
  expect(screen.text()).not.toMatch(/EXPIRED|expired +a|^nobody/m);
  expect(lane(screen, 'a')).toMatch(/^a +━+ *$/);
  expect(screen.text()).toMatch(/k by kle[\s\S]*\n +k[k ]*\n/);
  const shifted = versions.filter(({ record }) => (record.renewTime ?? 0n) < BigInt(Date.now() - 1_800_000) * 1000n);
  expect(shifted.length).toBeGreaterThan(3);
  expect(new Set(versions.map(({ record }) => record.holder))).toEqual(new Set(['a']));
});

it('a connection that is cut and heals: what happened meanwhile is unknown, and who leads now is told', async () => {
  const gate = await openGate(new URL(server.server));
  const kubeconfig = join(folder, 'gated');
  const text = readFileSync(server.kubeconfig, 'utf8').replaceAll(new URL(server.server).origin, gate.url.origin);
  writeFileSync(kubeconfig, text);
  const { leader, standby, screen } = await stage('cut', { kubeconfig });
  await gate.interrupt(async () => {
    await screen.until(/RECONNECTING for [\s\S]*last seen .* ago: HELD {2}by a/);
    leader.kill('SIGKILL');
    await standby?.waitFor(({ event }) => event === 'leading');
    expect(screen.text()).not.toMatch(/expired +a/);
  });
  await screen.until(/live[\s\S]*HELD {2}by b/);
  await screen.until(/░ not known/);
  expect(lane(screen, 'a')).toMatch(/━░+/);
  expect(screen.text()).toMatch(/acquired +b +from a, .*noticed late/);
  await gate.close();
});

it('a server that was away, and has forgotten the version from which the watch would go on (410)', async () => {
  const gate = await openGate(new URL(server.server));
  const kubeconfig = join(folder, 'compacted');
  const text = readFileSync(server.kubeconfig, 'utf8');
  writeFileSync(kubeconfig, text.replaceAll(new URL(server.server).origin, gate.url.origin));
  const { leader, standby, screen } = await stage('compacted', { kubeconfig });
  await gate.interrupt(async () => {
    await screen.until('RECONNECTING for');
    leader.kill('SIGTERM');
    await standby?.waitFor(({ event }) => event === 'leading');
    // Whatever the screen has seen is older than what the server keeps now.
    await server.compact();
  });
  await screen.until(/live[\s\S]*HELD {2}by b/);
  expect(screen.text()).toMatch(/acquired +b .*noticed late/);
  await gate.close();
});
