#!/usr/bin/env node
// Builds the programs that the cluster tests run: a real API server and unmodified electors.
//
//   node scripts/test-programs.mjs            paths as JSON on stdout, progress on stderr
//
// Exit codes: 0 built or cached, 1 a build failed, 3 a toolchain is missing or too old.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * `version` prints something with a version number in it; `build` leaves one executable at `out`, or at `leaves` where
 * the tool chooses the place. `sources` says which files of a program's folders decide what is built.
 */
const toolchains = {
  go: {
    title: 'Go',
    least: [1, 26],
    // Asked inside the module, so that Go's own switching of toolchains has its say.
    version: ['go', 'env', 'GOVERSION'],
    get: 'Install it from https://go.dev/doc/install or with your package manager.',
    sources: /(\.go|(^|\/)go\.(mod|sum))$/,
    build: (program, out) => ({
      command: [
        'go',
        'build',
        '-trimpath',
        '-ldflags',
        ['-s', '-w', ...(program.ldflags ?? [])].join(' '),
        '-o',
        out,
        '.',
      ],
      env: { CGO_ENABLED: '0' },
    }),
  },
  cargo: {
    title: 'Rust with cargo',
    least: [1, 94],
    version: ['cargo', '--version'],
    get: 'Install it from https://rustup.rs or with your package manager.',
    // Not what a build by hand has left in the folder.
    sources: /^(?!target\/)(.*\/)?([^/]+\.rs|Cargo\.(toml|lock))$/,
    build: (program) => {
      // Kept: after a change of our own few lines, the hundred crates below them need not be built again.
      const folder = join(cacheRoot(), 'cargo', program.name);
      return {
        command: ['cargo', 'build', '--release', '--locked', '--target-dir', folder],
        // Where it is set, the result would lie in a folder of its own.
        env: { CARGO_BUILD_TARGET: undefined },
        leaves: join(folder, 'release', program.name),
      };
    },
  },
};

const kubeVersion = 'k8s.io/component-base/version';

/** The key is the property of what `buildTestPrograms` returns. A later elector in another language is one more entry. */
const programs = {
  apiserver: {
    name: 'kle-apiserver',
    toolchain: 'go',
    folder: 'test/apiserver',
    // Unstamped, /version says v0.0.0-master and kubectl warns.
    ldflags: [
      `-X ${kubeVersion}.gitVersion=v1.36.3`,
      `-X ${kubeVersion}.gitMajor=1`,
      `-X ${kubeVersion}.gitMinor=36`,
      `-X ${kubeVersion}.gitTreeState=clean`,
    ],
  },
  clientGo: {
    name: 'elector-client-go',
    toolchain: 'go',
    folder: 'test/electors/client-go',
    also: ['test/electors/harness'],
  },
  controllerRuntime: {
    name: 'elector-controller-runtime',
    toolchain: 'go',
    folder: 'test/electors/controller-runtime',
    also: ['test/electors/harness'],
  },
  kubeLeaderElection: {
    name: 'elector-kube-leader-election',
    toolchain: 'cargo',
    folder: 'test/electors/kube-leader-election',
  },
};

export class MissingToolchain extends Error {}

/**
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<{ apiserver: string, clientGo: string, controllerRuntime: string, kubeLeaderElection: string }>}
 */
export async function buildTestPrograms({ log = toStderr } = {}) {
  const versions = await checkToolchains();
  const paths = {};
  // One after the other: each build uses every core, and the largest wants gigabytes.
  for (const [key, program] of Object.entries(programs)) {
    paths[key] = await buildOne(program, versions[program.toolchain], log);
  }
  return paths;
}

/** What users of the library hand to it. Fetched for the cluster tests alone, as it brings eighty packages along. */
const CLIENT_NODE = '@kubernetes/client-node@1.4.0';

/**
 * The folder of an unmodified @kubernetes/client-node, from npm.
 *
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<string>}
 */
