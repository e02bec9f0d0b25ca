import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KUBECONFIG_CASES } from '../../test/support/kubeconfig-cases.js';
import { layOut } from '../../test/support/kubeconfig-folder.js';
import { type Servers, sendVersion, startServers } from '../../test/support/kubeconfig-server.js';
import { connect } from './connect.js';
import { ConnectError } from './http/connection.js';

let servers: Servers;
let root: string;
beforeAll(async () => {
  servers = await startServers();
  root = mkdtempSync(path.join(tmpdir(), 'kle-connect-'));
});
afterAll(() => {
  servers.close();
  rmSync(root, { recursive: true });
});

const folder = (): string => mkdtempSync(path.join(root, 'case-'));

/** Everything of a ConnectError that could be shown. */
const shown = (error: unknown): string => {
  expect(error).toBeInstanceOf(ConnectError);
  const { message, tries } = error as ConnectError;
  return [message, ...tries].join('\n');
};

describe('what a kubeconfig comes to', () => {
  test.each(KUBECONFIG_CASES)('$name', async (given) => {
    const dir = folder();
    const { env, flags } = layOut(dir, given, servers);
    servers.take();
    const attempt = async () => {
      const connection = await connect(flags, { env, stdinIsTerminal: () => false, onPluginOutput: () => {} });
      await sendVersion(connection);
      return connection;
    };
    if (given.expect instanceof RegExp) {
      const error = await attempt().catch((reason: unknown) => reason);
      expect(shown(error).split('\n')[0]).toMatch(given.expect);
      expect(shown(error)).not.toMatch(/SECRET|AAAA|BBBB|123456/);
      expect(servers.take()).toBeNull();
      return;
    }
    const connection = await attempt();
    expect(servers.take()).toEqual(given.expect);
    if (given.namespace !== undefined) expect(connection.namespace).toBe(given.namespace);
    if (given.contextName !== undefined) expect(connection.contextName).toBe(given.contextName);
  });

  test('there are cases, each with a name of its own', () => {
    const names = KUBECONFIG_CASES.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(80);
    expect(new Set(names).size).toBe(names.length);
  });
});

test('an explicit --insecure-skip-tls-verify=false verifies, whatever the kubeconfig says', async () => {
  const given = KUBECONFIG_CASES.find(({ name }) => name === 'insecure');
  if (!given) throw new Error('the case is gone');
  const { env } = layOut(folder(), given, servers);
  expect((await connect({}, { env })).tls.insecure).toBe(true);
  expect((await connect({ insecureSkipTlsVerify: false }, { env })).tls.insecure).toBe(false);
});

describe('what a plugin is told', () => {
  test('the cluster, when asked for', async () => {
    const given = KUBECONFIG_CASES.find(({ name }) => name === 'exec with cluster information');
    if (!given) throw new Error('the case is gone');
    const dir = folder();
    const { env, flags } = layOut(dir, given, servers);
    const said: string[] = [];
    const connection = await connect(flags, { env, onPluginOutput: (text) => said.push(text) });
    expect(existsSync(path.join(dir, 'info'))).toBe(false);
    await connection.credential();
    expect(JSON.parse(readFileSync(path.join(dir, 'info'), 'utf8'))).toEqual({
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      spec: {
        interactive: false,
        cluster: {
          server: `${servers.httpsUrl}/p/`,
          'tls-server-name': '127.0.0.1',
          'certificate-authority-data': Buffer.from(servers.ca).toString('base64'),
          'disable-compression': true,
          // `n` is a boolean in YAML 1.1, and so it is for kubectl.
          config: { audience: 'a', false: [1, true] },
        },
      },
    });
    expect(said.join('')).toBe('a word from the plugin\n');
  });
});
