import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type HandClock, handClock } from '../../../test/support/kubeconfig-hand-clock.js';
import { connect } from '../connect.js';
import { ConnectError } from '../http/connection.js';

const NOW = Date.UTC(2026, 0, 1);
const root = mkdtempSync(path.join(tmpdir(), 'kle-oidc-'));

/** An id-token that expires `seconds` after the clock's start. */
const idToken = (name: string, seconds: number): string => {
  const payload = Buffer.from(JSON.stringify({ sub: name, exp: NOW / 1000 + seconds })).toString('base64url');
  return `eyJhbGciOiJub25lIn0.${payload}.c2lnbmF0dXJl`;
};

type Answer = { status: number; body: unknown };
let asked: { authorization: string | undefined; form: Record<string, string> }[] = [];
let answer: (form: Record<string, string>, authorization: string | undefined) => Answer;
const provider = http.createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  request.on('end', () => {
    const send = ({ status, body }: Answer) => response.writeHead(status).end(JSON.stringify(body));
    if (request.method === 'GET') return send({ status: 200, body: { token_endpoint: `${issuer}/token` } });
    const form = Object.fromEntries(new URLSearchParams(text));
    const { authorization } = request.headers;
    asked.push({ authorization, form });
    return send(answer(form, authorization));
  });
});
let issuer = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    provider.listen(0, '127.0.0.1', resolve);
  });
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
});
afterAll(() => {
  provider.closeAllConnections();
  provider.close();
  rmSync(root, { recursive: true });
});

let file: string;
let clock: HandClock;
beforeEach(() => {
  file = path.join(mkdtempSync(path.join(root, 'case-')), 'config');
  clock = handClock(NOW);
  asked = [];
});

async function withOidc(token: string, refresh: string | null): ReturnType<typeof connect> {
  const text = `# mine
clusters: [{name: c, cluster: {server: "https://192.0.2.1"}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
users:
- name: u   # me
  user:
    auth-provider:
      name: oidc
      config:
        idp-issuer-url: ${issuer}
        client-id: kle
        client-secret: "s3cret/&"
        id-token: ${token}${refresh ? `\n        refresh-token: '${refresh}'` : ''}
current-context: x
`;
  writeFileSync(file, text, { mode: 0o640 });
  return connect({}, { env: { KUBECONFIG: file }, clock });
}

const OLD_REFRESH = 'refresh-token-number-one';

describe('the oidc auth-provider', () => {
  test('asks nobody while the id-token is good', async () => {
    const token = idToken('first', 3600);
    const connection = await withOidc(token, OLD_REFRESH);
    clock.advance(3_589_000);
    expect(await connection.credential()).toEqual({ authorization: `Bearer ${token}` });
    expect(asked).toEqual([]);
  });

  test('refreshes ten seconds early, once, and again when that expires', async () => {
    const [first, second, third] = [idToken('first', 3600), idToken('second', 7200), idToken('third', 9999)];
    answer = () => ({ status: 200, body: { id_token: asked.length === 1 ? second : third } });
    const connection = await withOidc(first, OLD_REFRESH);
    const before = readFileSync(file, 'utf8');
    clock.advance(3_590_000);
    const both = await Promise.all([connection.credential(), connection.credential()]);
    expect(both).toEqual([{ authorization: `Bearer ${second}` }, { authorization: `Bearer ${second}` }]);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toEqual({
      authorization: `Basic ${Buffer.from(`kle:${encodeURIComponent('s3cret/&')}`).toString('base64')}`,
      form: { grant_type: 'refresh_token', refresh_token: OLD_REFRESH },
    });
    clock.advance(3_600_000);
    expect(await connection.credential()).toEqual({ authorization: `Bearer ${third}` });
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('refreshes half a minute early where that is asked for, while the old token is given out', async () => {
    const [first, second] = [idToken('first', 3600), idToken('second', 7200)];
    answer = () => ({ status: 200, body: { id_token: second } });
    const connection = await withOidc(first, OLD_REFRESH);
    clock.advance(3_569_000);
    connection.keepFresh?.()();
    expect(await connection.credential()).toEqual({ authorization: `Bearer ${first}` });
    expect(asked).toEqual([]);
    clock.advance(1_000);
    connection.keepFresh?.()();
    expect(await connection.credential()).toEqual({ authorization: `Bearer ${first}` });
    while ((await connection.credential()).authorization !== `Bearer ${second}`) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(asked).toHaveLength(1);
  });

  test('puts the secret into the body for a provider that wants it there', async () => {
    const second = idToken('second', 3600);
    answer = (form) =>
      form.client_secret === 's3cret/&' && form.client_id === 'kle'
        ? { status: 200, body: { id_token: second } }
        : { status: 401, body: { error: 'invalid_client' } };
    const connection = await withOidc(idToken('first', 0), OLD_REFRESH);
    expect(await connection.credential()).toEqual({ authorization: `Bearer ${second}` });
  });

  test('writes a replaced refresh token back, and nothing else', async () => {
    const [first, second] = [idToken('first', 0), idToken('second', 3600)];
    answer = () => ({ status: 200, body: { id_token: second, refresh_token: 'refresh-token-number-two' } });
    const connection = await withOidc(first, OLD_REFRESH);
    const before = readFileSync(file, 'utf8');
    await connection.credential();
    expect(readFileSync(file, 'utf8')).toBe(
      before.replace(first, second).replace(OLD_REFRESH, 'refresh-token-number-two'),
    );
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  test('refreshes after a 401', async () => {
    const [first, second] = [idToken('first', 3600), idToken('second', 3600)];
    answer = () => ({ status: 200, body: { id_token: second } });
    const connection = await withOidc(first, OLD_REFRESH);
    await connection.credential();
    expect(connection.forgetCredential()).toBe(true);
    expect(await connection.credential()).toEqual({ authorization: `Bearer ${second}` });
  });

  test('says what the provider said, without a token', async () => {
    answer = () => ({ status: 400, body: { error: 'invalid_grant', error_description: OLD_REFRESH } });
    const connection = await withOidc(idToken('first', 0), OLD_REFRESH);
    const error = (await connection.credential().catch((reason: unknown) => reason)) as ConnectError;
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.message).toBe(
      `the identity provider ${issuer} did not renew the id-token of user "u": HTTP 400, invalid_grant`,
    );
    expect(error.tries.join()).not.toContain(OLD_REFRESH);
  });

  test('keeps a refused id-token when there is nothing to refresh with', async () => {
    const first = idToken('first', 3600);
    const connection = await withOidc(first, null);
    expect(connection.forgetCredential()).toBe(false);
    expect(await connection.credential()).toEqual({ authorization: `Bearer ${first}` });
  });

  test('says that there is nothing to refresh with', async () => {
    const connection = await withOidc(idToken('first', 0), null);
    await expect(connection.credential()).rejects.toThrow(/missing or expired, and there is no refresh-token$/);
  });
});
