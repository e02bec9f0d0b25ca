/** Certificates made on the spot, good and bad ones. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
x509.cryptoProvider.set(webcrypto as never);

export interface Pair {
  /** PEM. */
  cert: string;
  /** PEM. */
  key: string;
}

export interface Authority {
  ca: string;
  issue(of: { dns?: string; ip?: string; expired?: boolean }): Promise<Pair>;
}

export async function makeAuthority(): Promise<Authority> {
  const keys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test authority',
    keys,
    ...validity(false),
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    ca: ca.toString('pem'),
    async issue({ dns, ip, expired = false }) {
      const own = await newKeys();
      const names: x509.JsonGeneralName[] = [];
      if (dns) names.push({ type: 'dns', value: dns });
      if (ip) names.push({ type: 'ip', value: ip });
      const cert = await x509.X509CertificateGenerator.create({
        subject: 'CN=test',
        issuer: ca.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        ...validity(expired),
        signingAlgorithm: ALGORITHM,
        extensions: [new x509.SubjectAlternativeNameExtension(names)],
      });
      const der = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
      return { cert: cert.toString('pem'), key: x509.PemConverter.encode(der, 'PRIVATE KEY') };
    },
  };
}

const newKeys = () =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

function validity(expired: boolean) {
  const now = Date.now();
  return { notBefore: new Date(now - 2 * DAY_MS), notAfter: new Date(now + (expired ? -DAY_MS : DAY_MS)) };
}
