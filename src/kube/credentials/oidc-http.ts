/** One request to an identity provider. */
import { ConnectError } from '../http/connection.js';

export interface IssuerReply {
  status: number;
  /** Empty when the answer is no JSON object. */
  body: Record<string, unknown>;
}

export interface IssuerRequest {
  ca: Buffer | null;
  /** Sent as a POST; without it a GET. */
  form?: Record<string, string>;
  authorization?: string;
}

const TIMEOUT_MS = 30_000;
const MAX_BODY = 1 << 20;

/** Rejects with ConnectError when there is no answer; its message names the host alone. */
export function requestIssuer(address: string, { ca, form, authorization }: IssuerRequest): Promise<IssuerReply> {
  if (!URL.canParse(address)) return Promise.reject(new ConnectError('the idp-issuer-url is not a URL'));
  const url = new URL(address);
  const { request } = process.getBuiltinModule(url.protocol === 'http:' ? 'node:http' : 'node:https');
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new ConnectError(`the identity provider at ${url.host} could not be asked: ${why}`));
    const outgoing = request(url, {
      method: form ? 'POST' : 'GET',
      timeout: TIMEOUT_MS,
      headers: {
        accept: 'application/json',
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(authorization && { authorization }),
      },
      ...(ca && { ca }),
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_BODY) outgoing.destroy(new Error('its answer is too long'));
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parseObject(text) }));
      response.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    });
    outgoing.end(form && new URLSearchParams(form).toString());
  });
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
