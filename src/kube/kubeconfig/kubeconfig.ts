/**
 * Which kubeconfig files there are, and what they come to together: kubectl's rules of loading and merging
 * (client-go `tools/clientcmd/loader.go`, `ClientConfigLoadingRules.Load`).
 */
import { homedir } from 'node:os';
import path from 'node:path';
import { ConnectError } from '../http/connection.js';

/** One `clusters[]` entry. An empty string counts as absent everywhere, as in Go. */
export interface Cluster {
  server?: string;
  tlsServerName?: string;
  insecureSkipTlsVerify?: boolean;
  certificateAuthority?: string;
  certificateAuthorityData?: Buffer;
  proxyUrl?: string;
  disableCompression?: boolean;
  /** What `extensions[client.authentication.k8s.io/exec]` says: configuration for an exec plugin. */
  execConfig?: unknown;
}

/** `users[].user.exec`. */
export interface ExecConfig {
  apiVersion?: string;
  command?: string;
  args: string[];
  env: { name: string; value: string }[];
  installHint?: string;
  provideClusterInfo: boolean;
  interactiveMode?: string;
}

/** `users[].user.auth-provider`: the way before exec plugins. */
export interface AuthProvider {
  name: string;
  config: Record<string, string>;
}

/** One `users[]` entry. Holds secrets: never print it. */
export interface User {
  clientCertificate?: string;
  clientCertificateData?: Buffer;
  clientKey?: string;
  clientKeyData?: Buffer;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  as?: string;
  asUid?: string;
  asGroups?: string[];
  asUserExtra?: [key: string, values: string[]][];
  authProvider?: AuthProvider;
  exec?: ExecConfig;
  /** The file this entry came from. */
  file?: string;
}

/** One `contexts[]` entry. */
export interface Context {
  cluster?: string;
  user?: string;
  namespace?: string;
}

/** One file, or several merged. */
export interface Kubeconfig {
  currentContext?: string;
  contexts: Map<string, Context>;
  clusters: Map<string, Cluster>;
  users: Map<string, User>;
}

/** The merged files, and which were looked at (for saying why there is nothing). */
export interface LoadedKubeconfig extends Kubeconfig {
  found: string[];
  missing: string[];
}

export interface KubeconfigFiles {
  /** A file that must exist (`--kubeconfig`). */
  explicit: boolean;
  paths: string[];
}

/** `--kubeconfig` alone, else the KUBECONFIG list without repetitions, else `~/.kube/config`. */
export function kubeconfigFiles(explicit: string | undefined, env: NodeJS.ProcessEnv): KubeconfigFiles {
  if (explicit) return { explicit: true, paths: [explicit] };
  const list = env.KUBECONFIG;
  if (list) return { explicit: false, paths: [...new Set(list.split(path.delimiter))].filter((file) => file !== '') };
  const home = env.HOME || env.USERPROFILE || homedir();
  return { explicit: false, paths: [path.join(home, '.kube', 'config')] };
}

/**
 * Reads and merges. Rejects with ConnectError for a file that cannot be read or is malformed, wherever it stands in the
 * list, and for an explicit file that does not exist; other missing files are skipped.
 */
export async function loadKubeconfig(
  files: KubeconfigFiles,
  readFile: (file: string) => Buffer,
): Promise<LoadedKubeconfig> {
  const merged: LoadedKubeconfig = {
    contexts: new Map(),
    clusters: new Map(),
    users: new Map(),
    found: [],
    missing: [],
  };
  for (const file of files.paths) {
    const text = readKubeconfig(file, files.explicit, readFile);
    if (text === null) {
      merged.missing.push(file);
      continue;
    }
    merged.found.push(file);
    const { parseKubeconfig } = await import('./kubeconfig-parse.js');
    mergeInto(merged, resolvePaths(await parseKubeconfig(text, file), file));
  }
  return merged;
}

function readKubeconfig(file: string, mustExist: boolean, readFile: (file: string) => Buffer): string | null {
  try {
    return readFile(file).toString('utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT') throw new ConnectError(`cannot read the kubeconfig ${file}: ${code}`);
    if (!mustExist) return null;
    throw new ConnectError(`the kubeconfig ${file} does not exist`, ['check the path given to --kubeconfig']);
  }
}

/** The first file to name a cluster, user or context wins the whole entry; likewise the first current-context. */
function mergeInto(merged: Kubeconfig, next: Kubeconfig): void {
  for (const [name, entry] of next.contexts) if (!merged.contexts.has(name)) merged.contexts.set(name, entry);
  for (const [name, entry] of next.clusters) if (!merged.clusters.has(name)) merged.clusters.set(name, entry);
  for (const [name, entry] of next.users) if (!merged.users.has(name)) merged.users.set(name, entry);
  if (!merged.currentContext && next.currentContext) merged.currentContext = next.currentContext;
}

/**
 * Paths in a file are relative to that file's folder (`ResolveLocalPaths`). A plugin's command only if it holds a
 * separator: a bare name is looked up on PATH.
 */
function resolvePaths(config: Kubeconfig, file: string): Kubeconfig {
  const base = path.resolve(path.dirname(file));
  const absolute = (ref: string): string => (path.isAbsolute(ref) ? ref : path.join(base, ref));
  for (const cluster of config.clusters.values()) {
    if (cluster.certificateAuthority) cluster.certificateAuthority = absolute(cluster.certificateAuthority);
  }
  for (const user of config.users.values()) {
    user.file = file;
    if (user.clientCertificate) user.clientCertificate = absolute(user.clientCertificate);
    if (user.clientKey) user.clientKey = absolute(user.clientKey);
    if (user.tokenFile) user.tokenFile = absolute(user.tokenFile);
    if (user.exec?.command?.includes(path.sep)) user.exec.command = absolute(user.exec.command);
  }
  return config;
}

/** The errno name of a failed file operation, for a message without the path twice. */
export function errorCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' ? code : 'unknown error';
}
