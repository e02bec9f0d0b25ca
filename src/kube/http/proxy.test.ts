import { describe, expect, test } from 'vitest';
import { PROXY_CASES } from '../../../test/support/kubeconfig-proxies.js';
import { ConnectError } from './connection.js';
import { proxyFor } from './proxy.js';

const chosen = (server: string, env: NodeJS.ProcessEnv, proxyUrl?: string): string | null =>
  proxyFor(new URL(server), proxyUrl, env)?.href ?? null;

describe('NO_PROXY', () => {
  test.each(PROXY_CASES)('$server with "$noProxy": $proxied', ({ server, noProxy, proxied }) => {
    const expected = proxied ? 'http://proxy:3128/' : null;
    expect(chosen(server, { HTTP_PROXY: 'http://proxy:3128', NO_PROXY: noProxy })).toBe(expected);
  });
});

describe('which proxy', () => {
  test.each([
    [
      'by the scheme of the server',
      'https://api',
      { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://h:1' },
      'http://s:1/',
    ],
    ['not the one of the other scheme', 'https://api', { HTTP_PROXY: 'http://h:1' }, null],
    ['the lower-case name', 'https://api', { https_proxy: 'http://s:1' }, 'http://s:1/'],
    [
      'the upper-case name first',
      'https://api',
      { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:1' },
      'http://b:1/',
    ],
    ['the lower-case NO_PROXY', 'https://api', { HTTPS_PROXY: 'http://b:1', no_proxy: 'api' }, null],
    ['without a scheme', 'https://api', { HTTPS_PROXY: 'b:3128' }, 'http://b:3128/'],
    ['with https', 'https://api', { HTTPS_PROXY: 'https://b:1' }, 'https://b:1/'],
    ['what is no URL is ignored', 'https://api', { HTTPS_PROXY: 'http://[' }, null],
    ['the port of https', 'https://api', { HTTPS_PROXY: 'http://b:1', NO_PROXY: 'api:443' }, null],
    ['ALL_PROXY does not count', 'https://api', { ALL_PROXY: 'http://b:1' }, null],
  ])('%s', (_, server, env, expected) => {
    expect(chosen(server, env)).toBe(expected);
  });

  test("the cluster's proxy-url beats environment and NO_PROXY, loopback too", () => {
    const env = { HTTPS_PROXY: 'http://env:1', NO_PROXY: '*' };
    expect(chosen('https://127.0.0.1:6443', env, 'http://u:p@mine:1')).toBe('http://u:p@mine:1/');
  });

  test.each([
    ['https://api', { HTTPS_PROXY: 'socks5://u:SECRET@b:1' }, undefined],
    ['https://api', {}, 'socks5://u:SECRET@b:1'],
    ['https://api', {}, 'u:SECRET@b'],
    ['https://api', {}, 'ftp://u:SECRET@b'],
  ])('%s %o %s is refused without its password', (server, env, proxyUrl) => {
    expect(() => chosen(server, env, proxyUrl)).toThrow(ConnectError);
    expect(() => chosen(server, env, proxyUrl)).not.toThrow(/SECRET/);
  });
});
