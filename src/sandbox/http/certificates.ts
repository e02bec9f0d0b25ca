/** A certificate authority of our own, and what it signs: the server's certificate and the administrator's. */
import { webcrypto } from 'node:crypto';

export interface KeyPairPem {
  certificate: string;
  key: string;
}

export interface Certificates {
  caPem: string;
  server: KeyPairPem;
  admin: KeyPairPem;
}

export const ADMIN_USER = 'kle-admin';
export const ADMIN_GROUP = 'system:masters';

// P-256 rather than RSA: a key takes a millisecond, not a second.
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const VALID_DAYS = 365;

/** `nowMs`: certificates hold from a day before to a year after, whatever a slightly wrong clock says. */
export async function makeCertificates(nowMs: number): Promise<Certificates> {
  const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const keys = Promise.all([newKeys(), newKeys(), newKeys()]);
  // Needs the Reflect polyfill first; both are heavy, so nobody pays for them who does not serve TLS.
  await import('reflect-metadata');
  const loaded: typeof import('@peculiar/x509') & { default?: typeof import('@peculiar/x509') } = await import(
    '@peculiar/x509'
  );
  // A bundler that takes the package's CommonJS form leaves its exports on `default`.
  const x509 = loaded.default ?? loaded;
  x509.cryptoProvider.set(webcrypto);
  const [caKeys, serverKeys, adminKeys] = await keys;
  const common = {
    notBefore: dateOf(nowMs - DAY_MS),
    notAfter: dateOf(nowMs + VALID_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
  };
  const usage = x509.KeyUsageFlags;
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: '01',
    name: 'CN=kle-sandbox-ca',
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(usage.keyCertSign | usage.cRLSign | usage.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const sign = async (serialNumber: string, subject: string, keys: webcrypto.CryptoKeyPair, server: boolean) => {
    const certificate = await x509.X509CertificateGenerator.create({
      ...common,
      serialNumber,
      subject,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(usage.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          server ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
        ...(server
          ? [
              new x509.SubjectAlternativeNameExtension([
                { type: 'ip', value: '127.0.0.1' },
                { type: 'dns', value: 'localhost' },
              ]),
            ]
          : []),
      ],
    });
    return { certificate: certificate.toString('pem'), key: await keyPem(keys) };
  };
  const [server, admin] = await Promise.all([
    sign('02', 'CN=kle-sandbox', serverKeys, true),
    sign('03', `O=${ADMIN_GROUP}, CN=${ADMIN_USER}`, adminKeys, false),
  ]);
  return { caPem: ca.toString('pem'), server, admin };
}

/** The library wants a Date; made of a number it reads no clock. */
const dateOf = (ms: number): Date => Reflect.construct(Date, [ms]);

async function keyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/(.{64})/g, '$1\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}
