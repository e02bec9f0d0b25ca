import { describe, expect, it } from 'vitest';
import { failureOfError, failureOfReply, type Target } from './failure.js';
import { ConnectError } from './http/connection.js';

const target: Target = { verb: 'update', resource: 'leases', namespace: 'prod', name: 'web' };
const reply = (status: number, text: string, headers: Record<string, string> = {}) =>
  failureOfReply({ status, text, headers: { 'content-type': 'application/json', ...headers } }, target, 1_000_000);
const status = (code: number, message: string, more: object = {}) =>
  reply(code, JSON.stringify({ kind: 'Status', status: 'Failure', code, message, ...more }));

describe('an answer of an API server', () => {
  it('names the verb and resource that RBAC missed, which need not be those sent', () => {
    const message =
      'leases.coordination.k8s.io "web" is forbidden: User "x" cannot create resource "leases" in API group "coordination.k8s.io" in the namespace "prod"';
    expect(status(403, message)).toEqual({
      kind: 'forbidden',
      verb: 'create',
      resource: 'leases',
      namespace: 'prod',
      name: 'web',
      message,
    });
    expect(status(403, 'denied by a webhook')).toMatchObject({ verb: 'update', resource: 'leases' });
  });

  it('tells a missing object, a missing namespace and a missing resource apart', () => {
    const named = (kind: string, name: string) => ({ details: { kind, name } });
    expect(status(404, 'leases "web" not found', named('leases', 'web'))).toMatchObject({
      resource: 'leases',
      name: 'web',
    });
    expect(status(404, 'namespaces "prod" not found', named('namespaces', 'prod'))).toMatchObject({
      resource: 'namespaces',
      name: 'prod',
    });
    const unknown = { kind: 'not-found', resource: 'leases', name: null };
    expect(status(404, 'the server could not find the requested resource', { details: {} })).toMatchObject(unknown);
    expect(reply(404, '404 page not found\n', { 'content-type': 'text/plain' })).toMatchObject(unknown);
  });

  it('tells an existing name from a lost race', () => {
    expect(status(409, 'exists', { reason: 'AlreadyExists' })).toMatchObject({ kind: 'conflict', exists: true });
    expect(status(409, 'modified', { reason: 'Conflict' })).toMatchObject({ kind: 'conflict', exists: false });
  });

  it('lists each cause of a refusal once', () => {
    const cause = { field: 'metadata.uid', message: 'field is immutable', reason: 'FieldValueInvalid' };
    expect(status(422, 'invalid', { details: { causes: [cause, cause] } })).toEqual({
      kind: 'invalid',
      causes: [{ field: 'metadata.uid', message: 'field is immutable' }],
      message: 'invalid',
    });
    expect(status(400, 'bad')).toMatchObject({ kind: 'invalid', causes: [] });
  });

  it('reads how long to stay away: seconds, a date, or the Status', () => {
    const told = (value: string) => reply(429, 'slow down', { 'retry-after': value });
    expect(told('3')).toMatchObject({ kind: 'throttled', retryAfterMs: 3000 });
    expect(told('Thu, 01 Jan 1970 00:16:45 GMT')).toMatchObject({ retryAfterMs: 5000 });
    expect(told('soon')).toMatchObject({ retryAfterMs: null });
    expect(status(503, 'away', { details: { retryAfterSeconds: 2 } })).toMatchObject({
      kind: 'server',
      status: 503,
      retryAfterMs: 2000,
    });
  });

  it('is expired with 410 and unauthorised with 401, whatever the body', () => {
    expect(status(410, 'too old').kind).toBe('expired');
    expect(reply(401, '<html>').kind).toBe('unauthorised');
  });
});

describe('an answer of something else', () => {
  const html = { 'content-type': 'text/html; charset=utf-8' };

  it('is not Kubernetes, with what the page says', () => {
    expect(reply(200, '<html><title>Sign in to Corp</title>', html)).toEqual({
      kind: 'not-kubernetes',
      status: 200,
      contentType: 'text/html; charset=utf-8',
      message: 'answered 200: Sign in to Corp',
    });
    expect(reply(404, '<html>no</html>', html).kind).toBe('not-kubernetes');
    const plain = reply(400, 'Client sent an HTTP request to an HTTPS server.\n', { 'content-type': 'text/plain' });
    expect(plain.message).toContain('Client sent an HTTP request to an HTTPS server.');
  });

  it('keeps the query of a login redirect to itself', () => {
    const failure = reply(302, '', { location: 'https://login.example/auth?state=s3cret' });
    expect(failure.kind).toBe('not-kubernetes');
    expect(failure.message).toContain('https://login.example/auth');
    expect(failure.message).not.toContain('s3cret');
  });

  it('is a server that is away when a gateway says so', () => {
    expect(reply(502, '<title>502 Bad Gateway</title>', html)).toMatchObject({ kind: 'server', status: 502 });
  });
});

describe('an error of the socket', () => {
  const of = (code: string, message = 'm') => failureOfError(Object.assign(new Error(message), { code }), 'https://s');

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET', 'EHOSTUNREACH'])('%s means unreachable', (code) => {
    expect(of(code)).toEqual({ kind: 'unreachable', server: 'https://s', code, message: 'm' });
  });

  it.each([
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
  ])('%s is a matter of TLS', (code) => {
    expect(of(code).kind).toBe('tls');
  });

  it('knows a server that does not speak HTTP and a credential that cannot be had', () => {
    expect(of('HPE_INVALID_CONSTANT').kind).toBe('not-kubernetes');
    expect(of('ERR_INVALID_CHAR').kind).toBe('credentials');
    expect(failureOfError(new ConnectError('no plugin'), '')).toEqual({ kind: 'credentials', message: 'no plugin' });
  });

  it('looks into the error of a name with several addresses', () => {
    const inner = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' });
    const all = Object.assign(new AggregateError([inner], ''), { code: 'ECONNREFUSED' });
    expect(failureOfError(all, '')).toMatchObject({ code: 'ECONNREFUSED', message: 'connect ECONNREFUSED ::1:1' });
  });
});
