/** Flags, environment and kubeconfig -> a Connection, as kubectl would connect. */

import { anonymous, type CredentialSource, credentialSource } from './credentials/credential.js';
import { keepFresh } from './credentials/keep-fresh.js';
import { ConnectError, type Connection, type ConnectionFlags } from './http/connection.js';
import { impersonationHeaders } from './http/headers.js';
import { type ConnectEnv, type Host, hostOf, readNamed } from './http/host.js';
import { checkAuthority } from './http/pem.js';
import { proxyFor } from './http/proxy.js';
import { serverUrl } from './http/server-url.js';
import { type InCluster, inCluster } from './kubeconfig/in-cluster.js';
import {
  type Cluster,
  kubeconfigFiles,
  type LoadedKubeconfig,
  loadKubeconfig,
  type User,
} from './kubeconfig/kubeconfig.js';
import { quote, type Selection, select } from './kubeconfig/select.js';
import { validate } from './kubeconfig/validate.js';

export type { ConnectEnv } from './http/host.js';

/**
 * Rejects with ConnectError for everything that is wrong before a request is sent: files, names, contradictions. Exec
 * plugins and identity providers are asked only by `credential()`.
 *
 * As kubectl (client-go `DeferredLoadingClientConfig`): the service account is used when the kubeconfig and the flags
 * name no server; with `--server` it is not, so that its token goes nowhere else. Unlike kubectl: without any of these
 * it is an error, not a connection to localhost:8080; in a Pod, impersonation and trust flags count too.
 */
export async function connect(flags: ConnectionFlags, given: ConnectEnv): Promise<Connection> {
  const host = hostOf(given);
  const config = await loadKubeconfig(kubeconfigFiles(flags.kubeconfig, host.env), host.readFile);
  const selection = select(config, flags);
  const pod = inCluster(host.env, host.readFile, host.serviceAccountDir);
  const { clusterName, contextName, cluster } = selection;
  if (!cluster.server && !clusterName && pod) return build(asServiceAccount(selection, pod), null, pod, host);
  if (!cluster.server) {
    if (clusterName) throw new ConnectError(`cluster ${quote(clusterName)} has no server`, ['pass --server URL']);
    throw nothingConfigured(config, flags);
  }
  return build(selection, contextName, pod, host);
}

function asServiceAccount(selection: Selection, pod: InCluster): Selection {
  const cluster: Cluster = { ...selection.cluster, server: pod.server };
  if (pod.certificateAuthority && !cluster.certificateAuthority && !cluster.insecureSkipTlsVerify) {
    cluster.certificateAuthority = pod.certificateAuthority;
  }
  const { token, as, asUid, asGroups } = selection.user;
  const user: User = token ? { token } : { tokenFile: pod.tokenFile };
  if (as) user.as = as;
  if (asUid) user.asUid = asUid;
  if (asGroups) user.asGroups = asGroups;
  return { ...selection, cluster, user, userName: '' };
}

async function build(
  selection: Selection,
  contextName: string | null,
  pod: InCluster | null,
  host: Host,
): Promise<Connection> {
  const { cluster, user, userName } = selection;
  validate(selection);
  const server = serverUrl(cluster.server ?? '');
  const secure = server.protocol === 'https:';
  const ca = readAuthority(cluster, host);
  if (secure && ca && cluster.insecureSkipTlsVerify) {
    throw new ConnectError('a certificate authority together with insecure-skip-tls-verify is not allowed', [
      'remove one of them',
    ]);
  }
  const who = userName ? `user ${quote(userName)}` : 'the user';
  const source: CredentialSource = secure ? await credentialSource({ user, who, cluster, ca }, host) : anonymous;
  const { expiring } = source;
  return {
    server,
    contextName,
    namespace: selection.namespace ?? pod?.namespace ?? 'default',
    tls: {
      insecure: secure && (cluster.insecureSkipTlsVerify ?? false),
      ...(secure && ca && { ca }),
      ...(secure && cluster.tlsServerName && { servername: cluster.tlsServerName }),
    },
    proxy: proxyFor(server, cluster.proxyUrl, host.env),
    headers: impersonationHeaders(user),
    credential: () => source.get(),
    forgetCredential: () => source.forget(),
    ...(expiring && { keepFresh: () => keepFresh(expiring, host.clock) }),
  };
}

function readAuthority(cluster: Cluster, host: Host): Buffer | null {
  const { certificateAuthority: file, certificateAuthorityData: data } = cluster;
  if (data) {
    checkAuthority(data, 'certificate-authority-data');
    return data;
  }
  if (!file) return null;
  const pem = readNamed(host, file, 'certificate authority');
  checkAuthority(pem, `the certificate authority ${file}`);
  return pem;
}

function nothingConfigured(config: LoadedKubeconfig, flags: ConnectionFlags): ConnectError {
  const tries = [
    'pass --kubeconfig FILE or --server URL, or set KUBECONFIG',
    'try kle on a server of its own: kle demo',
  ];
  const [first] = config.found;
  if (first === undefined) {
    const where = config.missing.length > 0 ? config.missing.join(', ') : 'KUBECONFIG names no file';
    const because = config.missing.length > 0 ? `${where} does not exist` : where;
    return new ConnectError(`no cluster to connect to: ${because}`, tries);
  }
  const files = config.found.join(', ');
  const names = [...config.contexts.keys()];
  if (names.length > 0 && !config.currentContext && !flags.context) {
    return new ConnectError(`no cluster to connect to: ${files} has no current-context; known: ${names.join(', ')}`, [
      'pass --context NAME, or choose one with `kubectl config use-context NAME`',
    ]);
  }
  const what = config.currentContext || flags.context ? 'the context names no cluster' : 'it is empty';
  return new ConnectError(`no cluster to connect to: ${files}: ${what}`, tries);
}
