/** What a user of a kubeconfig presents, and when that is looked up again. Precedence as in client-go. */
import { ConnectError, type Credential } from '../http/connection.js';
import { headerValue } from '../http/headers.js';
import { type Host, readNamed } from '../http/host.js';
import { checkPair } from '../http/pem.js';
import type { Cluster, User } from '../kubeconfig/kubeconfig.js';
import type { Expiring } from './keep-fresh.js';

export interface CredentialSource {
  get(): Promise<Credential>;
  /** True if `get` may bring another one afterwards. */
  forget(): boolean;
  /** Absent: it does not expire, or is no more than a file to be read. */
  expiring?: Expiring | undefined;
}

export interface CredentialSubject {
  user: User;
  /** How messages call the user. */
  who: string;
  /** What an exec plugin may be told of the cluster. */
  cluster: Cluster;
  ca: Buffer | null;
}

/** client-go re-reads token files about once a minute (`transport/token_source.go`), certificate files more often. */
const REREAD_AFTER_MS = 60_000;

/** Presents nothing: for `http://`, where client-go sends no credentials at all (`ClientConfig`, "if we are secure"). */
export const anonymous: CredentialSource = { get: async () => ({}), forget: () => false };

/**
 * A token or a certificate or basic auth beats an exec plugin; a token or basic auth beats the OIDC provider, which a
 * certificate accompanies; a token file beats the token beside it (client-go `plugin/pkg/client/auth/exec/exec.go`
 * `UpdateTransportConfig`, `transport/round_trippers.go`). Reads every file once: rejects with ConnectError for one that
 * cannot be read, and for an auth-provider that no client speaks any more.
 */
export async function credentialSource(subject: CredentialSubject, host: Host): Promise<CredentialSource> {
  const { user, who } = subject;
  const provider = user.authProvider;
  if (provider && provider.name !== 'oidc') throw unknownProvider(provider.name, who);
  const own = ownCredential(user, who, host);
  const first = await own.get();
  if (user.exec && !first.authorization && !first.cert) {
    const { execSource } = await import('./exec-credential.js');
    return execSource({ ...subject, exec: user.exec }, host);
  }
  if (provider && !first.authorization) {
    const { oidcSource } = await import('./oidc.js');
    return withToken(own, oidcSource(provider.config, subject, host));
  }
  return own;
}

/** What the entry holds or points at by itself. */
function ownCredential(user: User, who: string, host: Host): CredentialSource {
  const usesFiles = Boolean(user.tokenFile || (user.clientCertificate && user.clientKey));
  let current: Credential | null = null;
  let readAt = 0;
  const refresh = (): Credential => {
    if (current && (!usesFiles || host.clock.monoMs() - readAt < REREAD_AFTER_MS)) return current;
    readAt = host.clock.monoMs();
    try {
      current = unchanged(current, { ...certificate(user, who, host), ...authorization(user, who, host) });
    } catch (error) {
      // A file that is being rewritten: what it held goes on being good until the server says otherwise.
      if (!current) throw error;
    }
    return current;
  };
  return {
    get: async () => refresh(),
    forget: () => {
      readAt = Number.NEGATIVE_INFINITY;
      return usesFiles;
    },
  };
}

function authorization(user: User, who: string, host: Host): Credential {
  const token = tokenFromFile(user, host) ?? user.token;
  if (token) return { authorization: headerValue(`Bearer ${token}`, `the token of ${who}`) };
  if (!user.username) return {};
  const pair = Buffer.from(`${user.username}:${user.password ?? ''}`, 'utf8').toString('base64');
  return { authorization: `Basic ${pair}` };
}

function tokenFromFile(user: User, host: Host): string | null {
  if (!user.tokenFile) return null;
  try {
    const token = readNamed(host, user.tokenFile, 'token file').toString('utf8').trim();
    if (!token) throw new ConnectError(`the token file ${user.tokenFile} is empty`);
    return token;
  } catch (error) {
    if (user.token) return null;
    throw error;
  }
}

function certificate(user: User, who: string, host: Host): Credential {
  const cert =
    user.clientCertificateData ??
    (user.clientCertificate ? readNamed(host, user.clientCertificate, 'client certificate') : null);
  if (!cert) return {};
  const key = user.clientKeyData ?? (user.clientKey ? readNamed(host, user.clientKey, 'client key') : null);
  if (!key) throw new ConnectError(`${who} has a client certificate without a key`);
  checkPair(cert, key, who);
  return { cert, key };
}

/** The object already handed out when nothing changed, so that a connection pool may compare by identity. */
function unchanged(before: Credential | null, now: Credential): Credential {
  const same =
    before !== null &&
    before.authorization === now.authorization &&
    String(before.cert) === String(now.cert) &&
    String(before.key) === String(now.key);
  return same ? before : now;
}

function withToken(own: CredentialSource, token: CredentialSource): CredentialSource {
  return {
    get: async () => ({ ...(await own.get()), ...(await token.get()) }),
    forget: () => [own.forget(), token.forget()].includes(true),
    expiring: token.expiring,
  };
}

function unknownProvider(name: string, who: string): ConnectError {
  const plugins: Record<string, string> = {
    gcp: 'gke-gcloud-auth-plugin',
    azure: 'kubelogin (https://github.com/Azure/kubelogin)',
  };
  const plugin = plugins[name] ?? 'an exec plugin';
  return new ConnectError(`${who} uses the auth-provider ${JSON.stringify(name)}, which kubectl and kle do not have`, [
    `use ${plugin}: users[].user.exec replaces users[].user.auth-provider`,
  ]);
}
