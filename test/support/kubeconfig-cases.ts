/**
 * Kubeconfigs, flags and environments, and what they come to. Read by two tests: ours, and one that gives the same to
 * kubectl. `@DIR@` is the case's folder, `@HTTPS@` and `@HTTP@` the servers, `@CA@`, `@CERT@`, `@KEY@` (base64) the
 * certificates; files `ca.crt`, `client.crt`, `client.key`, `other.key` and an executable `plugin` lie in the folder.
 */
import type { ConnectionFlags } from '../../src/kube/http/connection.js';
import type { Seen } from './kubeconfig-server.js';

export interface KubeconfigCase {
  name: string;
  /** The file `config`, given by KUBECONFIG unless `env` or the flags say otherwise. */
  config?: string;
  files?: Record<string, string>;
  env?: Record<string, string>;
  flags?: ConnectionFlags;
  expect: Seen | RegExp;
  namespace?: string;
  contextName?: string | null;
  /** Why kubectl does something else here. The test then insists that it does. */
  differs?: string;
}

const CONTEXT = `
contexts: [{name: x, context: {cluster: c, user: u, namespace: nn}}]
current-context: x`;

const SECURE = `
clusters: [{name: c, cluster: {server: "@HTTPS@", certificate-authority: ca.crt}}]${CONTEXT}
`;

/** The usual cluster and context, with this user. */
export const user = (fields: string): string => `${SECURE}users: [{name: u, user: {${fields}}}]\n`;

/** The usual user and context, with this cluster. */
const cluster = (fields: string): string =>
  `clusters: [{name: c, cluster: {${fields}}}]${CONTEXT}\nusers: [{name: u, user: {token: T}}]\n`;

export const exec = (fields = 'apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never'): string =>
  `exec: {${fields}, command: ./plugin}`;

const one = (name: string, token: string): string =>
  `clusters: [{name: ${name}, cluster: {server: "@HTTPS@/${name}", certificate-authority: ca.crt}}]
contexts: [{name: ${name}, context: {cluster: ${name}, user: u}}]
users: [{name: u, user: {token: ${token}}}]
current-context: ${name}
`;

const https = (authorization: string, rest: Partial<Seen> = {}): Seen => ({
  scheme: 'https',
  path: '/version',
  authorization,
  ...rest,
});

