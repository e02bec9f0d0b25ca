/**
 * The `oidc` auth-provider: an id-token from the kubeconfig, refreshed at the identity provider when it expires
 * (client-go `plugin/pkg/client/auth/oidc/oidc.go`). Loaded only for a user who has one; asks nobody while the token is
 * good. Not client-node's module: 1.4 sends no client secret, knows no CA of the provider, and after its first refresh
 * takes the token's life for its expiry and an unrotated refresh token for none.
 */
import { ConnectError } from '../http/connection.js';
import { headerValue } from '../http/headers.js';
import { type Host, readNamed } from '../http/host.js';
import type { CredentialSource, CredentialSubject } from './credential.js';
import { type IssuerReply, requestIssuer } from './oidc-http.js';

/** client-go's `expiryDelta`: a token this close to its end counts as expired. */
const MARGIN_S = 10;
/** Whoever lives long renews that much earlier, beside its requests. */
const AHEAD_S = 20;

interface Tokens {
  idToken: string;
  refreshToken: string;
}

/**
 * `get` rejects with ConnectError, never with a token in it. A new id-token stays in memory; a refresh token that the
 * provider replaced is written back to the kubeconfig, since the old one may be void and kubectl has only that.
 */
export function oidcSource(
  config: Readonly<Record<string, string>>,
  { user, who }: CredentialSubject,
  host: Host,
): CredentialSource {
  for (const key of ['idp-issuer-url', 'client-id']) {
    if (!config[key]) throw new ConnectError(`the oidc auth-provider of ${who} has no ${key}`);
  }
  let tokens: Tokens = { idToken: config['id-token'] ?? '', refreshToken: config['refresh-token'] ?? '' };
  let refused = false;
  let running: Promise<Tokens> | null = null;
  const renew = async (): Promise<Tokens> => {
    const next = await refresh(config, tokens.refreshToken, who, host);
    if (next.refreshToken !== tokens.refreshToken) await save(user.file, tokens, next, host);
    return next;
  };
  const renewed = async (): Promise<void> => {
    running ??= renew().finally(() => {
      running = null;
    });
    tokens = await running;
    refused = false;
  };
  return {
    async get() {
      if (refused || !((validForS(tokens.idToken, host) ?? 0) > 0)) await renewed();
      return { authorization: headerValue(`Bearer ${tokens.idToken}`, `the id-token of ${who}`) };
    },
    forget() {
      if (tokens.refreshToken === '') return false;
      refused = true;
      return true;
    },
    expiring: {
      dueInMs: () => {
        const leftS = tokens.refreshToken === '' ? null : validForS(tokens.idToken, host);
        return leftS === null ? null : (leftS - AHEAD_S) * 1000;
      },
      renew: renewed,
    },
  };
}

/** By the token's own `exp`, less the margin; null without one: it is taken for expired then, as in client-go. */
function validForS(idToken: string, host: Host): number | null {
  const payload = idToken.split('.')[1];
  if (!payload) return null;
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp?: unknown };
    return typeof exp === 'number' ? exp - MARGIN_S - Number(host.clock.wallMicros() / 1_000_000n) : null;
  } catch {
    return null;
  }
}

async function refresh(
  config: Readonly<Record<string, string>>,
  refreshToken: string,
  who: string,
  host: Host,
): Promise<Tokens> {
  const issuer = config['idp-issuer-url'] ?? '';
  const tries = [`log in again at ${issuer}, or use an exec plugin such as kubelogin`];
  if (!refreshToken) {
    throw new ConnectError(`the id-token of ${who} is missing or expired, and there is no refresh-token`, tries);
  }
  const ca = issuerAuthority(config, host);
  const discovery = await requestIssuer(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { ca });
  const endpoint = discovery.body.token_endpoint;
  if (discovery.status !== 200 || typeof endpoint !== 'string') {
    throw new ConnectError(`the identity provider ${issuer} names no token endpoint (HTTP ${discovery.status})`, tries);
  }
  const reply = await redeem(endpoint, refreshToken, config, ca);
  const idToken = reply.body.id_token;
  if (reply.status !== 200 || typeof idToken !== 'string') {
    const reason = typeof reply.body.error === 'string' && /^[a-z_]{1,40}$/.test(reply.body.error);
    const why = reply.status === 200 ? 'no id_token in its answer' : `HTTP ${reply.status}`;
    const because = reason ? `${why}, ${reply.body.error}` : why;
    throw new ConnectError(`the identity provider ${issuer} did not renew the id-token of ${who}: ${because}`, tries);
  }
  const rotated = reply.body.refresh_token;
  return { idToken, refreshToken: typeof rotated === 'string' && rotated ? rotated : refreshToken };
}

/** The secret in the header first, then in the body: providers take one or the other (golang.org/x/oauth2 does so). */
async function redeem(
  endpoint: string,
  refreshToken: string,
  config: Readonly<Record<string, string>>,
  ca: Buffer | null,
): Promise<IssuerReply> {
  const id = config['client-id'] ?? '';
  const secret = config['client-secret'] ?? '';
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
  const first = await requestIssuer(endpoint, { ca, form, authorization: `Basic ${basic}` });
  if (first.status === 200) return first;
  return requestIssuer(endpoint, {
    ca,
    form: { ...form, client_id: id, ...(secret && { client_secret: secret }) },
  });
}

function issuerAuthority(config: Readonly<Record<string, string>>, host: Host): Buffer | null {
  const data = config['idp-certificate-authority-data'];
  if (data) return Buffer.from(data, 'base64');
  const file = config['idp-certificate-authority'];
  return file ? readNamed(host, file, "identity provider's certificate authority") : null;
}

async function save(file: string | undefined, before: Tokens, next: Tokens, host: Host): Promise<void> {
  if (!file) return;
  const { replaceInFile } = await import('./oidc-save.js');
  const saved = replaceInFile(file, [
    [before.refreshToken, next.refreshToken],
    ...(before.idToken ? [[before.idToken, next.idToken] as const] : []),
  ]);
  if (!saved) {
    host.onPluginOutput?.(`the identity provider replaced the refresh token, and it could not be saved in ${file}\n`);
  }
}
