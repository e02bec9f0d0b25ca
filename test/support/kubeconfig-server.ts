/** Two servers on loopback, http and https, that note what a client presents; and the certificates for that. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import * as x509 from '@peculiar/x509';
import type { Connection } from '../../src/kube/http/connection.js';

/** What one request showed of its sender. */
export interface Seen {
  scheme: 'http' | 'https';
  path: string;
  authorization?: string;
  /** Impersonate-* headers, names in lower case, sorted by name, order of values kept. */
  impersonate?: [name: string, value: string][];
  /** Common name of the client certificate. */
  certificate?: string;
}

export interface Pair {
  cert: string;
  key: string;
}

export interface Servers {
  httpUrl: string;
  httpsUrl: string;
  ca: string;
  /** Signed by `ca`. */
  client: Pair;
  /** Signed by itself, unknown to everybody. */
  stranger: Pair;
  /** The last request for `…/version` since the previous call, or null. */
  take(): Seen | null;
  close(): void;
}

const VERSION = JSON.stringify({ major: '1', minor: '32', gitVersion: 'v1.32.4', platform: 'linux/amd64' });
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export async function startServers(): Promise<Servers> {
  x509.cryptoProvider.set(webcrypto);
  const authority = await selfSigned('kle test authority', true);
  const issue = async (name: string) => signedBy(authority, name);
  const [server, client] = [await issue('127.0.0.1'), await issue('client-from-certificate')];
  const stranger = pem(await selfSigned('stranger', false));
  let last: Seen | null = null;
  const note = (scheme: Seen['scheme']) => (request: http.IncomingMessage, response: http.ServerResponse) => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    if (path.endsWith('/version')) last = seen(scheme, path, request);
    response.setHeader('content-type', 'application/json').end(VERSION);
  };
  const secure = https.createServer({ ...pem(server), requestCert: true, rejectUnauthorized: false }, note('https'));
  const plain = http.createServer(note('http'));
  const listen = (which: http.Server | https.Server) =>
    new Promise<number>((resolve) => {
      which.listen(0, '127.0.0.1', () => resolve((which.address() as AddressInfo).port));
    });
  return {
    httpsUrl: `https://127.0.0.1:${await listen(secure)}`,
    httpUrl: `http://127.0.0.1:${await listen(plain)}`,
    ca: authority.certificate.toString('pem'),
    client: pem(client),
    stranger,
    take() {
      const seenLast = last;
      last = null;
      return seenLast;
    },
    close() {
      for (const each of [secure, plain]) {
        each.closeAllConnections();
        each.close();
      }
    },
  };
}

function seen(scheme: Seen['scheme'], path: string, request: http.IncomingMessage): Seen {
  const impersonate: [string, string][] = [];
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = (request.rawHeaders[i] ?? '').toLowerCase();
    const value = Buffer.from(request.rawHeaders[i + 1] ?? '', 'latin1').toString('utf8');
    if (name.startsWith('impersonate-')) impersonate.push([name, value]);
  }
  impersonate.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const subject = scheme === 'https' ? (request.socket as TLSSocket).getPeerCertificate().subject : undefined;
  return {
    scheme,
    path,
    ...(request.headers.authorization && { authorization: request.headers.authorization }),
    ...(impersonate.length > 0 && { impersonate }),
    ...(subject?.CN && { certificate: String(subject.CN) }),
  };
}

interface Issued {
  certificate: x509.X509Certificate;
  keys: webcrypto.CryptoKeyPair;
  keyPem: string;
}

async function newKeys(): Promise<{ keys: webcrypto.CryptoKeyPair; keyPem: string }> {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { keys, keyPem: x509.PemConverter.encode(der, 'PRIVATE KEY') };
}

const validity = () => ({ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) });

async function selfSigned(name: string, ca: boolean): Promise<Issued> {
  const { keys, keyPem } = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(ca, undefined, true)],
  });
  return { certificate, keys, keyPem };
}

async function signedBy(authority: Issued, name: string): Promise<Issued> {
  const { keys, keyPem } = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
  });
  return { certificate, keys, keyPem };
}

function pem({ certificate, keyPem }: Issued): Pair {
  return { cert: certificate.toString('pem'), key: keyPem };
}

/** One GET of `…/version` with nothing but what the connection says. */
export async function sendVersion(connection: Connection): Promise<void> {
  const { server, tls, headers } = connection;
  const { authorization, cert, key } = await connection.credential();
  const sent: Record<string, string | string[]> = {};
  for (const [name, value] of headers) sent[name] = [...(sent[name] ?? []), value];
  if (authorization) sent.Authorization = authorization;
  const options: https.RequestOptions = {
    // Nothing is repaired here: a prefix that still ends in a slash shows.
    path: `${server.pathname === '/' ? '' : server.pathname}/version`,
    host: server.hostname,
    port: server.port,
    headers: sent,
    agent: false,
    rejectUnauthorized: !tls.insecure,
    ...(tls.ca && { ca: tls.ca }),
    ...(tls.servername && { servername: tls.servername }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
  const { request } = server.protocol === 'https:' ? https : http;
  await new Promise<void>((resolve, reject) => {
    const outgoing = request(options, (response) => response.resume().on('end', resolve));
    outgoing.on('error', reject).end();
  });
}