const LOADING: KubeconfigCase[] = [
  { name: 'one file', config: user('token: T'), expect: https('Bearer T'), namespace: 'nn', contextName: 'x' },
  {
    name: 'the default file',
    files: { '.kube/config': user('token: T').replace('ca.crt', '../ca.crt') },
    env: { KUBECONFIG: '' },
    expect: https('Bearer T'),
  },
  {
    name: 'a list: the first wins for entries and current-context, missing files are skipped',
    files: { a: one('a', 'FROM-A'), b: one('b', 'FROM-B') },
    env: { KUBECONFIG: '@DIR@/missing:@DIR@/a::@DIR@/b:@DIR@/a' },
    expect: https('Bearer FROM-A', { path: '/a/version' }),
    namespace: 'default',
    contextName: 'a',
  },
  {
    name: 'a list: a context of the second file with a user of the first',
    files: { a: one('a', 'FROM-A'), b: one('b', 'FROM-B') },
    env: { KUBECONFIG: '@DIR@/a:@DIR@/b' },
    flags: { context: 'b' },
    expect: https('Bearer FROM-A', { path: '/b/version' }),
    contextName: 'b',
  },
  {
    name: 'a list: the same cluster and context in both files',
    files: {
      a: one('a', 'A'),
      b: one('a', 'B').replace('@HTTPS@/a', '@HTTPS@/second').replace('user: u}', 'user: gone}'),
    },
    env: { KUBECONFIG: '@DIR@/a:@DIR@/b' },
    expect: https('Bearer A', { path: '/a/version' }),
  },
  {
    name: 'a list: an empty current-context leaves it to the next file',
    files: { a: one('a', 'A').replace(/current-context: .*/, 'current-context: ""'), b: one('b', 'B') },
    env: { KUBECONFIG: '@DIR@/a:@DIR@/b' },
    expect: https('Bearer A', { path: '/b/version' }),
  },
  {
    name: 'relative paths count from the folder of their own file',
    files: {
      a: 'current-context: x\n',
      'sub/b': `${user('tokenFile: tok').replace('ca.crt', '../ca.crt')}`,
      'sub/tok': 'RELATIVE\n',
    },
    env: { KUBECONFIG: '@DIR@/a:@DIR@/sub/b' },
    expect: https('Bearer RELATIVE'),
  },
  {
    name: '--kubeconfig beats KUBECONFIG',
    files: { a: one('a', 'A'), b: one('b', 'B') },
    env: { KUBECONFIG: '@DIR@/a' },
    flags: { kubeconfig: '@DIR@/b' },
    expect: https('Bearer B', { path: '/b/version' }),
  },
  {
    name: '--kubeconfig must exist',
    flags: { kubeconfig: '@DIR@/missing' },
    expect: /kubeconfig .*missing does not exist$/,
  },
  {
    name: 'JSON',
    config: JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: '@HTTPS@', 'certificate-authority-data': '@CA@' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: { token: 'J' } }],
      'current-context': 'x',
    }),
    expect: https('Bearer J'),
  },
  {
    name: 'anchors and merge keys',
    config: `x: &a {token: MERGED}\n${user('<<: *a')}`,
    expect: https('Bearer MERGED'),
  },
  { name: 'several documents: the first', config: `${user('token: T')}---\nusers: 5\n`, expect: https('Bearer T') },
  { name: 'a repeated key: the last', config: user('token: A, token: B'), expect: https('Bearer B') },
  { name: 'a date is a string', config: user('token: 2020-01-01'), expect: https('Bearer 2020-01-01') },
  {
    name: 'null entries and fields are absent',
    config: `${SECURE}users:\n- \n- {name: u, user: {token: U, tokenFile: null}}\n`,
    expect: https('Bearer U'),
  },
  {
    name: 'unknown fields are ignored',
    config: `${user('token: T, nonsense: [1]')}future: {a: 1}\n`,
    expect: https('Bearer T'),
  },
  { name: 'an empty file', config: '', expect: /no cluster to connect to: .*it is empty/ },
  { name: 'a file with only a comment', config: '# nothing\n', expect: /no cluster to connect to: .*it is empty/ },
  {
    name: 'an empty file in a list',
    files: { a: '', b: one('b', 'B') },
    env: { KUBECONFIG: '@DIR@/a:@DIR@/b' },
    expect: https('Bearer B', { path: '/b/version' }),
  },
  {
    name: 'no file at all',
    env: { KUBECONFIG: '' },
    expect: /no cluster to connect to: .*\.kube\/config does not exist$/,
  },
  {
    name: 'a list of missing files',
    env: { KUBECONFIG: '@DIR@/m1:@DIR@/m2' },
    expect: /no cluster .*m1, .*m2 does not exist$/,
  },
  {
    name: 'a folder in the list',
    files: { b: one('b', 'B') },
    env: { KUBECONFIG: '@DIR@:@DIR@/b' },
    expect: /cannot read the kubeconfig .*: EISDIR$/,
  },
];

const MALFORMED: KubeconfigCase[] = [
  {
    name: 'broken YAML',
    config: 'clusters:\n  - name: a\n  cluster: {\n',
    expect: /config:\d+:\d+: this is not YAML: /,
  },
  { name: 'a tab as indentation', config: 'users:\n\t- name: u\n', expect: /config:2:1: this is not YAML: a tab/ },
  { name: 'an unclosed quote', config: 'users:\n  - name: "u\n', expect: /config:\d+:\d+: this is not YAML: / },
  {
    name: 'a broken file anywhere in the list',
    files: { a: one('a', 'A'), b: '{{{' },
    env: { KUBECONFIG: '@DIR@/a:@DIR@/b' },
    expect: /b:1:\d+: this is not YAML/,
  },
  {
    name: 'clusters is a map',
    config: `clusters:\n  c: {server: a}\n`,
    expect: /config:2:3: clusters must be a list, not a map$/,
  },
  {
    name: 'clusters is a map, in JSON',
    config: `{"kind": "Config",\n "clusters": {}}\n`,
    expect: /config:2:14: clusters must be a list, not a map$/,
  },
  {
    name: 'a number as token',
    config: `${SECURE}users:\n- name: u\n  user:\n    token: 123456\n`,
    expect: /config:8:12: token must be a string, not a number \(put it in quotes\)$/,
  },
  {
    name: 'a YAML 1.1 boolean as name',
    config: user('token: T').replace('name: u', 'name: on'),
    expect: /name must be a string, not a boolean/,
  },
  { name: 'a scalar', config: 'hello\n', expect: /config:1:1: a kubeconfig must be a map, not a string$/ },
  { name: 'another kind', config: `kind: Pod\n${user('token: T')}`, expect: /config:1:7: kind must be Config/ },
  {
    name: 'another version',
    config: `apiVersion: v2\nkind: Config\n${user('token: T')}`,
    expect: /config:1:13: apiVersion must be v1/,
  },
  {
    name: 'a name twice in one file',
    config: `${SECURE}users:\n- {name: u, user: {token: AAAA}}\n- {name: u, user: {token: BBBB}}\n`,
    expect: /config:7:10: the user "u" is defined twice$/,
  },
  {
    name: 'bad base64',
    config: user("client-certificate-data: '!!!', client-key-data: aaaa"),
    expect: /client-certificate-data is not valid base64$/,
  },
  {
    name: 'base64 that lacks its end',
    config: user("client-certificate-data: 'aaaaa', client-key-data: '@KEY@'"),
    expect: /client-certificate-data is not valid base64$/,
  },
];

