import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type HandClock, handClock } from '../../../test/support/kubeconfig-hand-clock.js';
import { connect } from '../connect.js';
import { ConnectError, type Connection } from '../http/connection.js';
import type { ConnectEnv } from '../http/host.js';

const root = mkdtempSync(path.join(tmpdir(), 'kle-credential-'));
afterAll(() => rmSync(root, { recursive: true }));

const NOW = Date.UTC(2026, 0, 1);
let dir: string;
let clock: HandClock;
beforeEach(() => {
  dir = mkdtempSync(path.join(root, 'case-'));
  clock = handClock(NOW);
});

const put = (name: string, text: string, mode = 0o600): void => writeFileSync(path.join(dir, name), text, { mode });

function withUser(user: object, more: Partial<ConnectEnv> = {}): ReturnType<typeof connect> {
  put(
    'config',
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://192.0.2.1' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user }],
      'current-context': 'x',
    }),
  );
  const env = { PATH: process.env.PATH ?? '', KUBECONFIG: path.join(dir, 'config') };
  return connect({}, { env, clock, stdinIsTerminal: () => false, onPluginOutput: () => {}, ...more });
}

/** A plugin that counts its runs in the file `runs` and gives `token-<run>`. */
function plugin(status = '"token":"token-%s"'): object {
  put('runs', '');
  const answer = `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{${status}}}`;
  const script = `#!/bin/sh\nprintf x >> '${dir}/runs'\nprintf '${answer}' "$(wc -c < '${dir}/runs' | tr -d ' ')"\n`;
  put('plugin', script, 0o755);
  return {
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin', interactiveMode: 'IfAvailable' },
  };
}
const runs = (): number => readFileSync(path.join(dir, 'runs'), 'utf8').length;
const at = (ms: number): string => new Date(NOW + ms).toISOString();

describe('token files', () => {
  test('are read again after a minute, not before', async () => {
    put('tok', 'one');
    const connection = await withUser({ tokenFile: 'tok' });
    const first = await connection.credential();
    put('tok', 'two');
    clock.advance(59_999);
    expect(await connection.credential()).toBe(first);
    clock.advance(1);
    expect(await connection.credential()).toEqual({ authorization: 'Bearer two' });
  });

  test('are read again after a 401', async () => {
    put('tok', 'one');
    const connection = await withUser({ tokenFile: 'tok' });
    put('tok', 'two');
    expect(connection.forgetCredential()).toBe(true);
    expect(await connection.credential()).toEqual({ authorization: 'Bearer two' });
  });

  test('that vanish leave the last token; the same content is the same object', async () => {
    put('tok', 'one');
    const connection = await withUser({ tokenFile: 'tok' });
    const first = await connection.credential();
    clock.advance(60_000);
    expect(await connection.credential()).toBe(first);
    rmSync(path.join(dir, 'tok'));
    clock.advance(60_000);
    expect(await connection.credential()).toBe(first);
  });

  test('a token of the kubeconfig itself brings nothing new', async () => {
    const connection = await withUser({ token: 'T' });
    expect(connection.forgetCredential()).toBe(false);
    expect(await connection.credential()).toEqual({ authorization: 'Bearer T' });
  });
});

