import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from './server.js';

function missing(): string | undefined {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'kubectl is not installed: the sandbox is not tried with it';
  }
}
const reason = missing();
if (reason) console.warn(`skipped: ${reason}`);

describe.skipIf(reason !== undefined)('kubectl on a sandbox', () => {
  let sandbox: Sandbox;
  let directory: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    const leases = ['one', 'two'].map((name) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'default', labels: { app: name } },
      spec: { holderIdentity: `holder-${name}`, leaseDurationSeconds: 15 },
    }));
    sandbox = await startSandbox({ objects: leases });
    directory = mkdtempSync(join(tmpdir(), 'kle-kubectl-'));
    const path = join(directory, 'kubeconfig');
    writeFileSync(path, sandbox.kubeconfig(), { mode: 0o600 });
    env = { ...process.env, KUBECONFIG: path, HOME: directory };
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const kubectl = async (...args: string[]) => (await promisify(execFile)('kubectl', args, { env })).stdout;

  it('gets', async () => {
    expect(await kubectl('get', 'lease')).toMatch(/NAME +HOLDER +AGE\none +holder-one +\S+\ntwo +holder-two/);
    expect(await kubectl('get', 'leases', '-A', '-l', 'app=two', '-o', 'name')).toBe('lease.coordination.k8s.io/two\n');
    expect(await kubectl('get', 'lease', 'one', '-o', 'jsonpath={.spec.holderIdentity}')).toBe('holder-one');
    expect(await kubectl('get', 'namespaces')).toMatch(/default +Active/);
  });

  it('describes', async () => {
    expect(await kubectl('describe', 'lease', 'one')).toMatch(/Holder Identity: +holder-one/);
  });

  it('watches', async () => {
    const child = spawn('kubectl', ['get', 'lease', 'one', '-w', '--no-headers'], { env });
    const lines: string[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    await expect.poll(() => lines[0], { timeout: 10_000 }).toMatch(/^one +holder-one/);
    // kubectl lists first and watches then, so a change between the two would not be shown: changes until one is.
    let count = 0;
    const change = () => {
      const stored = sandbox.store.get('leases', 'default/one');
      if (stored)
        sandbox.store.update('leases', 'default/one', { ...stored, spec: { holderIdentity: `next-${count++}` } });
      return lines[1];
    };
    await expect.poll(change, { timeout: 10_000 }).toMatch(/^one +next-\d/);
    child.kill();
  });

  it('deletes', async () => {
    expect(await kubectl('delete', 'lease', 'two')).toMatch(/lease.coordination.k8s.io "two" deleted/);
    await expect(kubectl('get', 'lease', 'two')).rejects.toThrow('leases.coordination.k8s.io "two" not found');
  });

  it('asks what it may do', async () => {
    expect(await kubectl('auth', 'can-i', 'create', 'leases')).toBe('yes\n');
  });
});