const CHOOSING: KubeconfigCase[] = [
  {
    name: '--context that does not exist',
    config: user('token: T'),
    flags: { context: 'nope' },
    expect: /^context "nope" does not exist; known: x$/,
  },
  {
    name: '--cluster that does not exist',
    config: user('token: T'),
    flags: { cluster: 'nope' },
    expect: /^cluster "nope" does not exist; known: c$/,
  },
  {
    name: '--user that does not exist',
    config: user('token: T'),
    flags: { user: 'nope' },
    expect: /^user "nope" does not exist; known: u$/,
  },
  {
    name: '--context without any kubeconfig',
    env: { KUBECONFIG: '' },
    flags: { context: 'nope' },
    expect: /^context "nope" does not exist; known: none$/,
  },
  {
    name: 'a current-context that does not exist',
    config: user('token: T').replace('current-context: x', 'current-context: gone'),
    expect: /^the current context "gone" does not exist; known: x$/,
  },
  {
    name: 'a context whose cluster is missing',
    config: user('token: T').replace('{name: c,', '{name: other,'),
    expect: /^cluster "c" \(of context "x"\) does not exist; known: other$/,
  },
  {
    name: 'a context whose user is missing',
    config: user('token: T').replace('{name: u,', '{name: other,'),
    expect: /^user "u" \(of context "x"\) does not exist; known: other$/,
  },
  {
    name: 'no current-context',
    config: user('token: T').replace('current-context: x', ''),
    expect: /no current-context; known: x$/,
  },
  {
    name: 'no current-context, but --cluster and --user',
    config: user('token: T').replace('current-context: x', ''),
    flags: { cluster: 'c', user: 'u' },
    expect: https('Bearer T'),
    contextName: null,
    namespace: 'default',
  },
  {
    name: '--cluster and --user over the context',
    config: `clusters: [{name: c, cluster: {server: "@HTTPS@/c", certificate-authority: ca.crt}}, {name: d, cluster: {server: "@HTTPS@/d", certificate-authority: ca.crt}}]${CONTEXT}\nusers: [{name: u, user: {token: U}}, {name: v, user: {token: V}}]\n`,
    flags: { cluster: 'd', user: 'v' },
    expect: https('Bearer V', { path: '/d/version' }),
    namespace: 'nn',
  },
  {
    name: '--namespace',
    config: user('token: T'),
    flags: { namespace: 'mine' },
    expect: https('Bearer T'),
    namespace: 'mine',
  },
  {
    name: '--server alone',
    env: { KUBECONFIG: '' },
    flags: { server: '@HTTPS@', token: 'A', certificateAuthority: '@DIR@/ca.crt' },
    expect: https('Bearer A'),
    contextName: null,
    namespace: 'default',
  },
  {
    name: '--server over the cluster',
    config: cluster('server: "https://192.0.2.1", certificate-authority: ca.crt'),
    flags: { server: '@HTTPS@' },
    expect: https('Bearer T'),
  },
  {
    name: '--server over the cluster drops its tls-server-name',
    config: cluster('server: "https://192.0.2.1", certificate-authority: ca.crt, tls-server-name: other'),
    flags: { server: '@HTTPS@' },
    expect: https('Bearer T'),
  },
  {
    name: 'a cluster without a server',
    config: cluster('certificate-authority: ca.crt'),
    expect: /^cluster "c" has no server$/,
  },
];