export async function fetchClientNode({ log = toStderr } = {}) {
  const folder = join(cacheRoot(), CLIENT_NODE.replace(/\W+/g, '-'));
  const inside = join('node_modules', '@kubernetes', 'client-node');
  if (await exists(join(folder, inside))) {
    log(`${CLIENT_NODE}: cached`);
    return join(folder, inside);
  }
  log(`${CLIENT_NODE}: fetching`);
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const fetched = await run(['npm', 'install', '--prefix', unfinished, ...quiet, CLIENT_NODE], { cwd: unfinished });
  if (fetched.missing || fetched.code !== 0) throw new Error(`${CLIENT_NODE}: \`npm install\` did not bring it`);
  await rename(unfinished, folder);
  return join(folder, inside);
}

/** All of them before the first build: nobody should wait minutes to hear of the second missing tool. */
async function checkToolchains() {
  const versions = {};
  const problems = [];
  for (const [key, toolchain] of Object.entries(toolchains)) {
    const user = Object.values(programs).find((program) => program.toolchain === key);
    if (user === undefined) continue;
    const found = await run(toolchain.version, { cwd: join(root, user.folder), capture: true });
    versions[key] = found.stdout.trim();
    const problem = versionProblem(toolchain, found);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) throw new MissingToolchain(problems.join('\n'));
  return versions;
}

function versionProblem(toolchain, found) {
  const needed = `${toolchain.title} ${toolchain.least.join('.')} or newer is needed to build the test programs`;
  if (found.missing) return `${needed}, and there is no \`${toolchain.version[0]}\` on PATH.\n${toolchain.get}`;
  const version = /(\d+)\.(\d+)/.exec(found.stdout);
  if (found.code !== 0 || version === null) {
    return `${needed}, and \`${toolchain.version.join(' ')}\` failed: ${found.stderr.trim()}\n${toolchain.get}`;
  }
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const [leastMajor, leastMinor] = toolchain.least;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  return `${needed}; this is ${version[0]}.\n${toolchain.get}`;
}

async function buildOne(program, version, log) {
  const toolchain = toolchains[program.toolchain];
  const folder = join(cacheRoot(), await fingerprint(program, toolchain, version));
  const out = join(folder, program.name);
  if (await exists(out)) {
    log(`${program.name}: cached`);
    return out;
  }
  log(`${program.name}: building with ${version} (minutes the first time)`);
  const started = performance.now();
  await mkdir(folder, { recursive: true });
  // Renamed when whole: an interrupted build must not look like a cached one.
  const unfinished = `${out}.${process.pid}`;
  const { command, env, leaves } = toolchain.build(program, unfinished);
  const built = await run(command, { cwd: join(root, program.folder), env });
  if (built.code !== 0) throw new Error(`${program.name}: \`${command[0]}\` ended with ${built.code ?? built.signal}`);
  if (leaves !== undefined) await copyFile(leaves, unfinished);
  await rename(unfinished, out);
  log(`${program.name}: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return out;
}

async function fingerprint(program, toolchain, version) {
  const hash = createHash('sha256');
  const { command, env } = toolchain.build(program, 'out');
  hash.update(JSON.stringify([process.platform, process.arch, version, command, env]));
  for (const folder of [program.folder, ...(program.also ?? [])]) {
    for (const file of await sourcesIn(join(root, folder), toolchain.sources)) {
      const content = await readFile(join(root, folder, file));
      hash.update(JSON.stringify([folder, file, content.length])).update(content);
    }
  }
  return hash.digest('hex');
}

async function sourcesIn(folder, pattern) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => pattern.test(file))
    .sort();
}

function cacheRoot() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kle-test-programs');
}

function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function run([program, ...args], { cwd, env = {}, capture = false }) {
  return new Promise((resolve, reject) => {
    // A builder's chatter goes to stderr: stdout is one JSON document.
    const stdio = capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 2, 2];
    const child = spawn(program, args, { cwd, stdio, env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', (error) =>
      error.code === 'ENOENT' ? resolve({ missing: true, stdout, stderr }) : reject(error),
    );
    child.on('close', (code, signal) => resolve({ missing: false, code, signal, stdout, stderr }));
  });
}

function toStderr(line) {
  process.stderr.write(`${line}\n`);
}

// Real paths on both sides: Node resolves symbolic links in import.meta.url but not in argv.
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${JSON.stringify(await buildTestPrograms(), null, 2)}\n`);
  } catch (error) {
    toStderr(error.message);
    process.exitCode = error instanceof MissingToolchain ? 3 : 1;
  }
}
