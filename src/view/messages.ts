/** Codes and failures into words: the one file with sentences, so that wording changes touch no judgement. */
import type { ApiFailure } from '../lease/api.js';
import type { Problem } from '../lease/record.js';
import { shortAge } from './text/age.js';

/** A few words for a table cell. */
export function problemText(problem: Problem): string {
  switch (problem.code) {
    case 'field-absent':
      return `${problem.field} absent`;
    case 'field-null':
      return `${problem.field} null`;
    case 'field-wrong-type':
      return `${problem.field} is ${article(problem.got)}`;
    case 'field-zero':
      return `${problem.field} is 0`;
    case 'field-negative':
      return `${problem.field} is ${problem.value}`;
    case 'time-unreadable':
      return `${problem.field} unreadable`;
    case 'time-in-future':
      return `${problem.field} ${shortAge(problem.byMs)} ahead`;
    case 'renewal-time-shared':
      return `renewal time shared by ${problem.manager}`;
    case 'renewal-times-disagree':
      return `renewed ${shortAge(problem.serverClockAgoMs)} ago by the server, ${writerAgo(problem.writerClockAgoMs)} by the holder`;
  }
}

const article = (what: string) => (/^(a|an) /.test(what) ? what : `${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}`);
const writerAgo = (ms: number) => (ms < 0 ? `${shortAge(-ms)} ahead` : `${shortAge(ms)} ago`);

/** `ms`: how far this machine's clock is from the server's, certainly; positive: ahead. */
export function clockHint(ms: number): string {
  const by = Math.abs(ms) < 10_000 ? `${(Math.abs(ms) / 1000).toFixed(1)}s` : shortAge(Math.abs(ms));
  return `this machine's clock is at least ${by} ${ms > 0 ? 'ahead of' : 'behind'} the server's; kle goes by the server's`;
}

export function disagreeHint(names: readonly string[]): string {
  const some = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
  return `${some}: the server's stamp and the holder's renewTime disagree; --observe 20s settles it by watching`;
}

export interface FailureText {
  message: string;
  tries: readonly string[];
}

/** What happened, why if known, and what to try. Server words are cut to one line by the caller's `safe`. */
export function failureText(failure: ApiFailure): FailureText {
  switch (failure.kind) {
    case 'unreachable':
      return {
        message: `cannot reach the server ${failure.server}: ${unreachableWhy(failure.code, failure.message)}`,
        tries: ['is the cluster up, and is this the right context? `kubectl config get-contexts` lists them'],
      };
    case 'tls':
      return {
        message: `the certificate of ${failure.server} is not accepted: ${failure.message}`,
        tries: ['check certificate-authority in the kubeconfig, or --certificate-authority and tls-server-name'],
      };
    case 'unauthorised':
      return {
        message: `the server does not accept the credentials (401): ${failure.message}`,
        tries: [
          'the token or certificate is wrong or has expired: log in again, or choose another --context or --user',
        ],
      };
    case 'forbidden':
      return { message: failure.message, tries: forbiddenTries(failure) };
    case 'not-found':
      return failure.name === null
        ? {
            message: `the server has no ${failure.resource}: ${failure.message}`,
            tries: ['kle needs the API group coordination.k8s.io/v1'],
          }
        : { message: failure.message, tries: ['`kle status -A` lists the Leases of every namespace'] };
    case 'conflict':
      return { message: `somebody else was faster: ${failure.message}`, tries: ['look again with `kle status`'] };
    case 'invalid':
      return {
        message: failure.causes.length
          ? failure.causes.map((cause) => `${cause.field}: ${cause.message}`).join('; ')
          : failure.message,
        tries: [],
      };
    case 'throttled':
      return { message: `the server is throttling requests (429): ${failure.message}`, tries: ['try again later'] };
    case 'expired':
      return { message: `the server no longer has that version (410): ${failure.message}`, tries: ['try again'] };
    case 'server':
      return { message: `the server failed (${failure.status}): ${failure.message}`, tries: ['try again later'] };
    case 'timeout':
      return {
        message: `no answer from the server within ${Math.round(failure.afterMs / 10) / 100}s`,
        tries: ['a longer --request-timeout, or see whether the API server is overloaded'],
      };
    case 'not-kubernetes':
      return {
        message: `this is no Kubernetes API server: ${failure.message} (${failure.status}${failure.contentType && `, ${failure.contentType}`})`,
        tries: ['check `server` in the kubeconfig; a proxy or a login page may be answering in its place'],
      };
    case 'aborted':
    case 'credentials':
      return { message: failure.message, tries: [] };
  }
}

const UNREACHABLE: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'the connection timed out',
  ECONNRESET: 'the connection was closed before an answer came',
};

const unreachableWhy = (code: string, message: string) =>
  UNREACHABLE[code] ? `${UNREACHABLE[code]} (${code})` : message;

function forbiddenTries(failure: Extract<ApiFailure, { kind: 'forbidden' }>): string[] {
  const where = failure.namespace === null ? '--all-namespaces' : `-n ${failure.namespace}`;
  const check = `kubectl auth can-i ${failure.verb} ${failure.resource} ${where}`;
  const allNamespaces = failure.namespace === null ? ['ask for one namespace with -n instead of -A'] : [];
  return [...allNamespaces, `this needs the right to ${failure.verb} ${failure.resource}: see with \`${check}\``];
}