const SERVER: KubeconfigCase[] = [
  {
    name: 'a path prefix; query and fragment are dropped',
    config: cluster('server: "@HTTPS@/k8s/clusters/c-1/?q=1#f", certificate-authority: ca.crt'),
    expect: https('Bearer T', { path: '/k8s/clusters/c-1/version' }),
  },
  {
    name: 'http: no credentials are sent',
    config: cluster('server: "@HTTP@"'),
    expect: { scheme: 'http', path: '/version' },
  },
  {
    name: 'http: impersonation is sent',
    config: cluster('server: "@HTTP@"'),
    flags: { as: 'me', token: 'Q' },
    expect: { scheme: 'http', path: '/version', impersonate: [['impersonate-user', 'me']] },
  },
  { name: 'host:port is http', config: cluster('server: "@HOSTPORT@"'), expect: { scheme: 'http', path: '/version' } },
  { name: 'host:port with a path', config: cluster('server: "@HOSTPORT@/a"'), expect: /neither a URL nor host:port$/ },
  { name: 'https without a host', config: cluster('server: "https://"'), expect: /neither a URL nor host:port$/ },
  {
    name: 'another scheme',
    config: cluster('server: "ftp://127.0.0.1"'),
    expect: /^the server has the scheme ftp:\/\/; accepted/,
  },
  {
    name: 'a user name in the URL',
    config: cluster('server: "https://a:b@127.0.0.1"').replace('{token: T}', '{}'),
    expect: /^the server URL holds a user name/,
  },
];

const TRUST: KubeconfigCase[] = [
  {
    name: 'CA from data',
    config: cluster('server: "@HTTPS@", certificate-authority-data: "@CA@"'),
    expect: https('Bearer T'),
  },
  { name: 'insecure', config: cluster('server: "@HTTPS@", insecure-skip-tls-verify: true'), expect: https('Bearer T') },
  {
    name: '--insecure-skip-tls-verify replaces the CA',
    config: cluster('server: "@HTTPS@", certificate-authority: ca.crt'),
    flags: { insecureSkipTlsVerify: true },
    expect: https('Bearer T'),
  },
  {
    name: '--certificate-authority replaces insecure',
    config: cluster('server: "@HTTPS@", insecure-skip-tls-verify: true, tls-server-name: 127.0.0.1'),
    flags: { certificateAuthority: '@DIR@/ca.crt' },
    expect: https('Bearer T'),
  },
  {
    name: 'both flags',
    config: cluster('server: "@HTTPS@"'),
    flags: { certificateAuthority: '@DIR@/ca.crt', insecureSkipTlsVerify: true },
    expect: /certificate authority together with insecure-skip-tls-verify is not allowed$/,
  },
  {
    name: 'both in the kubeconfig',
    config: cluster('server: "@HTTPS@", insecure-skip-tls-verify: true, certificate-authority: ca.crt'),
    expect: /together with insecure/,
  },
  {
    name: 'CA as file and as data',
    config: cluster('server: "@HTTPS@", certificate-authority: ca.crt, certificate-authority-data: "@CA@"'),
    expect: /^cluster "c" has both certificate-authority and/,
  },
  {
    name: 'a CA file that is missing',
    config: cluster('server: "@HTTPS@", certificate-authority: gone.crt'),
    expect: /^the certificate authority .*gone\.crt does not exist$/,
  },
  {
    name: 'a CA file without a certificate',
    config: cluster('server: "@HTTPS@", certificate-authority: client.key'),
    expect: /client\.key holds no PEM certificate$/,
  },
];

