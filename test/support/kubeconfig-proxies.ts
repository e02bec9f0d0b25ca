/** Servers, NO_PROXY and whether kubectl goes through the proxy then. Held to kubectl by kubeconfig-kubectl.test.ts. */
export interface ProxyCase {
  server: string;
  noProxy: string;
  proxied: boolean;
}

const cases = (noProxy: string, proxied: string[], direct: string[]): ProxyCase[] => [
  ...proxied.map((server) => ({ server, noProxy, proxied: true })),
  ...direct.map((server) => ({ server, noProxy, proxied: false })),
];

export const PROXY_CASES: ProxyCase[] = [
  ...cases(
    '',
    ['http://api.invalid', 'http://192.0.2.1'],
    ['http://localhost:1', 'http://127.0.0.1:1', 'http://[::1]:1'],
  ),
  ...cases('127.0.0.1', [], ['http://127.9.9.9:1']),
  ...cases('*', [], ['http://api.invalid']),
  ...cases('invalid', [], ['http://api.invalid']),
  ...cases(
    'other.invalid, api.invalid ',
    ['http://xapi.invalid'],
    ['http://api.invalid', 'http://a.api.invalid', 'http://API.invalid:8080'],
  ),
  ...cases('.api.invalid', ['http://api.invalid'], ['http://a.api.invalid']),
  ...cases('*.api.invalid', ['http://api.invalid'], ['http://a.api.invalid']),
  ...cases('api.invalid:8080', ['http://api.invalid', 'http://api.invalid:8081'], ['http://api.invalid:8080']),
  ...cases('api.invalid:80', [], ['http://api.invalid']),
  ...cases('192.0.2.1', ['http://192.0.2.2'], ['http://192.0.2.1']),
  ...cases('192.0.2.0/24', ['http://192.0.3.1'], ['http://192.0.2.1']),
  ...cases('192.0.2.1:81', ['http://192.0.2.1'], ['http://192.0.2.1:81']),
  ...cases('2.1', ['http://192.0.2.1'], []),
  ...cases('[2001:db8::1]:81', ['http://[2001:db8::1]'], ['http://[2001:db8::1]:81']),
  ...cases('2001:db8::/32', ['http://[2001:db9::1]'], ['http://[2001:db8::1]']),
  ...cases('2001:db8::1', [], ['http://[2001:db8:0:0::1]']),
  ...cases(':80,,/,*x', ['http://api.invalid'], []),
];
