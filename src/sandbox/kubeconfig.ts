/** The kubeconfig of a sandbox: one context, `kle-sandbox`. */
import { stringify } from 'yaml';

export const CONTEXT = 'kle-sandbox';

export interface Credentials {
  url: string;
  caPem: string | null;
  /** A client certificate where there is TLS, else the token. */
  certificate?: { certificate: string; key: string } | undefined;
  token: string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** YAML that kubectl and every client library reads. */
export function kubeconfigText({ url, caPem, certificate, token }: Credentials): string {
  const cluster = { server: url, ...(caPem === null ? {} : { 'certificate-authority-data': base64(caPem) }) };
  const user = certificate
    ? {
        'client-certificate-data': base64(certificate.certificate),
        'client-key-data': base64(certificate.key),
      }
    : { token };
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: CONTEXT, cluster }],
      contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT, namespace: 'default' } }],
      'current-context': CONTEXT,
      users: [{ name: CONTEXT, user }],
    },
    { lineWidth: 0 },
  );
}