const USERS: KubeconfigCase[] = [
  {
    name: 'token file, trimmed',
    config: user('tokenFile: tok'),
    files: { tok: ' FILE\n' },
    expect: https('Bearer FILE'),
  },
  {
    name: 'a token file beats the token beside it',
    config: user('token: T, tokenFile: tok'),
    files: { tok: 'FILE' },
    expect: https('Bearer FILE'),
  },
  {
    name: 'the token when the token file is missing',
    config: user('token: T, tokenFile: tok'),
    expect: https('Bearer T'),
  },
  { name: 'a missing token file', config: user('tokenFile: tok'), expect: /^the token file .*tok does not exist$/ },
  {
    name: 'an empty token file',
    config: user('tokenFile: tok'),
    files: { tok: '\n' },
    expect: /^the token file .*tok is empty$/,
  },
  { name: '--token', config: user('token: T'), flags: { token: 'FLAG' }, expect: https('Bearer FLAG') },
  {
    name: '--token beats the token file',
    config: user('tokenFile: tok'),
    files: { tok: 'FILE' },
    flags: { token: 'FLAG' },
    expect: https('Bearer FLAG'),
    differs: "kubectl sends the file's token in place of the one it was given",
  },
  {
    name: '--token for a context whose user is missing',
    config: user('token: T').replace('{name: u,', '{name: other,'),
    flags: { token: 'FLAG' },
    expect: https('Bearer FLAG'),
  },
  {
    name: 'basic',
    config: user('username: a, password: "b:ü"'),
    expect: https(`Basic ${Buffer.from('a:b:ü').toString('base64')}`),
  },
  {
    name: 'basic and token',
    config: user('username: a, password: b, token: T'),
    expect: /^user "u" has both a token and a username/,
  },
  {
    name: 'basic and token file',
    config: user('username: a, password: b, tokenFile: tok'),
    files: { tok: 'FILE' },
    expect: /both a tokenFile and a username/,
  },
  {
    name: 'a token with a line break',
    config: user('token: "a\\nb"'),
    expect: /^the token of user "u" holds a line break/,
  },
  {
    name: 'certificate from files',
    config: user('client-certificate: client.crt, client-key: client.key'),
    expect: { scheme: 'https', path: '/version', certificate: 'client-from-certificate' },
  },
  {
    name: 'certificate from data',
    config: user('client-certificate-data: "@CERT@", client-key-data: "@KEY@"'),
    expect: { scheme: 'https', path: '/version', certificate: 'client-from-certificate' },
  },
  {
    name: 'certificate and key in one file',
    config: user('client-certificate: both.pem, client-key: both.pem'),
    expect: { scheme: 'https', path: '/version', certificate: 'client-from-certificate' },
  },
  {
    name: 'certificate and token',
    config: user('client-certificate: client.crt, client-key: client.key, token: T'),
    expect: https('Bearer T', { certificate: 'client-from-certificate' }),
  },
  {
    name: 'certificate without key',
    config: user('client-certificate: client.crt'),
    expect: /neither client-key nor client-key-data$/,
  },
  {
    name: 'certificate as file and as data',
    config: user('client-certificate: client.crt, client-certificate-data: "@CERT@", client-key: client.key'),
    expect: /both client-certificate and/,
  },
  {
    name: 'a key that is missing',
    config: user('client-certificate: client.crt, client-key: gone.key'),
    expect: /^the client key .*gone\.key does not exist$/,
  },
  {
    name: 'a key of another certificate',
    config: user('client-certificate: client.crt, client-key: other.key'),
    expect: /do not belong together$/,
  },
  {
    name: 'a certificate that is none',
    config: user('client-certificate: client.key, client-key: client.key'),
    expect: /client certificate of user "u" is not a PEM certificate$/,
  },
  {
    name: 'auth-provider gcp',
    config: user('token: T, auth-provider: {name: gcp}'),
    expect: /^user "u" uses the auth-provider "gcp"/,
  },
  { name: 'another auth-provider', config: user('auth-provider: {name: foo}'), expect: /auth-provider "foo"/ },
  {
    name: 'oidc without an issuer',
    config: user('auth-provider: {name: oidc, config: {client-id: a}}'),
    expect: /has no idp-issuer-url$/,
  },
];

