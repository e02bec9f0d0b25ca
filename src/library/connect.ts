/** How the library reaches a cluster. One clock for the election and everything it stands on. */
import { version } from '../cli/version.js';
import { connect } from '../kube/connect.js';
import { createLeaseApi } from '../kube/lease-api.js';
import { environment } from '../platform/environment.js';
import { sharedClock } from '../platform/shared-clock.js';
import { OptionError } from './errors.js';
import { connectionOf } from './kube-config.js';
import type { KubeConfigLike, SharedLeases } from './types.js';

/**
 * A connection for several elections: one set of sockets, one credential. `kubeConfig` as in `LeaderElectionOptions`. No
 * request is made yet. Rejects with ConnectError for what is wrong before one: files, names, certificates, and (with a
 * KubeConfig) its credential.
 */
export async function connectLeases(kubeConfig?: KubeConfigLike | string): Promise<SharedLeases> {
  const env = environment();
  const connection = isKubeConfig(kubeConfig)
    ? await connectionOf(kubeConfig, env, sharedClock)
    : await connect(kubeConfig === undefined ? {} : { kubeconfig: kubeConfig }, { env, clock: sharedClock });
  const api = createLeaseApi(connection, { version, clock: sharedClock });
  const stopRefreshing = connection.keepFresh?.();
  const closeSockets = api.close.bind(api);
  const close = () => {
    stopRefreshing?.();
    closeSockets();
  };
  return Object.assign(api, { namespace: connection.namespace, close });
}

/** Callers without types may give anything. */
function isKubeConfig(given: unknown): given is KubeConfigLike {
  if (given === undefined || (typeof given === 'string' && given !== '')) return false;
  const methods = ['getCurrentCluster', 'applyToHTTPSOptions'] as const;
  if (typeof given === 'object' && given !== null) {
    const object: { [name in (typeof methods)[number]]?: unknown } = given;
    if (methods.every((name) => typeof object[name] === 'function')) return true;
  }
  const accepted = `a path, or an object with ${methods.join(' and ')} (a KubeConfig of @kubernetes/client-node)`;
  throw new OptionError('kubeConfig', 'wrong-type', `kubeConfig: must be ${accepted}`);
}
