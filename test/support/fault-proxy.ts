/**
 * A proxy between clients and an API server, on loopback, that fails as it is told to. Each client has a port of its
 * own and a kubeconfig for it; the proxy speaks to the API server with the credential of its own kubeconfig.
 *
 *   const proxy = await startFaultProxy({ kubeconfig: server.kubeconfig });
 *   const a = await proxy.client('a');                      // a.kubeconfig for the process under test
 *   const late = a.fault({ verb: 'update', nth: 3 }, { do: 'hold' });
 *   await late.hit();                                       // the third PUT is here and stays here
 *   const [put] = await late.deliver();                     // put.upstreamStatus === 409
 *   await a.heal();
 *   await proxy.close();
 *
 * Of several faults that fit, the one planted last is meant. What goes through is passed on as it comes; nothing is
 * collected, except requests (which are small) and answers that are to be lost.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/kube/connect.js';
import { type ClientOptions, type FaultClient, openClient } from './fault-proxy-client.js';
import type { ProxiedRequest } from './fault-proxy-rules.js';
import { Upstream } from './fault-proxy-upstream.js';
import { makeAuthority } from './test-certificates.js';

export type { FaultClient } from './fault-proxy-client.js';

export interface FaultProxy {
  /** Of all clients, in order of arrival. */
  readonly requests: readonly ProxiedRequest[];
  client(name: string, options?: ClientOptions): Promise<FaultClient>;
  /** Every client. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

export async function startFaultProxy({ kubeconfig }: { kubeconfig: string }): Promise<FaultProxy> {
  const connection = await connect({ kubeconfig }, { env: {} });
  const folder = await mkdtemp(join(tmpdir(), 'kle-fault-proxy-'));
  const authority = await makeAuthority();
  const certificate = await authority.issue({ ip: '127.0.0.1' });
  const requests: ProxiedRequest[] = [];
  const clients: FaultClient[] = [];
  const upstreams: Upstream[] = [];
  return {
    requests,
    async client(name, options = {}) {
      const upstream = await Upstream.of(connection, options.token);
      upstreams.push(upstream);
      const near = { folder, ca: authority.ca, certificate };
      const client = await openClient(name, options, { ...near, upstream, namespace: connection.namespace, requests });
      clients.push(client);
      return client;
    },
    async heal() {
      await Promise.all(clients.map((client) => client.heal()));
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      for (const upstream of upstreams) upstream.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