const IMPERSONATION: KubeconfigCase[] = [
  {
    name: '--as, --as-group, --as-uid',
    config: user('token: T'),
    flags: { as: 'jürgen', asGroup: ['h', 'g'], asUid: '7' },
    expect: https('Bearer T', {
      impersonate: [
        ['impersonate-group', 'h'],
        ['impersonate-group', 'g'],
        ['impersonate-uid', '7'],
        ['impersonate-user', 'jürgen'],
      ],
    }),
  },
  {
    name: 'from the kubeconfig, with extra',
    config: user('token: T, as: q, as-uid: "1", as-groups: [a, b], as-user-extra: {"scöpes/x%y": [v1, v2]}'),
    expect: https('Bearer T', {
      impersonate: [
        ['impersonate-extra-sc%c3%b6pes%2fx%25y', 'v1'],
        ['impersonate-extra-sc%c3%b6pes%2fx%25y', 'v2'],
        ['impersonate-group', 'a'],
        ['impersonate-group', 'b'],
        ['impersonate-uid', '1'],
        ['impersonate-user', 'q'],
      ],
    }),
  },
  {
    name: '--as-group replaces the groups of the kubeconfig',
    config: user('token: T, as: q, as-groups: [a, b]'),
    flags: { asGroup: ['z'] },
    expect: https('Bearer T', {
      impersonate: [
        ['impersonate-group', 'z'],
        ['impersonate-user', 'q'],
      ],
    }),
  },
  {
    name: 'no --as-group leaves those of the kubeconfig',
    config: user('token: T, as: q, as-groups: [a]'),
    flags: { asGroup: [] },
    expect: https('Bearer T', {
      impersonate: [
        ['impersonate-group', 'a'],
        ['impersonate-user', 'q'],
      ],
    }),
  },
  { name: '--as-group alone', config: user('token: T'), flags: { asGroup: ['g'] }, expect: /without a user$/ },
  { name: '--as-uid alone', config: user('token: T'), flags: { asUid: '7' }, expect: /without a user$/ },
];

