/**
 * Tests against a real kube-apiserver, unmodified electors and an unmodified @kubernetes/client-node: builds or fetches them
 * (or reuses them), then runs test/cluster.
 *
 *   npm run test:cluster               what CI runs
 *   npm run test:cluster -- --long     the full counts
 *   npm run test:cluster -- FILTER     only files whose path contains FILTER
 *
 * Exit codes: those of the tests; 3 a toolchain is missing (what and where to get it is on stderr).
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTestPrograms, fetchClientNode, MissingToolchain } from './test-programs.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

async function programs() {
  try {
    return { ...(await buildTestPrograms()), clientNode: await fetchClientNode() };
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(error instanceof MissingToolchain ? 3 : 1);
  }
}

const { apiserver, clientGo, clientNode, controllerRuntime, kubeLeaderElection } = await programs();
const args = process.argv.slice(2);
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const run = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', 'vitest.cluster.config.ts', ...args.filter((arg) => arg !== '--long')],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      KLE_TEST_APISERVER: apiserver,
      KLE_TEST_CLIENT_GO: clientGo,
      KLE_TEST_CLIENT_NODE: clientNode,
      KLE_TEST_CONTROLLER_RUNTIME: controllerRuntime,
      KLE_TEST_KUBE_LEADER_ELECTION: kubeLeaderElection,
      ...(args.includes('--long') ? { KLE_TEST_LONG: '1' } : {}),
    },
  },
);
process.exit(run.status ?? 1);