describe('exec plugins', () => {
  test('do not run before they are asked, then once', async () => {
    const connection = await withUser(plugin());
    expect(runs()).toBe(0);
    const both = await Promise.all([connection.credential(), connection.credential()]);
    expect(both).toEqual([{ authorization: 'Bearer token-1' }, { authorization: 'Bearer token-1' }]);
    clock.advance(1_000_000_000);
    expect(await connection.credential()).toEqual({ authorization: 'Bearer token-1' });
    expect(runs()).toBe(1);
  });

  test('run again after a 401', async () => {
    const connection = await withUser(plugin());
    await connection.credential();
    expect(connection.forgetCredential()).toBe(true);
    expect(await connection.credential()).toEqual({ authorization: 'Bearer token-2' });
  });

  test('a 401 that arrives while they run does not run them once more', async () => {
    const connection = await withUser(plugin());
    const pending = connection.credential();
    expect(connection.forgetCredential()).toBe(true);
    await pending;
    expect(await connection.credential()).toEqual({ authorization: 'Bearer token-1' });
  });

  /** The plugin has been asked again and has answered: a second asker waits for the run that the first one began. */
  const renewed = async (connection: Connection, token: string) => {
    for (;;) {
      const { authorization } = await connection.credential();
      if (authorization === `Bearer ${token}`) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  test('run again ten seconds before what they gave expires, while that is still given out', async () => {
    const connection = await withUser(plugin(`"token":"token-%s","expirationTimestamp":"${at(600_000)}"`));
    await connection.credential();
    clock.advance(589_999);
    expect(await connection.credential()).toEqual({ authorization: 'Bearer token-1' });
    expect(runs()).toBe(1);
    clock.advance(1);
    expect(await connection.credential()).toEqual({ authorization: 'Bearer token-1' });
    await renewed(connection, 'token-2');
  });

  test('are waited for once what they gave has expired', async () => {
    const connection = await withUser(plugin(`"token":"token-%s","expirationTimestamp":"${at(600_000)}"`));
    await connection.credential();
    clock.advance(600_000);
    expect(await connection.credential()).toEqual({ authorization: 'Bearer token-2' });
  });

  test('what lives shortly is used for nine tenths of its life', async () => {
    const connection = await withUser(plugin(`"token":"token-%s","expirationTimestamp":"${at(5_000)}"`));
    await connection.credential();
    clock.advance(4_499);
    await connection.credential();
    expect(runs()).toBe(1);
    clock.advance(1);
    await renewed(connection, 'token-2');
  });

  test('a failure is not kept', async () => {
    const connection = await withUser(plugin());
    put('plugin', '#!/bin/sh\nexit 1\n', 0o755);
    await expect(connection.credential()).rejects.toThrow(ConnectError);
    plugin();
    expect(await connection.credential()).toEqual({ authorization: 'Bearer token-1' });
  });

  test('say on what terms they run, and how to get them', async () => {
    const { exec } = plugin() as { exec: object };
    const connection = await withUser({
      exec: { ...exec, command: 'kle-none', installHint: 'brew install it\n\nor so' },
    });
    const error = (await connection.credential().catch((reason: unknown) => reason)) as ConnectError;
    expect(error.message).toBe('the credential plugin kle-none was not found');
    expect(error.tries.slice(0, 2)).toEqual(['brew install it', 'or so']);
  });

  test.each([
    ['never', 'Never', true, false],
    ['with a terminal', 'IfAvailable', true, true],
    ['without one', 'IfAvailable', false, false],
  ])('know whether they may ask questions: %s', async (_, interactiveMode, terminal, told) => {
    const { exec } = plugin() as { exec: object };
    put('plugin', `#!/bin/sh\nprintf %s "$KUBERNETES_EXEC_INFO" > '${dir}/info'\nexit 9\n`, 0o755);
    const connection = await withUser({ exec: { ...exec, interactiveMode } }, { stdinIsTerminal: () => terminal });
    await expect(connection.credential()).rejects.toThrow('failed with exit code 9');
    expect(JSON.parse(readFileSync(path.join(dir, 'info'), 'utf8')).spec).toEqual({ interactive: told });
  });

  test('that print without end are stopped', async () => {
    const connection = await withUser(plugin());
    put('plugin', '#!/bin/sh\nexec yes SECRET\n', 0o755);
    await expect(connection.credential()).rejects.toThrow(/printed more than a credential$/);
  });
});

describe('in a Pod', () => {
  const pod = (more: NodeJS.ProcessEnv = {}): ConnectEnv => ({
    env: { HOME: dir, KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443', ...more },
    clock,
    serviceAccountDir: dir,
  });
  const CA = '-----BEGIN CERTIFICATE-----\n';
  beforeEach(() => {
    put('token', 'sa-1\n');
    put('ca.crt', CA);
    put('namespace', 'team-a\n');
  });

  test('the service account', async () => {
    const connection = await connect({}, pod());
    expect(connection.server.href).toBe('https://10.0.0.1/');
    expect(connection.namespace).toBe('team-a');
    expect(connection.contextName).toBeNull();
    expect(connection.tls).toEqual({ insecure: false, ca: Buffer.from(CA) });
    expect(await connection.credential()).toEqual({ authorization: 'Bearer sa-1' });
    put('token', 'sa-2');
    clock.advance(60_000);
    expect(await connection.credential()).toEqual({ authorization: 'Bearer sa-2' });
  });

  test('IPv6, POD_NAMESPACE, no CA', async () => {
    rmSync(path.join(dir, 'ca.crt'));
    const connection = await connect({}, pod({ KUBERNETES_SERVICE_HOST: 'fd00::1', POD_NAMESPACE: 'own' }));
    expect(connection.server.href).toBe('https://[fd00::1]/');
    expect(connection.namespace).toBe('own');
    expect(connection.tls).toEqual({ insecure: false });
  });

  test('flags are laid over it', async () => {
    const flags = { token: 'FLAG', as: 'me', namespace: 'n', insecureSkipTlsVerify: true };
    const connection = await connect(flags, pod());
    expect(await connection.credential()).toEqual({ authorization: 'Bearer FLAG' });
    expect(connection.headers).toEqual([['Impersonate-User', 'me']]);
    expect(connection.namespace).toBe('n');
    expect(connection.tls).toEqual({ insecure: true });
  });

  test('its token is not sent to another server', async () => {
    const connection = await connect({ server: 'https://192.0.2.1' }, pod());
    expect(await connection.credential()).toEqual({});
    expect(connection.namespace).toBe('team-a');
  });

  test('a kubeconfig wins, with the namespace of the Pod unless it has one', async () => {
    put('kc', JSON.stringify({ clusters: [{ name: 'c', cluster: { server: 'https://192.0.2.1' } }] }));
    const connection = await connect({ cluster: 'c' }, pod({ KUBECONFIG: path.join(dir, 'kc') }));
    expect(connection.server.host).toBe('192.0.2.1');
    expect(connection.namespace).toBe('team-a');
  });

  test('a context that does not exist is no reason to take the service account', async () => {
    await expect(connect({ context: 'x' }, pod())).rejects.toThrow('context "x" does not exist; known: none');
  });

  test.each([['KUBERNETES_SERVICE_HOST'], ['KUBERNETES_SERVICE_PORT']])('is not assumed without %s', async (name) => {
    await expect(connect({}, pod({ [name]: '' }))).rejects.toThrow(/^no cluster to connect to: /);
  });

  test('is not assumed without a token', async () => {
    rmSync(path.join(dir, 'token'));
    await expect(connect({}, pod())).rejects.toThrow(/^no cluster to connect to: /);
  });
});