const PLUGINS: KubeconfigCase[] = [
  { name: 'exec v1', config: user(exec()), expect: https('Bearer FROM-PLUGIN') },
  {
    name: 'exec v1beta1 without interactiveMode',
    config: user(exec('apiVersion: client.authentication.k8s.io/v1beta1')),
    expect: https('Bearer FROM-PLUGIN'),
  },
  {
    name: 'exec with arguments and environment',
    config: user(
      exec(
        'apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, args: [one, "t w o"], env: [{name: EXTRA, value: E}]',
      ),
    ),
    expect: https('Bearer FROM-PLUGIN-one-t-w-o-E'),
  },
  {
    name: 'exec found on PATH',
    config: user(exec().replace('./plugin', 'kle-test-plugin')),
    env: { PATH: '@DIR@/bin:/usr/bin:/bin' },
    expect: https('Bearer FROM-PATH'),
  },
  {
    name: 'exec with cluster information',
    config: `clusters: [{name: c, cluster: {server: "@HTTPS@/p/?q", certificate-authority: ca.crt, tls-server-name: 127.0.0.1, disable-compression: true, extensions: [{name: other, extension: {a: 1}}, {name: client.authentication.k8s.io/exec, extension: {audience: a, n: [1, true]}}]}}]${CONTEXT}\n${`users: [{name: u, user: {${exec()}}}]`.replace('command', 'provideClusterInfo: true, command')}\n`,
    expect: https('Bearer FROM-PLUGIN', { path: '/p/version' }),
  },
  {
    name: 'exec with cluster information, insecure',
    config: `clusters: [{name: c, cluster: {server: "@HTTPS@?q", insecure-skip-tls-verify: true}}]${CONTEXT}\n${`users: [{name: u, user: {${exec('apiVersion: client.authentication.k8s.io/v1beta1')}}}]`.replace('command', 'provideClusterInfo: true, command')}\n`,
    expect: https('Bearer FROM-PLUGIN'),
  },
  {
    name: 'exec giving a certificate',
    config: user(
      exec(
        'apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, env: [{name: ANSWER, value: "@DIR@/certificate.json"}]',
      ),
    ),
    expect: { scheme: 'https', path: '/version', certificate: 'client-from-certificate' },
  },
  { name: 'a token beats exec', config: user(`token: T, ${exec()}`), expect: https('Bearer T') },
  {
    name: 'a certificate beats exec',
    config: user(`client-certificate: client.crt, client-key: client.key, ${exec()}`),
    expect: { scheme: 'https', path: '/version', certificate: 'client-from-certificate' },
  },
  { name: 'basic beats exec', config: user(`username: a, password: b, ${exec()}`), expect: https('Basic YTpi') },
  {
    name: 'exec and auth-provider',
    config: user(`auth-provider: {name: oidc}, ${exec()}`),
    expect: /both an exec plugin and an auth-provider/,
  },
  {
    name: 'exec without interactiveMode',
    config: user(exec('apiVersion: client.authentication.k8s.io/v1')),
    expect: /no interactiveMode; accepted: Never, IfAvailable, Always$/,
  },
  {
    name: 'exec with another interactiveMode',
    config: user(exec('apiVersion: client.authentication.k8s.io/v1, interactiveMode: Maybe')),
    expect: /the interactiveMode "Maybe"/,
  },
  {
    name: 'exec that insists on a terminal',
    config: user(exec('apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always')),
    expect: /standard input is no terminal$/,
  },
  {
    name: 'exec v1alpha1',
    config: user(exec('apiVersion: client.authentication.k8s.io/v1alpha1, interactiveMode: Never')),
    expect: /the apiVersion "client\.authentication\.k8s\.io\/v1alpha1"; accepted/,
  },
  {
    name: 'exec answering in another version',
    config: user(exec('apiVersion: client.authentication.k8s.io/v1beta1, env: [{name: VERSION, value: v1}]')),
    expect: /answered in another apiVersion/,
  },
  {
    name: 'exec not found',
    config: user(exec().replace('./plugin', 'kle-no-such-plugin')),
    expect: /^the credential plugin kle-no-such-plugin was not found$/,
  },
  {
    name: 'exec failing',
    config: user(
      exec('apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, env: [{name: FAIL, value: "3"}]'),
    ),
    expect: /failed with exit code 3$/,
  },
  ...(
    [
      ['no JSON', 'SECRET', /printed something else than one JSON object$/],
      [
        'another kind',
        '{"kind":"Pod","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"SECRET"}}',
        /no ExecCredential$/,
      ],
      ['no status', '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}', /gave no status$/],
      ['nothing', status('{}'), /neither a token nor a certificate$/],
      ['a token that is a number', status('{"token":5}'), /a token that is no string$/],
      ['only a key', status('{"clientKeyData":"SECRET"}'), /only one of certificate and key$/],
      [
        'a certificate that is none',
        status('{"clientKeyData":"SECRET","clientCertificateData":"SECRET"}'),
        /is not a PEM certificate$/,
      ],
      [
        'a strange time',
        status('{"token":"SECRET","expirationTimestamp":"soon"}'),
        /expirationTimestamp that is no RFC 3339 time$/,
      ],
      ['a token with a line break', status('{"token":"SEC\\nRET"}'), /holds a line break/],
    ] as const
  ).map(
    ([what, answer, expect]): KubeconfigCase => ({
      name: `exec giving ${what}`,
      config: user(
        exec(
          'apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, env: [{name: ANSWER, value: "@DIR@/answer"}]',
        ),
      ),
      files: { answer },
      expect,
    }),
  ),
  {
    name: 'exec giving a token that expired',
    config: user(
      exec(
        'apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, env: [{name: ANSWER, value: "@DIR@/answer"}]',
      ),
    ),
    files: { answer: status('{"token":"OLD","expirationTimestamp":"2020-01-01T00:00:00Z"}') },
    expect: https('Bearer OLD'),
  },
];

const PROXY: KubeconfigCase[] = [
  {
    name: 'proxy-url with another scheme',
    config: cluster('server: "@HTTPS@", certificate-authority: ca.crt, proxy-url: "ftp://127.0.0.1"'),
    expect: /proxy-url of the cluster has the scheme ftp:/,
  },
  {
    name: 'proxy-url without a scheme',
    config: cluster('server: "@HTTPS@", certificate-authority: ca.crt, proxy-url: "127.0.0.1:1"'),
    expect: /is not a URL$/,
  },
  {
    name: 'loopback goes direct in spite of HTTPS_PROXY',
    config: user('token: T'),
    env: { HTTPS_PROXY: 'http://127.0.0.1:1' },
    expect: https('Bearer T'),
  },
];

function status(json: string): string {
  return `{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":${json}}`;
}

export const KUBECONFIG_CASES: KubeconfigCase[] = [
  ...LOADING,
  ...MALFORMED,
  ...CHOOSING,
  ...SERVER,
  ...TRUST,
  ...USERS,
  ...IMPERSONATION,
  ...PLUGINS,
  ...PROXY,
];
