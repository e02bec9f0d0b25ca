/** How to reach one API server, as a value: what the kubeconfig and the flags came to. Types only. */

/** kubectl's connection flags, already parsed. Absent means not given. */
export interface ConnectionFlags {
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  user?: string;
  server?: string;
  token?: string;
  certificateAuthority?: string;
  insecureSkipTlsVerify?: boolean;
  as?: string;
  asGroup?: string[];
  asUid?: string;
  namespace?: string;
}

/** What a request presents. Never printed and never part of an error. */
export interface Credential {
  /** The whole value of the Authorization header. */
  authorization?: string;
  /** PEM. */
  cert?: string | Buffer;
  /** PEM. */
  key?: string | Buffer;
}

export interface Connection {
  /** May carry a path prefix, without a trailing slash. */
  server: URL;
  /** The context's name; null in a Pod or with `--server` alone. */
  contextName: string | null;
  /** `-n`, else the context's namespace, else (in a Pod) the service account's, else `default`. */
  namespace: string;
  tls: { ca?: string | Buffer; servername?: string; insecure: boolean };
  /** The proxy for this server (cluster `proxy-url`, else HTTPS_PROXY/HTTP_PROXY less NO_PROXY). */
  proxy: URL | null;
  /** Impersonation. Repeated names are sent as repeated headers. */
  headers: readonly (readonly [name: string, value: string])[];
  /**
   * The credential to present now. Cached in memory; reads token files again and runs exec plugins again as their
   * expiry asks. Rejects with ConnectError.
   */
  credential(): Promise<Credential>;
  /** After a 401: forgets the cached credential. True if asking again may bring another one (exec, OIDC, token file). */
  forgetCredential(): boolean;
  /**
   * For processes that live long: from now on the credential is looked up anew shortly before it expires, so that no
   * request waits for a plugin. The returned function ends that. Absent where none expires.
   */
  keepFresh?: (() => () => void) | undefined;
}

/**
 * The cluster could not be asked because of how we were told to reach it: kubeconfig, context, credential plugin.
 * `tries`: what to do about it, one line each. Holds no secret.
 */
export class ConnectError extends Error {
  readonly tries: readonly string[];
  constructor(message: string, tries: readonly string[] = []) {
    super(message);
    this.name = 'ConnectError';
    this.tries = tries;
  }
}
