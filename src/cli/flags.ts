/** Flags that several verbs share. They mean what they mean in kubectl. */
import { boolean as booleanFlag, option, string as stringFlag } from '@oclif/core/flags';
import type { ConnectionFlags } from '../kube/http/connection.js';
import { parseDuration } from './duration.js';
import { UsageError } from './errors.js';

const CLUSTER = 'CLUSTER';

/** Every command that talks to a cluster has these. */
export const connectionFlags = {
  kubeconfig: stringFlag({ summary: 'the kubeconfig file to use', helpValue: 'FILE', helpGroup: CLUSTER }),
  context: stringFlag({ summary: 'the kubeconfig context to use', helpValue: 'NAME', helpGroup: CLUSTER }),
  cluster: stringFlag({ summary: 'the kubeconfig cluster to use', helpValue: 'NAME', helpGroup: CLUSTER }),
  user: stringFlag({ summary: 'the kubeconfig user to use', helpValue: 'NAME', helpGroup: CLUSTER }),
  server: stringFlag({ char: 's', summary: "the API server's address", helpValue: 'URL', helpGroup: CLUSTER }),
  token: stringFlag({ summary: 'bearer token for the API server', helpValue: 'TOKEN', helpGroup: CLUSTER }),
  'certificate-authority': stringFlag({
    summary: 'certificate file of the authority',
    helpValue: 'FILE',
    helpGroup: CLUSTER,
  }),
  'insecure-skip-tls-verify': booleanFlag({
    summary: "do not check the server's certificate (unsafe)",
    helpGroup: CLUSTER,
  }),
  as: stringFlag({ summary: 'user to act as', helpValue: 'USER', helpGroup: CLUSTER }),
  'as-group': stringFlag({
    summary: 'group to act as; may be repeated',
    helpValue: 'GROUP',
    multiple: true,
    helpGroup: CLUSTER,
  }),
  'as-uid': stringFlag({ summary: 'uid to act as', helpValue: 'UID', helpGroup: CLUSTER }),
  'request-timeout': stringFlag({
    summary: 'give a request up after this long, such as 5s; 0 means never',
    helpValue: 'DURATION',
    default: '30s',
    helpGroup: CLUSTER,
  }),
  namespace: stringFlag({
    char: 'n',
    summary: "namespace; default: the context's",
    helpValue: 'NS',
    helpGroup: CLUSTER,
  }),
};

export interface ParsedConnectionFlags {
  kubeconfig?: string | undefined;
  context?: string | undefined;
  cluster?: string | undefined;
  user?: string | undefined;
  server?: string | undefined;
  token?: string | undefined;
  'certificate-authority'?: string | undefined;
  'insecure-skip-tls-verify'?: boolean | undefined;
  as?: string | undefined;
  'as-group'?: string[] | undefined;
  'as-uid'?: string | undefined;
  'request-timeout': string;
  namespace?: string | undefined;
}

/** The one Lease that a verb is about. */
export const leaseArg = {
  description: 'NAME or lease/NAME',
  required: true,
  ignoreStdin: true,
} as const;

/** The flags as the `kube/` room takes them. */
export function connectionRequest(flags: ParsedConnectionFlags): {
  connection: ConnectionFlags;
  timeoutMs: number | null;
} {
  const given: Record<keyof ConnectionFlags, string | boolean | string[] | undefined> = {
    kubeconfig: flags.kubeconfig,
    context: flags.context,
    cluster: flags.cluster,
    user: flags.user,
    server: flags.server,
    token: flags.token,
    certificateAuthority: flags['certificate-authority'],
    insecureSkipTlsVerify: flags['insecure-skip-tls-verify'],
    as: flags.as,
    asGroup: flags['as-group'],
    asUid: flags['as-uid'],
    namespace: flags.namespace,
  };
  const connection = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { connection: connection as ConnectionFlags, timeoutMs: requestTimeout(flags['request-timeout']) };
}

/** kubectl takes a bare number of seconds here too, and 0 for never. */
function requestTimeout(text: string): number | null {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms === undefined || ms < 0) {
    throw new UsageError(`--request-timeout: ${JSON.stringify(text)} is not a duration`, [
      'write 5s, 1m or 0 for never',
    ]);
  }
  return ms === 0 ? null : ms;
}

/** `-o`, refusing what the command does not have. */
export function outputFlag<const T extends string>(formats: readonly T[]) {
  return option({
    char: 'o',
    summary: `how to print: ${formats.join(', ')}`,
    options: formats as readonly T[],
    default: formats[0] as T,
    helpValue: 'FORMAT',
  })();
}

/** `lease/NAME` and its longer forms mean NAME, as in kubectl. */
export function leaseName(word: string): string {
  const match = /^(?:leases?|leases?\.coordination\.k8s\.io|leases?\.v1\.coordination\.k8s\.io)\/(.*)$/.exec(word);
  const name = match?.[1] ?? word;
  if (name === '' || name.includes('/')) {
    throw new UsageError(`${JSON.stringify(word)} does not name a Lease`, ['write NAME or lease/NAME']);
  }
  // DNS-1123 subdomain, as the server wants it: no Lease can have another name.
  if (name.length > 253 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) {
    throw new UsageError(`${JSON.stringify(name)} cannot be the name of a Lease`, [
      'a name has lower-case letters, digits, - and . and begins and ends with a letter or digit',
    ]);
  }
  return name;
}
