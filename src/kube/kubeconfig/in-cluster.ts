/** In a Pod without a kubeconfig: the service account (client-go `rest.InClusterConfig`, `inClusterClientConfig`). */
import path from 'node:path';
import { errorCode } from './kubeconfig.js';

/** Where the kubelet mounts it. */
export const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface InCluster {
  server: string;
  tokenFile: string;
  /** Absent when the Pod has none: the system's roots are used then, as in client-go. */
  certificateAuthority?: string;
  namespace: string;
}

/** Null outside a Pod: KUBERNETES_SERVICE_HOST and _PORT are needed and a readable token. */
export function inCluster(
  env: NodeJS.ProcessEnv,
  readFile: (file: string) => Buffer,
  dir: string = SERVICE_ACCOUNT_DIR,
): InCluster | null {
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  if (!host || !port) return null;
  const read = (name: string): string | null => {
    try {
      return readFile(path.join(dir, name)).toString('utf8').trim();
    } catch (error) {
      // A file that is there and cannot be read is reported by whoever needs it.
      return errorCode(error) === 'ENOENT' ? null : '';
    }
  };
  if (read('token') === null) return null;
  const ca = path.join(dir, 'ca.crt');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tokenFile: path.join(dir, 'token'),
    ...(read('ca.crt') !== null && { certificateAuthority: ca }),
    namespace: env.POD_NAMESPACE || read('namespace') || 'default',
  };
}
