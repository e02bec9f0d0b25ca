import { rm } from 'node:fs/promises';
import { buildTestPrograms } from '../../scripts/test-programs.mjs';
import { connect } from '../../src/kube/connect.js';
import type { Connection } from '../../src/kube/http/connection.js';
import { createLeaseApi } from '../../src/kube/lease-api.js';
import { type LeaseApiUnderTest, leaseApiContract } from '../contract/lease-api.js';
import { startApiServer } from '../support/apiserver.js';
import { openGate } from '../support/tcp-gate.js';

/** KLE_TEST_APISERVER: the path of a binary built elsewhere. */
async function realServer(watchCache: boolean): Promise<LeaseApiUnderTest> {
  const binary = process.env.KLE_TEST_APISERVER ?? (await buildTestPrograms()).apiserver;
  const server = await startApiServer({ binary, watchCache });
  const connection = await connect({ kubeconfig: server.kubeconfig }, { env: {} });
  const gate = await openGate(connection.server);
  let hook: (() => Promise<void>) | null = null;
  const gated: Connection = {
    ...connection,
    server: gate.url,
    credential: async () => {
      await hook?.();
      return connection.credential();
    },
  };
  const api = createLeaseApi(gated);
  const direct = createLeaseApi(connection);
  const stranger = createLeaseApi({
    ...connection,
    credential: async () => ({ authorization: 'Bearer nobody-token' }),
  });
  return {
    api,
    stranger,
    namespaces: ['default', 'kube-system'],
    compact: () => server.compact(),
    interrupt: (meanwhile) => gate.interrupt(() => meanwhile(direct)),
    beforeRequests: (next) => {
      hook = next;
    },
    async stop() {
      for (const each of [api, direct, stranger]) each.close();
      await gate.close();
      await server.stop();
      await rm(server.dir, { recursive: true, force: true });
    },
  };
}

leaseApiContract('kube-apiserver', () => realServer(true), { interrupts: true, strangers: true });
// Without its cache the server reads from etcd, so that what compaction forgets is 410.
leaseApiContract('kube-apiserver without its watch cache', () => realServer(false), {
  compacts: true,
  interrupts: true,
  strangers: true,
});
