/** The text of one kubeconfig file -> its entries, with the place of whatever is wrong. No message quotes a value. */
import { ConnectError } from '../http/connection.js';
import type { AuthProvider, Cluster, Context, ExecConfig, Kubeconfig, User } from './kubeconfig.js';
import { readPlainYaml } from './plain-yaml.js';
import type { Path } from './yaml-text.js';

/** `extensions[]` name under which a cluster configures exec plugins (client-go `clientcmd.clusterExtensionKey`). */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

/** A value of the wrong kind. Carries the path; its place in the text is looked up only then. */
class ShapeError extends Error {
  readonly path: Path;
  constructor(path: Path, problem: string) {
    super(problem);
    this.path = path;
  }
}

/** A value and where it was found. `undefined` and null both mean absent. */
interface At {
  value: unknown;
  path: Path;
}

/**
 * Rejects with ConnectError `file:line:column: what` for text that is not YAML, a value of the wrong type, base64 that
 * is none, or a name used twice in one list (client-go `tools/clientcmd/api/v1/conversion.go`). Unknown fields are
 * ignored, of several documents the first counts, an empty one is an empty configuration: all as kubectl does.
 */
export async function parseKubeconfig(text: string, file: string): Promise<Kubeconfig> {
  const value = await parseText(text, file);
  try {
    return config({ value, path: [] });
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const { positionOf } = await import('./yaml-text.js');
    const { line, column } = positionOf(text, error.path);
    throw new ConnectError(`${file}:${line}:${column}: ${error.message}`);
  }
}

async function parseText(text: string, file: string): Promise<unknown> {
  if (text.trim() === '') return null;
  // JSON is YAML, and `kubectl config view -o json` writes it: no need to load a YAML parser for that.
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // Flow YAML, or broken: the YAML parser knows, and says where.
    }
  }
  const plain = readPlainYaml(text);
  if (plain !== undefined) return plain;
  const { parseYaml } = await import('./yaml-text.js');
  return parseYaml(text, file);
}

function config(at: At): Kubeconfig {
  map(at);
  const kind = str(field(at, 'kind')) ?? 'Config';
  const apiVersion = str(field(at, 'apiVersion')) ?? 'v1';
  if (kind !== 'Config') throw new ShapeError(['kind'], 'kind must be Config: this is no kubeconfig');
  if (apiVersion !== 'v1') throw new ShapeError(['apiVersion'], 'apiVersion must be v1');
  const currentContext = str(field(at, 'current-context'));
  return {
    ...(currentContext && { currentContext }),
    contexts: named(field(at, 'contexts'), 'context', context),
    clusters: named(field(at, 'clusters'), 'cluster', cluster),
    users: named(field(at, 'users'), 'user', user),
  };
}

function named<T>(at: At, key: string, read: (at: At) => T): Map<string, T> {
  const entries = new Map<string, T>();
  for (const item of list(at)) {
    const name = str(field(item, 'name')) ?? '';
    if (entries.has(name)) throw new ShapeError([...item.path, 'name'], `the ${key} "${name}" is defined twice`);
    entries.set(name, read(field(item, key)));
  }
  return entries;
}

function context(at: At): Context {
  return present({
    cluster: str(field(at, 'cluster')),
    user: str(field(at, 'user')),
    namespace: str(field(at, 'namespace')),
  });
}

function cluster(at: At): Cluster {
  return present({
    server: str(field(at, 'server')),
    tlsServerName: str(field(at, 'tls-server-name')),
    insecureSkipTlsVerify: bool(field(at, 'insecure-skip-tls-verify')),
    certificateAuthority: str(field(at, 'certificate-authority')),
    certificateAuthorityData: base64(field(at, 'certificate-authority-data')),
    proxyUrl: str(field(at, 'proxy-url')),
    disableCompression: bool(field(at, 'disable-compression')),
    execConfig: list(field(at, 'extensions'))
      .filter((item) => str(field(item, 'name')) === EXEC_EXTENSION)
      .map((item) => field(item, 'extension').value)[0],
  });
}

