/** What would be published: complete, without dependencies, without scripts that run at installation. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'kle-package-'));
const packed = join(folder, 'package');

beforeAll(() => {
  const said = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
  });
  const [{ filename }] = JSON.parse(said) as [{ filename: string }];
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', folder]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('runs from the tarball alone', () => {
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [join(packed, 'bin/kle.js'), ...args], { encoding: 'utf8' });
  const manifest = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8'));
  expect(run('--version')).toBe(`kle ${manifest.version}\n`);
  expect(run('sandbox', '--', 'sh', '-c', 'echo ready')).toBe('ready\n');
});

it('has no dependency and runs nothing when it is installed', () => {
  const manifest = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8'));
  expect(manifest.dependencies ?? {}).toEqual({});
  for (const script of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts).not.toHaveProperty(script);
  expect(manifest.bin).toEqual({ kle: 'bin/kle.js', 'kubectl-kle': 'bin/kle.js' });
});

it('brings the licences of what is bundled', () => {
  const text = readFileSync(join(packed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
  for (const name of ['@oclif/core', 'chalk', 'yaml', '@peculiar/x509', 'rfc6902'])
    expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
  expect(existsSync(join(packed, 'LICENSE'))).toBe(true);
});

it('has nothing for publint to mind', async () => {
  const { messages, pkg } = await publint({ pkgDir: packed, level: 'suggestion' });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});
