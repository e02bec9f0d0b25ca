/**
 * Credentials from an exec plugin: client.authentication.k8s.io v1 and v1beta1 (client-go
 * `plugin/pkg/client/auth/exec/exec.go`). Kept in memory only.
 */
import type { Clock } from '../../platform/clock.js';
import { ConnectError, type Credential } from '../http/connection.js';
import { headerValue } from '../http/headers.js';
import type { Host } from '../http/host.js';
import { checkPair } from '../http/pem.js';
import type { Cluster, ExecConfig } from '../kubeconfig/kubeconfig.js';
import type { CredentialSource, CredentialSubject } from './credential.js';
import { runPlugin } from './exec-plugin.js';

export interface ExecSubject extends CredentialSubject {
  exec: ExecConfig;
}

interface Issued {
  credential: Credential;
  /** By the wall clock; null: does not expire. */
  life: Life | null;
}

interface Life {
  /** The margin already taken off. */
  renewAtMicros: bigint;
  expiresAtMicros: bigint;
}

/** Renewed this long before it expires, or a tenth of what is left when that is less: a short life is still used. */
const MARGIN_MICROS = 10_000_000n;

/**
 * Runs the plugin at the first `get`, then again shortly before what it gave expires or after `forget`. Who asks in that
 * short time before gets the old credential at once, so that no renewal of a Lease waits for a plugin; else calls wait
 * for the one run. `get` rejects with ConnectError, which never holds what the plugin printed.
 */
export function execSource(subject: ExecSubject, host: Host): CredentialSource {
  let issued: Issued | null = null;
  let running: Promise<Issued> | null = null;
  const run = (): Promise<Issued> => {
    running ??= issue(subject, host)
      .then((next) => {
        issued = next;
        return next;
      })
      .finally(() => {
        running = null;
      });
    return running;
  };
  return {
    async get() {
      const now = host.clock.wallMicros();
      if (issued && (issued.life === null || now < issued.life.renewAtMicros)) return issued.credential;
      const next = run();
      if (!issued?.life || now >= issued.life.expiresAtMicros) return (await next).credential;
      // It fails in the background; what it gave before is good until it expires, and the next call tries again.
      next.catch(() => {});
      return issued.credential;
    },
    forget() {
      // A run that is under way stands: nobody can have been refused with what it is about to give.
      issued = null;
      return true;
    },
    expiring: {
      dueInMs: () => (issued?.life ? Number(issued.life.renewAtMicros - host.clock.wallMicros()) / 1000 : null),
      renew: run,
    },
  };
}

async function issue(subject: ExecSubject, host: Host): Promise<Issued> {
  const { exec } = subject;
  const interactive = decideInteractive(exec, host);
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion,
    spec: { ...(exec.provideClusterInfo && { cluster: clusterInfo(subject) }), interactive },
  };
  const stdout = await runPlugin(exec, JSON.stringify(info), interactive, host);
  return readOutput(stdout, subject, host.clock);
}

function decideInteractive({ command, interactiveMode }: ExecConfig, host: Host): boolean {
  if (interactiveMode === 'Never') return false;
  const terminal = host.stdinIsTerminal();
  if (interactiveMode === 'Always' && !terminal) {
    throw new ConnectError(
      `the credential plugin ${command} wants to ask questions, and standard input is no terminal`,
      ['run kle in a terminal, or log in with the plugin first'],
    );
  }
  return terminal;
}

/** client-go `rest.ConfigToExecCluster`, with the wire names of `pkg/apis/clientauthentication/v1`. */
function clusterInfo({ cluster, ca }: { cluster: Cluster; ca: Buffer | null }): Record<string, unknown> {
  return {
    server: execServer(cluster.server ?? ''),
    ...(cluster.tlsServerName && { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.insecureSkipTlsVerify && { 'insecure-skip-tls-verify': true }),
    ...(ca && { 'certificate-authority-data': ca.toString('base64') }),
    ...(cluster.proxyUrl && { 'proxy-url': cluster.proxyUrl }),
    ...(cluster.disableCompression && { 'disable-compression': true }),
    config: cluster.execConfig ?? null,
  };
}

/** As written, but with a path it loses query and fragment (`DirectClientConfig.ClientConfig`). */
function execServer(server: string): string {
  return /^[^:/?#]+:\/\/[^/?#]*\/[^?#]/.test(server) ? server.replace(/[?#].*$/s, '') : server;
}

function readOutput(stdout: string, { exec, who }: ExecSubject, clock: Clock): Issued {
  const refuse = (problem: string): ConnectError =>
    new ConnectError(`the credential plugin ${exec.command} of ${who} ${problem}`);
  const output = parseObject(stdout);
  if (!output) throw refuse('printed something else than one JSON object');
  if (output.kind !== 'ExecCredential') throw refuse('printed JSON that is no ExecCredential');
  if (output.apiVersion !== exec.apiVersion) {
    throw refuse(`answered in another apiVersion than the kubeconfig asks for (${exec.apiVersion})`);
  }
  const { status } = output;
  if (!isObject(status)) throw refuse('gave no status');
  const [token, cert, key, expires] = ['token', 'clientCertificateData', 'clientKeyData', 'expirationTimestamp'].map(
    (name) => {
      const value = status[name] ?? '';
      if (typeof value !== 'string') throw refuse(`gave a ${name} that is no string`);
      return value;
    },
  ) as [string, string, string, string];
  if (!token && !cert && !key) throw refuse('gave neither a token nor a certificate');
  if (!cert !== !key) throw refuse('gave only one of certificate and key');
  if (cert) checkPair(Buffer.from(cert), Buffer.from(key), `${who} (from ${exec.command})`);
  const life = lifeOf(expires, clock);
  if (life === undefined) throw refuse('gave an expirationTimestamp that is no RFC 3339 time');
  return {
    credential: {
      ...(token && { authorization: headerValue(`Bearer ${token}`, `the token from ${exec.command}`) }),
      ...(cert && { cert, key }),
    },
    life,
  };
}

function lifeOf(expires: string, clock: Clock): Life | null | undefined {
  if (!expires) return null;
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(expires) ? Date.parse(expires) : Number.NaN;
  if (Number.isNaN(ms)) return undefined;
  const expiresAtMicros = BigInt(ms) * 1000n;
  const left = expiresAtMicros - clock.wallMicros();
  if (left <= 0n) return { renewAtMicros: expiresAtMicros, expiresAtMicros };
  const tenth = left / 10n;
  return { renewAtMicros: expiresAtMicros - (tenth < MARGIN_MICROS ? tenth : MARGIN_MICROS), expiresAtMicros };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    // The parser's message would quote what the plugin printed.
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