function user(at: At): User {
  return present({
    clientCertificate: str(field(at, 'client-certificate')),
    clientCertificateData: base64(field(at, 'client-certificate-data')),
    clientKey: str(field(at, 'client-key')),
    clientKeyData: base64(field(at, 'client-key-data')),
    token: str(field(at, 'token')),
    tokenFile: str(field(at, 'tokenFile')),
    username: str(field(at, 'username')),
    password: str(field(at, 'password')),
    as: str(field(at, 'as')),
    asUid: str(field(at, 'as-uid')),
    asGroups: optional(field(at, 'as-groups'), strings),
    asUserExtra: optional(field(at, 'as-user-extra'), (extra) =>
      Object.keys(map(extra)).map((key): [string, string[]] => [key, strings(field(extra, key))]),
    ),
    authProvider: optional(field(at, 'auth-provider'), authProvider),
    exec: optional(field(at, 'exec'), exec),
  });
}

function authProvider(at: At): AuthProvider {
  const settings = field(at, 'config');
  const keys = Object.keys(map(settings));
  return {
    name: str(field(at, 'name')) ?? '',
    config: Object.fromEntries(keys.map((key) => [key, str(field(settings, key)) ?? ''])),
  };
}

function exec(at: At): ExecConfig {
  return {
    ...present({
      apiVersion: str(field(at, 'apiVersion')),
      command: str(field(at, 'command')),
      installHint: str(field(at, 'installHint')),
      interactiveMode: str(field(at, 'interactiveMode')),
    }),
    args: strings(field(at, 'args')),
    env: list(field(at, 'env')).map((item) => ({
      name: str(field(item, 'name')) ?? '',
      value: str(field(item, 'value')) ?? '',
    })),
    provideClusterInfo: bool(field(at, 'provideClusterInfo')) ?? false,
  };
}

function field(at: At, key: string): At {
  return { value: Object.hasOwn(map(at), key) ? map(at)[key] : undefined, path: [...at.path, key] };
}

function optional<T>(at: At, read: (at: At) => T): T | undefined {
  return absent(at) ? undefined : read(at);
}

function map(at: At): Record<string, unknown> {
  if (absent(at)) return {};
  if (typeof at.value !== 'object' || Array.isArray(at.value)) throw mismatch(at, 'a map');
  return at.value as Record<string, unknown>;
}

function list(at: At): At[] {
  if (absent(at)) return [];
  if (!Array.isArray(at.value)) throw mismatch(at, 'a list');
  return at.value.map((value, index) => ({ value, path: [...at.path, index] }));
}

function strings(at: At): string[] {
  return list(at).map((item) => str(item) ?? '');
}

function str(at: At): string | undefined {
  if (absent(at)) return undefined;
  if (typeof at.value !== 'string') throw mismatch(at, 'a string');
  return at.value === '' ? undefined : at.value;
}

function bool(at: At): boolean | undefined {
  if (absent(at)) return undefined;
  if (typeof at.value !== 'boolean') throw mismatch(at, 'true or false');
  return at.value;
}

function base64(at: At): Buffer | undefined {
  const text = str(at)?.replace(/[\r\n]/g, '');
  if (!text) return undefined;
  // Buffer.from skips what it does not understand, which would turn a damaged key into another one.
  const sound = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  if (!sound) throw new ShapeError(at.path, `${at.path.at(-1)} is not valid base64`);
  return Buffer.from(text, 'base64');
}

function absent(at: At): boolean {
  return at.value === undefined || at.value === null;
}

function mismatch(at: At, wanted: string): ShapeError {
  const { value } = at;
  const actual = Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'a map' : `a ${typeof value}`;
  const name = at.path.findLast((step) => typeof step === 'string') ?? 'a kubeconfig';
  const hint = wanted === 'a string' && typeof value !== 'object' ? ' (put it in quotes)' : '';
  const inList = typeof at.path.at(-1) === 'number' ? 'an entry of ' : '';
  return new ShapeError(at.path, `${inList}${name} must be ${wanted}, not ${actual}${hint}`);
}

/** Leaves out what is undefined, so that `{...a, ...b}` and exactOptionalPropertyTypes mean the same. */
function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  for (const key of Object.keys(fields) as (keyof T)[]) if (fields[key] === undefined) delete fields[key];
  return fields as { [K in keyof T]?: Exclude<T[K], undefined> };
}
