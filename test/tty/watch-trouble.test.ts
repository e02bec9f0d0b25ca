/** `kle watch` on a pseudo-terminal where something is wrong: our own clock, our rights, the Lease. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freeLease, NAMESPACE, openStage, type Stage } from '../support/chaos-stage.js';
import { findFaketime } from '../support/faketime.js';
import { type ShellOptions, shellSession } from '../support/shell-session.js';
import type { TerminalSession } from '../support/terminal.js';

const faketime = await findFaketime();
const LISTER = {
  name: 'lister',
  token: 'lister-token',
  rules: ['get', 'list'].map((verb) => ({ verb, resource: 'leases' })),
};
const BROKEN = freeLease('broken', { holderIdentity: 'x', leaseDurationSeconds: undefined });

let stage: Stage;
let session: TerminalSession | undefined;

beforeEach(async () => {
  stage = await openStage([freeLease('web'), BROKEN], [LISTER]);
  await stage.elector('web', 'web-0').holds;
});
afterEach(async () => {
  session?.end();
  await stage.close();
});

function watch(args: string, { env = {}, ...options }: ShellOptions = {}): TerminalSession {
  session = shellSession(`watch -n ${NAMESPACE} ${args}`, { ...options, env: { ...stage.env, ...env } });
  return session;
}

/** So many frames later: the term has grown older in each. */
async function framesLater(screen: TerminalSession, count: number): Promise<void> {
  const ages = new Set<string>();
  await screen.until(() => {
    ages.add(/for ([\d.]+s)/.exec(screen.text())?.[1] ?? '');
    return ages.size > count;
  });
}

it.skipIf(faketime === null)('our wall clock steps an hour, either way: nothing expires', async () => {
  const wall = await faketime?.clock();
  const screen = watch('web', { env: { ...wall?.env } });
  await screen.until(/HELD {2}by web-0 .*\(observed\)/);
  for (const ms of [3_600_000, -3_600_000]) {
    await wall?.step(ms);
    await framesLater(screen, 6);
    expect(screen.text()).toMatch(/HELD {2}by web-0 .*\(observed\)/);
    expect(screen.text()).not.toMatch(/EXPIRED|expired/);
  }
  await wall?.remove();
});

it('polls where it may not watch, says so, and still sees a hand-over', async () => {
  const kubeconfig = `${stage.kubeconfig}-lister`;
  const user = /client-certificate-data: .*\n +client-key-data: .*/;
  writeFileSync(kubeconfig, stage.sandbox.kubeconfig().replace(user, `token: ${LISTER.token}`));
  const screen = watch('web', { env: { KUBECONFIG: kubeconfig } });
  await screen.until(/polling \(may not watch\)[\s\S]*HELD {2}by web-0/);
  expect((await stage.kle('steal', 'web', '--yes', '--hold=1s', '--allow-overlap', '--then=leave')).code).toBe(0);
  await screen.until(/HELD {2}by kle\//);
});

it('shows a malformed Lease as such, and in the table beside the others', async () => {
  const screen = watch('broken');
  await screen.until(/MALFORMED[\s\S]*problems +.*leaseDurationSeconds absent/);
  screen.end();
  await watch('').until(/broken +malformed +x/);
});
