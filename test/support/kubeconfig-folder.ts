/** Lays a case's files out in a folder of its own. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ConnectionFlags } from '../../src/kube/http/connection.js';
import type { KubeconfigCase } from './kubeconfig-cases.js';
import type { Servers } from './kubeconfig-server.js';

/** Notes what it was told in `info`, then answers with a token that shows its arguments and EXTRA, or with $ANSWER. */
const PLUGIN = `#!/bin/sh
dir=$(dirname "$0")
printf '%s' "$KUBERNETES_EXEC_INFO" > "$dir/info"
echo "a word from the plugin" >&2
[ -n "$FAIL" ] && { echo '{"status":{"token":"SECRET"}}'; exit "$FAIL"; }
[ -n "$ANSWER" ] && { cat "$ANSWER"; exit 0; }
version=\${VERSION:-$(printf '%s' "$KUBERNETES_EXEC_INFO" | sed 's/.*client.authentication.k8s.io.\\(v1[a-z0-9]*\\)".*/\\1/')}
token=$(printf '%s' "FROM-PLUGIN \${*} \${EXTRA}" | sed 's/ *$//; s/ /-/g')
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/%s","status":{"token":"%s"}}' "$version" "$token"
`;

export interface Folder {
  env: Record<string, string>;
  flags: ConnectionFlags;
}

export function layOut(dir: string, test: KubeconfigCase, servers: Servers): Folder {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const fill = (text: string): string =>
    text
      .replaceAll('@DIR@', dir)
      .replaceAll('@HTTPS@', servers.httpsUrl)
      .replaceAll('@HTTP@', servers.httpUrl)
      .replaceAll('@HOSTPORT@', new URL(servers.httpUrl).host)
      .replaceAll('@CA@', base64(servers.ca))
      .replaceAll('@CERT@', base64(servers.client.cert))
      .replaceAll('@KEY@', base64(servers.client.key));
  const { cert, key } = servers.client;
  const certificate = { token: '', clientCertificateData: cert, clientKeyData: key };
  const files: Record<string, string> = {
    'ca.crt': servers.ca,
    'client.crt': cert,
    'client.key': key,
    'both.pem': `${cert}\n${key}\n`,
    'other.key': servers.stranger.key,
    'certificate.json': JSON.stringify({
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      status: certificate,
    }),
    plugin: PLUGIN,
    'bin/kle-test-plugin': PLUGIN.replaceAll('FROM-PLUGIN', 'FROM-PATH'),
    ...(test.config !== undefined && { config: test.config }),
    ...test.files,
  };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, fill(text));
    if (text.startsWith('#!')) chmodSync(file, 0o755);
  }
  const own = { KUBECONFIG: path.join(dir, 'config'), PATH: process.env.PATH ?? '', HOME: dir };
  const filled = <T>(value: T): T => JSON.parse(fill(JSON.stringify(value))) as T;
  return { env: { ...own, ...filled(test.env ?? {}) }, flags: filled(test.flags ?? {}) };
}
