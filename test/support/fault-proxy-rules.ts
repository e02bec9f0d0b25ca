/** What a fault proxy records and what it can be told to do. Pure. */

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'other';

/** All times are CLOCK_MONOTONIC in nanoseconds, as in the logs of electors and workers. */
export interface ProxiedRequest {
  /** 1, 2, 3… over all clients of the proxy. */
  readonly number: number;
  readonly client: string;
  readonly method: string;
  readonly verb: Verb;
  /** With the query. */
  readonly path: string;
  readonly body: string;
  /** All of it was here. */
  readonly arrived: bigint;
  /** The fault that it met. */
  readonly fault: Fault['do'] | null;
  /** It went on to the API server; with `hold` and `delay` later than it arrived, with `drop` and `answer` never. */
  readonly forwarded: bigint | null;
  /** What the API server said, and when its head was here. */
  readonly upstreamStatus: number | null;
  readonly upstreamAt: bigint | null;
  /** What the client was told, and when. Null as long as it was told nothing. */
  readonly status: number | null;
  readonly answered: bigint | null;
  /** The answer was over (for a watch: the stream), the client had gone, or it was cut. */
  readonly ended: bigint | null;
  /** Why the API server could not be asked. */
  readonly error: string | null;
}

/** All that are given must fit. */
export interface Match {
  readonly verb?: Verb | readonly Verb[];
  /** Of the path with its query. A string must be the whole path, without the query. */
  readonly path?: string | RegExp;
  readonly when?: (request: ProxiedRequest) => boolean;
  /** Only the first, second, … of those that fit all else, counted from when the fault was planted. */
  readonly nth?: number | readonly number[];
  /** No more than so many. */
  readonly times?: number;
}

export type Fault =
  /** As without a fault: an exception to one planted before. */
  | { readonly do: 'pass' }
  /** A slow way there, a slow way back, or both. */
  | { readonly do: 'delay'; readonly requestMs?: number; readonly replyMs?: number }
  /** Taken, never passed on, never answered. */
  | { readonly do: 'drop' }
  /** The connection is reset, and all that goes over it. */
  | { readonly do: 'reset' }
  /** Not passed on: answered here, with a metav1.Status. */
  | { readonly do: 'answer'; readonly status: number; readonly retryAfter?: number; readonly message?: string }
  /** Passed on and done; the client hears nothing, sees the connection reset, or gets that status. */
  | { readonly do: 'lose-reply'; readonly instead?: 'silence' | 'reset' | number }
  /** Kept until `deliver()`, whether the client still waits or not. */
  | { readonly do: 'hold' }
  /** The head of the answer arrives and nothing after it: a watch that is silent. */
  | { readonly do: 'stall' };

/** How a Kubernetes API server would call it. */
export function verbOf(method: string, path: string): Verb {
  const [route = '', query = ''] = path.split('?');
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    case 'GET':
      if (/(^|&)watch=(true|1)(&|$)/.test(query)) return 'watch';
      return isCollection(route) ? 'list' : 'get';
    default:
      return 'other';
  }
}

function isCollection(route: string): boolean {
  const parts = route.split('/').filter((part) => part !== '');
  const rest = parts[0] === 'api' ? parts.slice(2) : parts[0] === 'apis' ? parts.slice(3) : [];
  const resource = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  return resource.length === 1;
}

/** A fault with its count of those that fitted. */
export class Rule {
  readonly match: Match;
  readonly fault: Fault;
  #fitted = 0;
  #used = 0;

  constructor(match: Match, fault: Fault) {
    this.match = match;
    this.fault = fault;
  }

  /** Counts, so it is to be asked once per request. */
  takes(request: ProxiedRequest): boolean {
    if (!this.#fits(request)) return false;
    this.#fitted += 1;
    const { nth, times = Number.POSITIVE_INFINITY } = this.match;
    if (nth !== undefined && ![nth].flat().includes(this.#fitted)) return false;
    if (this.#used >= times) return false;
    this.#used += 1;
    return true;
  }

  #fits(request: ProxiedRequest): boolean {
    const { verb, path, when } = this.match;
    if (verb !== undefined && ![verb].flat().includes(request.verb)) return false;
    if (typeof path === 'string' && request.path.split('?')[0] !== path) return false;
    if (path instanceof RegExp && !path.test(request.path)) return false;
    return when?.(request) ?? true;
  }
}

/** As an API server would say it, so that clients know the class of the error. */
export function statusBody(code: number, { retryAfter, message }: { retryAfter?: number; message?: string }): string {
  const reasons: Record<number, string> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Expired',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: message ?? `the fault proxy answers ${code}`,
    reason: reasons[code] ?? '',
    ...(retryAfter === undefined ? {} : { details: { retryAfterSeconds: retryAfter } }),
    code,
  });
}
