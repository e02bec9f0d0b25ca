/** A KubeConfig of client-node, or anything shaped like it, as a Connection. */

import { keepFresh } from '../kube/credentials/keep-fresh.js';
import { ConnectError, type Connection, type Credential } from '../kube/http/connection.js';
import { headerValue } from '../kube/http/headers.js';
import { proxyFor } from '../kube/http/proxy.js';
import { serverUrl } from '../kube/http/server-url.js';
import type { Clock } from '../platform/clock.js';
import type { KubeConfigLike } from './types.js';

/** What `applyToHTTPSOptions` leaves in its argument (client-node `config.ts`). */
interface Applied {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  /** `user:password`. */
  auth?: string;
  rejectUnauthorized?: boolean;
  servername?: string;
  headers?: Record<string, unknown>;
}

/** A credential this old is asked for again, beside the request that noticed. client-node keeps tokens itself. */
const ASK_AGAIN_AFTER_MS = 10_000;
/** The same while nothing is requested: client-node runs a plugin that names no expiry each time. */
const IDLE_ASK_AFTER_MS = 60_000;

/** Rejects with ConnectError when there is no cluster in it, or its credential cannot be had. */
export async function connectionOf(config: KubeConfigLike, env: NodeJS.ProcessEnv, clock: Clock): Promise<Connection> {
  const cluster = config.getCurrentCluster();
  if (!cluster?.server) {
    throw new ConnectError('the kubeConfig has no current cluster', [
      'load one: loadFromDefault(), loadFromFile(FILE) or loadFromCluster()',
    ]);
  }
  const server = serverUrl(cluster.server);
  const first = await apply(config);
  const credential = new AgingCredential(config, first, clock);
  const servername = first.servername || cluster.tlsServerName;
  return {
    server,
    contextName: config.getCurrentContext?.() ?? null,
    namespace: namespaceOf(config) ?? 'default',
    tls: {
      insecure: first.rejectUnauthorized === false || cluster.skipTLSVerify === true,
      ...(first.ca !== undefined && { ca: first.ca }),
      ...(servername && { servername }),
    },
    proxy: proxyFor(server, cluster.proxyUrl, env),
    headers: otherHeaders(first),
    credential: () => credential.get(),
    forgetCredential: () => credential.forget(),
    keepFresh: () => keepFresh(credential, clock),
  };
}

function namespaceOf(config: KubeConfigLike): string | undefined {
  const name = config.getCurrentContext?.();
  const context = name === undefined ? null : config.getContextObject?.(name);
  return context?.namespace?.trim() || undefined;
}

async function apply(config: KubeConfigLike): Promise<Applied> {
  const options: Applied = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new ConnectError(`the kubeConfig has no credential: ${error instanceof Error ? error.message : error}`);
  }
  return options;
}

/** Impersonation, and whatever else an authenticator adds. */
function otherHeaders({ headers }: Applied): [name: string, value: string][] {
  return Object.entries(headers ?? {})
    .filter(([name, value]) => name.toLowerCase() !== 'authorization' && value !== undefined)
    .map(([name, value]) => [name, headerValue(String(value), `the value of ${name}`)]);
}

function credentialOf({ headers = {}, auth, cert, key }: Applied): Credential {
  const [, given] = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  const basic = auth === undefined ? undefined : `Basic ${Buffer.from(auth, 'utf8').toString('base64')}`;
  const authorization = given === undefined ? basic : headerValue(String(given), 'the Authorization of the kubeConfig');
  return {
    ...(authorization !== undefined && { authorization }),
    ...(cert != null && { cert }),
    ...(key != null && { key }),
  };
}

class AgingCredential {
  readonly #config: KubeConfigLike;
  readonly #clock: Clock;
  #current: Credential | null;
  #askedMs: number;
  #asking: Promise<Credential> | null = null;

  constructor(config: KubeConfigLike, first: Applied, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#current = credentialOf(first);
    this.#askedMs = clock.monoMs();
  }

  async get(): Promise<Credential> {
    if (this.#current === null) return this.#ask();
    // A renewal waits for no plugin: what we have goes on being good until the server says otherwise.
    if (this.#clock.monoMs() - this.#askedMs > ASK_AGAIN_AFTER_MS) this.#ask().catch(() => {});
    return this.#current;
  }

  forget(): boolean {
    this.#current = null;
    return true;
  }

  dueInMs(): number {
    return this.#askedMs + IDLE_ASK_AFTER_MS - this.#clock.monoMs();
  }

  renew(): Promise<unknown> {
    return this.#ask();
  }

  #ask(): Promise<Credential> {
    this.#asking ??= apply(this.#config)
      .then((applied) => this.#keep(credentialOf(applied)))
      .finally(() => {
        this.#asking = null;
        this.#askedMs = this.#clock.monoMs();
      });
    return this.#asking;
  }

  /** The object already handed out when nothing changed, so that sockets are used again. */
  #keep(now: Credential): Credential {
    const before = this.#current;
    const same =
      before !== null &&
      before.authorization === now.authorization &&
      String(before.cert) === String(now.cert) &&
      String(before.key) === String(now.key);
    this.#current = same ? before : now;
    return this.#current;
  }
}
