/** The cases of `support/kubeconfig-cases.ts` given to kubectl: does it send what we say it sends, and refuse what we refuse? */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../src/kube/connect.js';
import type { ConnectionFlags } from '../src/kube/http/connection.js';
import { KUBECONFIG_CASES } from './support/kubeconfig-cases.js';
import { type Folder, layOut } from './support/kubeconfig-folder.js';
import { PROXY_CASES } from './support/kubeconfig-proxies.js';
import { type Seen, type Servers, startServers } from './support/kubeconfig-server.js';

/** Another version: KUBECTL=/path/to/kubectl. */
const program = process.env.KUBECTL ?? 'kubectl';
const kubectl = spawnSync(program, ['version', '--client'], { encoding: 'utf8' });
if (kubectl.status !== 0)
  console.warn('skipped: comparison with kubectl, because there is no kubectl (on PATH, or at $KUBECTL)');

let servers: Servers;
let root: string;
beforeAll(async () => {
  servers = await startServers();
  root = mkdtempSync(path.join(tmpdir(), 'kle-kubectl-'));
});
afterAll(() => {
  servers.close();
  rmSync(root, { recursive: true });
});

function flagWords(flags: ConnectionFlags): string[] {
  const { asGroup, certificateAuthority, insecureSkipTlsVerify, asUid, ...plain } = flags;
  const words = Object.entries(plain).map(([name, value]) => `--${name}=${value}`);
  if (certificateAuthority) words.push(`--certificate-authority=${certificateAuthority}`);
  if (insecureSkipTlsVerify !== undefined) words.push(`--insecure-skip-tls-verify=${insecureSkipTlsVerify}`);
  if (asUid) words.push(`--as-uid=${asUid}`);
  for (const group of asGroup ?? []) words.push(`--as-group=${group}`);
  return words;
}

/** Without blocking: the servers kubectl talks to live in this process. */
function run(
  words: string[],
  { env, flags }: Folder,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(program, [...flagWords(flags), ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe.skipIf(kubectl.status !== 0)('kubectl', () => {
  test.each(KUBECONFIG_CASES)('$name', async (given) => {
    const dir = mkdtempSync(path.join(root, 'case-'));
    const folder = layOut(dir, given, servers);
    servers.take();
    const { code, stderr } = await run(['version', '-o', 'json'], folder);
    const sent = servers.take();
    const did: Seen | 'refused' = code === 0 && sent ? sent : 'refused';
    const told = path.join(dir, 'info');
    const toldByKubectl = existsSync(told) ? readFileSync(told, 'utf8') : null;
    const ours = given.expect instanceof RegExp ? 'refused' : given.expect;
    if (given.differs) expect(did, `the difference is gone: ${given.differs}`).not.toEqual(ours);
    else expect(did, stderr).toEqual(ours);
    if (ours === 'refused' || toldByKubectl === null) return;
    const connection = await connect(folder.flags, {
      env: folder.env,
      stdinIsTerminal: () => false,
      onPluginOutput: () => {},
    });
    await connection.credential();
    expect(JSON.parse(readFileSync(told, 'utf8'))).toEqual(JSON.parse(toldByKubectl));
  });

  const withNamespace = KUBECONFIG_CASES.filter(
    ({ namespace, flags, contextName }) => namespace && !flags?.namespace && contextName !== null,
  );
  test.each(withNamespace)('namespace: $name', async (given) => {
    const folder = layOut(mkdtempSync(path.join(root, 'case-')), given, servers);
    const { stdout, stderr } = await run(['config', 'view', '--minify', '-o', 'jsonpath={..namespace}'], folder);
    expect(stdout || 'default', stderr).toBe(given.namespace);
  });

  test.each(PROXY_CASES)('$server with NO_PROXY "$noProxy": $proxied', async ({ server, noProxy, proxied }) => {
    const env = { PATH: process.env.PATH ?? '', HOME: root, HTTP_PROXY: servers.httpUrl, NO_PROXY: noProxy };
    servers.take();
    await run(['version', '-o', 'json', '--request-timeout=1s'], { env, flags: { server } });
    expect(servers.take() !== null).toBe(proxied);
  });
});
