/**
 * An API server for Leases on loopback. What it serves it serves as kube-apiserver v1.36 does; what it does not serve
 * it refuses as kube-apiserver refuses the unknown.
 *
 * Limits (docs/sandbox.md explains them):
 * - Answers are JSON, bodies too; protobuf bodies only of leases, delete options and access reviews. Other forms are
 *   answered 415 or 406. Server-side apply is answered 415.
 * - Resources: leases, events (both groups), namespaces, configmaps, pods, serviceaccounts, selfsubjectaccessreviews.
 *   No subresources (status, finalize, eviction, log). Pods are kept as they come: no defaults, no kubelet, no grace.
 * - managedFields of Pods see spec members, not what is inside them.
 * - Rules of a user are verbs and resources in all namespaces; there is no RBAC API, no impersonation, no admission
 *   beyond the life cycle of namespaces. A namespace is emptied at once when it is deleted; nothing else is collected.
 * - Events do not expire. Objects live in memory. WebSocket watches are answered as HTTP watches.
 * - OpenAPI is v3 only and has no more than kubectl needs.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Clock } from '../platform/clock.js';
import { systemClock } from '../platform/clock.js';
import type { Rule, TokenUser } from './api/access.js';
import type { ApiServer } from './api/api-server.js';
import { startControllers } from './controllers.js';
import { ADMIN_GROUP, ADMIN_USER, type Certificates, makeCertificates } from './http/certificates.js';
import { listen, type RequestLine } from './http/listener.js';
import { kubeconfigText } from './kubeconfig.js';
import { catalog } from './resources/catalog.js';
import { seed } from './seed.js';
import { Store } from './store.js';

export type { Rule } from './api/access.js';
export type { RequestLine } from './http/listener.js';
export { SeedError } from './seed.js';

export interface SandboxUser {
  name: string;
  token: string;
  groups?: string[];
  rules: 'all' | Rule[];
}

export interface SandboxOptions {
  /** 0 or absent: a free one. */
  port?: number;
  /** Plain HTTP. Answers only to 127.0.0.1 and localhost, refuses requests with an Origin, and still wants the token. */
  http?: boolean;
  users?: SandboxUser[];
  /** Objects to start with, in order, checked as if they were POSTed; namespaces they need are made. */
  objects?: unknown[];
  clock?: Clock;
  /** Numbers from 0 to below 1, for the length of watches without a timeout. */
  random?: () => number;
  newUid?: () => string;
  /** The five characters that complete a generateName. */
  nameSuffix?: () => string;
  onRequest?: (line: RequestLine) => void;
  /** Changes remembered for watches that resume; at least so many, at most twice as many. */
  historySize?: number;
  firstRevision?: number;
  bookmarkEveryMs?: number;
  /** How long a read waits for a resourceVersion from the future before 504. */
  futureWaitMs?: number;
  /** The feature gate: without it spec.strategy and spec.preferredHolder are dropped silently, as servers do by default. */
  coordinatedLeaderElection?: boolean;
}

export interface Sandbox {
  url: string;
  /** Null without TLS. */
  caPem: string | null;
  port: number;
  adminToken: string;
  /** YAML: context `kle-sandbox` with the credentials of the administrator, and one for each further user. */
  kubeconfig(): string;
  /** The administrator's client certificate; null without TLS. */
  adminCertificate: { certificate: string; key: string } | null;
  store: Store;
  /** Ends every connection and frees the port. */
  close(): Promise<void>;
}

const SERVER_VERSION = 'v1.36.3';
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** Rejects with SeedError for an object that is refused, and with code EADDRINUSE when the port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const clock = options.clock ?? systemClock;
  const certificates = options.http ? undefined : await makeCertificates(Number(clock.wallMicros() / 1000n));
  const adminToken = randomBytes(24).toString('base64url');
  const server = newApiServer(options, clock);
  const stopControllers = startControllers(server, certificates?.caPem ?? '');
  seed(server, options.objects ?? []);
  const random = options.random ?? Math.random;
  const users = allUsers(options, adminToken);
  const port = options.port ?? 0;
  const listener = await listen(server, { port, certificates, users, random, onRequest: options.onRequest }).catch(
    (error: NodeJS.ErrnoException) => {
      stopControllers();
      throw error.code === 'EADDRINUSE'
        ? Object.assign(new Error(`port ${port} of 127.0.0.1 is in use`, { cause: error }), { code: 'EADDRINUSE' })
        : error;
    },
  );
  server.address = `127.0.0.1:${listener.port}`;
  const url = `${options.http ? 'http' : 'https'}://${server.address}`;
  return {
    url,
    caPem: certificates?.caPem ?? null,
    port: listener.port,
    adminToken,
    kubeconfig: () => kubeconfigOf(url, certificates, adminToken, options.users ?? []),
    adminCertificate: certificates?.admin ?? null,
    store: server.store,
    close: () => {
      stopControllers();
      return listener.close();
    },
  };
}

function newApiServer(options: SandboxOptions, clock: Clock): ApiServer {
  return {
    store: new Store({
      ...(options.historySize === undefined ? {} : { historySize: options.historySize }),
      ...(options.firstRevision === undefined ? {} : { firstRevision: options.firstRevision }),
    }),
    resources: catalog(options.coordinatedLeaderElection ?? true),
    clock,
    newUid: options.newUid ?? randomUUID,
    newAuditId: randomUUID,
    nameSuffix: options.nameSuffix ?? randomSuffix,
    address: '',
    serverVersion: SERVER_VERSION,
    futureWaitMs: options.futureWaitMs ?? 3_000,
    bookmarkEveryMs: options.bookmarkEveryMs ?? 60_000,
  };
}

const randomSuffix = (): string =>
  Array.from({ length: 5 }, () => SUFFIX_ALPHABET.charAt(randomInt(SUFFIX_ALPHABET.length))).join('');

function allUsers(options: SandboxOptions, adminToken: string): TokenUser[] {
  const users = (options.users ?? []).map((user) => ({ groups: [], ...user }));
  return [{ name: ADMIN_USER, token: adminToken, groups: [ADMIN_GROUP], rules: 'all' }, ...users];
}

/** The certificate rather than the token where there is one: it works with every client and is not in any header. */
function kubeconfigOf(
  url: string,
  certificates: Certificates | undefined,
  token: string,
  others: readonly { name: string; token: string }[],
): string {
  return kubeconfigText({ url, caPem: certificates?.caPem ?? null, certificate: certificates?.admin, token, others });
}
