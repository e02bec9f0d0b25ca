import type { Connection } from '../../src/kube/http/connection.js';
import { createLeaseApi } from '../../src/kube/lease-api.js';
import { startSandbox } from '../../src/sandbox/server.js';
import { openGate } from '../support/tcp-gate.js';
import { connectionTo } from '../support/test-server.js';
import { type LeaseApiUnderTest, leaseApiContract } from './lease-api.js';

const HISTORY = 100;

async function sandbox(): Promise<LeaseApiUnderTest> {
  const nobody = { name: 'nobody', token: 'nobody-token', rules: [] };
  const server = await startSandbox({ users: [nobody], historySize: HISTORY });
  const tls = { insecure: false, ...(server.caPem !== null && { ca: server.caPem }) };
  const as = (token: string) =>
    connectionTo(new URL(server.url), { tls, present: { authorization: `Bearer ${token}` } });
  const admin = as(server.adminToken);
  const gate = await openGate(admin.server);
  let hook: (() => Promise<void>) | null = null;
  const gated: Connection = {
    ...admin,
    server: gate.url,
    credential: async () => {
      await hook?.();
      return admin.credential();
    },
  };
  const [api, direct, stranger] = [createLeaseApi(gated), createLeaseApi(admin), createLeaseApi(as(nobody.token))];
  let fillers = 0;
  return {
    api,
    stranger,
    namespaces: ['default', 'kube-system'],
    // It forgets what is far enough in the past.
    async compact() {
      for (let i = 0; i < 2 * HISTORY + 1; i++) {
        await direct.create({ metadata: { namespace: 'kube-public', name: `filler-${fillers++}` } });
      }
    },
    interrupt: (meanwhile) => gate.interrupt(() => meanwhile(direct)),
    beforeRequests: (next) => {
      hook = next;
    },
    async stop() {
      for (const each of [api, direct, stranger]) each.close();
      await gate.close();
      await server.close();
    },
  };
}

leaseApiContract('the sandbox', sandbox, { compacts: true, interrupts: true, strangers: true });
