/**
 * Which cluster and user the flags and the kubeconfig come to (client-go `tools/clientcmd/client_config.go`:
 * `getContext`, `getCluster`, `getAuthInfo`). Pure.
 */
import { ConnectError, type ConnectionFlags } from '../http/connection.js';
import type { Cluster, Kubeconfig, User } from './kubeconfig.js';

export interface Selection {
  contextName: string | null;
  /** '' when no cluster was named. */
  clusterName: string;
  userName: string;
  /** With the flags laid over it. Without `server` there is nothing to connect to. */
  cluster: Cluster;
  user: User;
  /** `-n`, else the context's. */
  namespace: string | null;
}

/** How many known names an error lists. */
const NAMES_LISTED = 20;

/**
 * Throws ConnectError for a context, cluster or user that does not exist, with the names that do. Stricter than kubectl
 * in one place: a context that names a missing user or cluster is an error here, where kubectl goes on anonymously or to
 * localhost.
 */
export function select(config: Kubeconfig, flags: ConnectionFlags): Selection {
  const contextName = flags.context || config.currentContext || null;
  const context = contextName === null ? {} : config.contexts.get(contextName);
  if (!context) {
    const which = flags.context ? 'context' : 'the current context';
    throw missing(`${which} ${quote(contextName ?? '')} does not exist`, config.contexts, [
      'pass --context NAME, or choose one with `kubectl config use-context NAME`',
    ]);
  }
  const clusterName = flags.cluster || context.cluster || '';
  const userName = flags.user || context.user || '';
  const cluster = config.clusters.get(clusterName);
  // A server or token given by hand does without the entry, as in kubectl.
  if (clusterName && !cluster && (flags.cluster || !flags.server)) {
    const whose = flags.cluster ? '' : ` (of context ${quote(contextName ?? '')})`;
    throw missing(`cluster ${quote(clusterName)}${whose} does not exist`, config.clusters);
  }
  const user = config.users.get(userName);
  if (userName && !user && (flags.user || !flags.token)) {
    const whose = flags.user ? '' : ` (of context ${quote(contextName ?? '')})`;
    throw missing(`user ${quote(userName)}${whose} does not exist`, config.users);
  }
  return {
    contextName,
    clusterName,
    userName,
    cluster: overrideCluster(cluster ?? {}, flags),
    user: overrideUser(user ?? {}, flags),
    namespace: flags.namespace || context.namespace || null,
  };
}

/**
 * `--certificate-authority` or `--insecure-skip-tls-verify` replaces all the entry says about trust, `--server` drops
 * its tls-server-name. An explicit `--insecure-skip-tls-verify=false` verifies; kubectl takes it as not given.
 */
function overrideCluster(entry: Cluster, flags: ConnectionFlags): Cluster {
  const cluster = { ...entry };
  if (flags.server) {
    cluster.server = flags.server;
    delete cluster.tlsServerName;
  }
  if (flags.insecureSkipTlsVerify || flags.certificateAuthority) {
    delete cluster.certificateAuthority;
    delete cluster.certificateAuthorityData;
    cluster.insecureSkipTlsVerify = flags.insecureSkipTlsVerify ?? false;
  } else if (flags.insecureSkipTlsVerify === false) {
    cluster.insecureSkipTlsVerify = false;
  }
  if (flags.certificateAuthority) cluster.certificateAuthority = flags.certificateAuthority;
  return cluster;
}

/**
 * `--token` also drops the entry's tokenFile. kubectl keeps it, and then sends the file's token in place of the one it
 * was given (measured with 1.32): acting as somebody else than asked is no example to follow.
 */
function overrideUser(entry: User, flags: ConnectionFlags): User {
  const user = { ...entry };
  if (flags.token) {
    user.token = flags.token;
    delete user.tokenFile;
  }
  if (flags.as) user.as = flags.as;
  if (flags.asUid) user.asUid = flags.asUid;
  if (flags.asGroup?.length) user.asGroups = flags.asGroup;
  return user;
}

function missing(what: string, known: Map<string, unknown>, tries: string[] = []): ConnectError {
  const names = [...known.keys()];
  const more = names.length > NAMES_LISTED ? ` and ${names.length - NAMES_LISTED} more` : '';
  return new ConnectError(`${what}; known: ${names.slice(0, NAMES_LISTED).join(', ') || 'none'}${more}`, tries);
}

/** Names in messages, as client-go's %q for all that a name usually holds. */
export function quote(name: string): string {
  return JSON.stringify(name);
}
