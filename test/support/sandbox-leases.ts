/** Leases of a sandbox, written as an elector would. */
import { request } from 'node:https';
import { formatMicroTime } from '../../src/lease/micro-time.js';
import type { Sandbox } from '../../src/sandbox/server.js';

export const NAMESPACE = 'shop';

/** Now, as Leases have it. */
export const now = (): string => formatMicroTime(BigInt(Date.now()) * 1000n);

/** An object to start a sandbox with: held and renewed just now. */
export const heldLease = (name: string, holder: string, spec: Record<string, unknown> = {}) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    holderIdentity: holder,
    leaseDurationSeconds: 60,
    acquireTime: now(),
    renewTime: now(),
    leaseTransitions: 2,
    ...spec,
  },
});

/** Changes members of the spec. */
export const patchLease = (sandbox: Sandbox, name: string, spec: Record<string, unknown>): Promise<void> =>
  call(sandbox, 'PATCH', name, JSON.stringify({ spec }));

export const deleteLease = (sandbox: Sandbox, name: string): Promise<void> => call(sandbox, 'DELETE', name);

function call(sandbox: Sandbox, method: string, name: string, body?: string): Promise<void> {
  const headers = { authorization: `Bearer ${sandbox.adminToken}`, 'content-type': 'application/merge-patch+json' };
  const path = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/${name}`;
  return new Promise((resolve, reject) => {
    const sent = request(sandbox.url + path, { method, ca: sandbox.caPem ?? '', headers }, (answer) => {
      answer.resume();
      answer.on('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}`))));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
