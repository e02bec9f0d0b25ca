/**
 * Combinations that kubectl refuses before it sends anything (client-go `tools/clientcmd/validation.go`:
 * `validateClusterInfo`, `validateAuthInfo`). Pure.
 */
import { ConnectError } from '../http/connection.js';
import type { User } from './kubeconfig.js';
import { quote, type Selection } from './select.js';

const INTERACTIVE_MODES = ['Never', 'IfAvailable', 'Always'];
export const EXEC_API_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** Throws ConnectError for the first contradiction. */
export function validate({ cluster, clusterName, user, userName }: Selection): void {
  const who = userName ? `user ${quote(userName)}` : 'the user';
  if (cluster.certificateAuthority && cluster.certificateAuthorityData) {
    const which = clusterName ? `cluster ${quote(clusterName)}` : 'the cluster';
    throw new ConnectError(`${which} has both certificate-authority and certificate-authority-data`, ['remove one']);
  }
  validateCertificate(user, who);
  if (user.token && (user.username || user.password)) {
    throw new ConnectError(`${who} has both a token and a username or password; only one is allowed`);
  }
  if (user.tokenFile && user.username) {
    throw new ConnectError(`${who} has both a tokenFile and a username; only one is allowed`);
  }
  if ((user.asUid || user.asGroups?.length || user.asUserExtra?.length) && !user.as) {
    throw new ConnectError('impersonating a uid, groups or user-extra without a user', ['pass --as USER too']);
  }
  validateExec(user, who);
}

function validateCertificate(user: User, who: string): void {
  if (!user.clientCertificate && !user.clientCertificateData) return;
  if (user.clientCertificate && user.clientCertificateData) {
    throw new ConnectError(`${who} has both client-certificate and client-certificate-data`, ['remove one']);
  }
  if (user.clientKey && user.clientKeyData) {
    throw new ConnectError(`${who} has both client-key and client-key-data`, ['remove one']);
  }
  if (!user.clientKey && !user.clientKeyData) {
    throw new ConnectError(`${who} has a client certificate but neither client-key nor client-key-data`);
  }
}

function validateExec({ exec, authProvider }: User, who: string): void {
  if (!exec) return;
  if (authProvider) throw new ConnectError(`${who} has both an exec plugin and an auth-provider; only one is allowed`);
  if (!exec.command) throw new ConnectError(`the exec plugin of ${who} has no command`);
  if (!exec.apiVersion || !EXEC_API_VERSIONS.includes(exec.apiVersion)) {
    const given = exec.apiVersion ? `the apiVersion ${quote(exec.apiVersion)}` : 'no apiVersion';
    throw new ConnectError(`the exec plugin of ${who} has ${given}; accepted: ${EXEC_API_VERSIONS.join(', ')}`, [
      'update the plugin, and the kubeconfig with it',
    ]);
  }
  if (exec.env.some(({ name }) => !name)) {
    throw new ConnectError(`the exec plugin of ${who} has an env entry without a name`);
  }
  // Only v1beta1 has a default (client-go `api/v1/defaults.go`).
  const mode = exec.interactiveMode ?? (exec.apiVersion.endsWith('/v1beta1') ? 'IfAvailable' : '');
  if (!INTERACTIVE_MODES.includes(mode)) {
    const given = mode ? `the interactiveMode ${quote(mode)}` : 'no interactiveMode';
    throw new ConnectError(`the exec plugin of ${who} has ${given}; accepted: ${INTERACTIVE_MODES.join(', ')}`);
  }
}
