/** Certificates and keys looked at before a connection fails over them with OpenSSL's words. */
import { ConnectError } from './connection.js';

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;

/** Throws ConnectError when there is no certificate in it. */
export function checkAuthority(pem: Buffer, what: string): void {
  if (!CERTIFICATE.test(pem.toString('latin1'))) throw new ConnectError(`${what} holds no PEM certificate`);
}

/** Throws ConnectError when the two are no PEM certificate and key, or do not belong together. */
export function checkPair(cert: Buffer, key: Buffer, who: string): void {
  const { X509Certificate, createPrivateKey } = process.getBuiltinModule('node:crypto');
  const parsed = attempt(() => new X509Certificate(cert));
  if (!parsed) throw new ConnectError(`the client certificate of ${who} is not a PEM certificate`);
  const privateKey = attempt(() => createPrivateKey(key));
  if (!privateKey) {
    const locked = key.includes('ENCRYPTED') ? ': it is encrypted' : '';
    throw new ConnectError(`the client key of ${who} is not a PEM private key${locked}`);
  }
  if (!parsed.checkPrivateKey(privateKey)) {
    throw new ConnectError(`the client certificate and the client key of ${who} do not belong together`);
  }
}

function attempt<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    // OpenSSL's own words say less than the caller's.
    return null;
  }
}
