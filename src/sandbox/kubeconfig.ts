/** The kubeconfig of a sandbox: the context `kle-sandbox` for its administrator, and one for each further user. */
import { stringify } from 'yaml';

export const CONTEXT = 'kle-sandbox';

export interface Credentials {
  url: string;
  caPem: string | null;
  /** A client certificate where there is TLS, else the token. */
  certificate?: { certificate: string; key: string } | undefined;
  token: string;
  /** Each has a context and a user by its name. */
  others: readonly { name: string; token: string }[];
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** YAML that kubectl and every client library reads. */
export function kubeconfigText({ url, caPem, certificate, token, others }: Credentials): string {
  const cluster = { server: url, ...(caPem === null ? {} : { 'certificate-authority-data': base64(caPem) }) };
  const user = certificate
    ? {
        'client-certificate-data': base64(certificate.certificate),
        'client-key-data': base64(certificate.key),
      }
    : { token };
  const context = (name: string) => ({ name, context: { cluster: CONTEXT, user: name, namespace: 'default' } });
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: CONTEXT, cluster }],
      contexts: [CONTEXT, ...others.map(({ name }) => name)].map(context),
      'current-context': CONTEXT,
      users: [{ name: CONTEXT, user }, ...others.map((other) => ({ name: other.name, user: { token: other.token } }))],
    },
    { lineWidth: 0 },
  );
}
