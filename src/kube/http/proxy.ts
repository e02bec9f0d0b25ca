/** The proxy for a server: Go's rules (`golang.org/x/net/http/httpproxy`), which are kubectl's. Pure. */
import { BlockList, isIP } from 'node:net';
import { ConnectError } from './connection.js';
import { withoutUserinfo } from './server-url.js';

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/**
 * The cluster's `proxy-url` for whatever server; else HTTPS_PROXY or HTTP_PROXY by the server's scheme unless NO_PROXY
 * or a loopback address exempts it. Lower-case names count where the upper-case one is empty. Throws ConnectError for a
 * proxy-url that is none, and for SOCKS, which kle does not speak.
 */
export function proxyFor(server: URL, proxyUrl: string | undefined, env: NodeJS.ProcessEnv): URL | null {
  if (proxyUrl) {
    const given = JSON.stringify(withoutUserinfo(proxyUrl));
    const url = URL.canParse(proxyUrl) && proxyUrl.includes('://') ? new URL(proxyUrl) : null;
    if (!url?.hostname) throw new ConnectError(`the proxy-url ${given} is not a URL`, ['write it as http://HOST:PORT']);
    return supported(url, 'the proxy-url of the cluster');
  }
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = parseProxy(fromEnv(env, name));
  if (!proxy || isExempt(server, fromEnv(env, 'NO_PROXY'))) return null;
  return supported(proxy, name);
}

function fromEnv(env: NodeJS.ProcessEnv, name: string): string {
  return env[name] || env[name.toLowerCase()] || '';
}

/** `host:port` stands for `http://host:port`. What is no URL even so is ignored, as in Go. */
function parseProxy(text: string): URL | null {
  if (!text) return null;
  const full = /^[a-z][a-z0-9+.-]*:\/\/./i.test(text) ? text : `http://${text}`;
  return URL.canParse(full) ? new URL(full) : null;
}

function supported(proxy: URL, where: string): URL {
  if (proxy.protocol === 'http:' || proxy.protocol === 'https:') return proxy;
  throw new ConnectError(`${where} has the scheme ${proxy.protocol}//; accepted: http://, https://`, [
    'kle does not speak SOCKS; an HTTP proxy in front of it works',
  ]);
}

/** Whether requests to this server go direct in spite of a proxy in the environment. */
export function isExempt(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (DEFAULT_PORTS[server.protocol] ?? '');
  if (host === 'localhost' || isLoopback(host)) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function isLoopback(host: string): boolean {
  return contains('127.0.0.0', 8, host) || contains('::1', 128, host);
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const cidr = /^([0-9a-f.:]+)\/(\d{1,3})$/.exec(entry);
  if (cidr?.[1] && cidr[2] && isIP(cidr[1])) return contains(cidr[1], Number(cidr[2]), host);
  const [name, onlyPort] = splitPort(entry);
  if (name === '' || (onlyPort !== '' && onlyPort !== port)) return false;
  if (isIP(name)) return contains(name, isIP(name) === 4 ? 32 : 128, host);
  // A name never matches an address; `.example.com` and `*.example.com` match only what is below.
  if (isIP(host)) return false;
  const suffix = name.replace(/^\*(?=\.)/, '');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function splitPort(entry: string): [name: string, port: string] {
  const bracketed = /^\[(.*)\](?::(\d*))?$/.exec(entry);
  if (bracketed) return [bracketed[1] ?? '', bracketed[2] ?? ''];
  const named = /^([^:]*):(\d*)$/.exec(entry);
  return named ? [named[1] ?? '', named[2] ?? ''] : [entry, ''];
}

function contains(network: string, bits: number, host: string): boolean {
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(host) !== isIP(network) || bits > (family === 'ipv6' ? 128 : 32)) return false;
  const block = new BlockList();
  block.addSubnet(network, bits, family);
  return block.check(host, family);
}
