/** What kle asks of a server of Leases, and what can come back. Types only: `kube/` and the tests implement them. */
import type { Micros } from './micro-time.js';
import type { LeaseObject, LeaseRecord } from './record.js';

export interface LeaseRef {
  namespace: string;
  name: string;
}

/** Which Leases a list or a watch covers. */
export interface LeaseScope {
  /** Absent: every namespace. */
  namespace?: string;
  /** One Lease: sent as `fieldSelector=metadata.name=…`, so that rights limited by resourceNames suffice. */
  name?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** The call gives up after this many milliseconds. Default: the connection's request timeout. */
  timeoutMs?: number;
}

/** Why a call brought no result. `message` is the server's or the system's own words and has no secret in it. */
export type ApiFailure =
  /** No connection: refused, no route, name not found, closed before an answer. `code` is the system's (ECONNREFUSED…). */
  | { kind: 'unreachable'; server: string; code: string; message: string }
  /** The server's certificate was not accepted, or the handshake failed. */
  | { kind: 'tls'; server: string; code: string; message: string }
  | { kind: 'unauthorised'; message: string }
  | {
      kind: 'forbidden';
      verb: string;
      resource: string;
      namespace: string | null;
      name: string | null;
      message: string;
    }
  /** `name` is null when the path itself is unknown to the server: no such resource. */
  | { kind: 'not-found'; resource: string; name: string | null; message: string }
  /** `exists`: a creation met an object of that name. */
  | { kind: 'conflict'; exists: boolean; message: string }
  | { kind: 'invalid'; causes: { field: string; message: string }[]; message: string }
  | { kind: 'throttled'; retryAfterMs: number | null; message: string }
  /** 410: the version or the continue token is too old. */
  | { kind: 'expired'; message: string }
  | { kind: 'server'; status: number; retryAfterMs: number | null; message: string }
  | { kind: 'timeout'; afterMs: number; message: string }
  | { kind: 'aborted'; message: string }
  /** An answer that no Kubernetes API server gives, such as a login page. */
  | { kind: 'not-kubernetes'; status: number; contentType: string; message: string }
  /** No credential could be had: the exec plugin failed, the token file is gone. */
  | { kind: 'credentials'; message: string };

/** Monotonic milliseconds of the process: when the request left, when its answer (or failure) was there. */
export interface CallTimes {
  sentMs: number;
  receivedMs: number;
}

export type Answer<T> =
  | { ok: true; value: T; times: CallTimes }
  /** `mayHaveApplied`: the request may have reached the server, so a write may have happened. */
  | { ok: false; failure: ApiFailure; mayHaveApplied: boolean; times: CallTimes };

export interface LeaseList {
  items: LeaseRecord[];
  /** The version of the whole list, where a watch may begin. */
  resourceVersion: string;
}

/** The server's wall clock now, as an interval that certainly holds it. */
export interface ServerTime {
  earliest: Micros;
  latest: Micros;
}

export type LeaseWatchEvent =
  /**
   * `atMs`: monotonic, when the event was received. `found`: seen by a fresh list instead of the stream, so other
   * changes may have come and gone in between.
   */
  | { type: 'added' | 'modified' | 'deleted'; record: LeaseRecord; atMs: number; found: boolean }
  /** Everything in scope as of `resourceVersion` has been reported. Comes after the first list and after each further one. */
  | { type: 'synced'; resourceVersion: string; atMs: number }
  /** The server told that nothing in scope changed up to now. */
  | { type: 'bookmark'; resourceVersion: string; atMs: number }
  /**
   * The watch is not live from here until `reconnected`: what happens meanwhile is reported late, or only as found. A
   * stream that the server ends in good order and opens again at once is no such gap.
   */
  | { type: 'disconnected'; failure: ApiFailure; atMs: number }
  | { type: 'reconnected'; atMs: number };

export interface LeaseApi {
  get(ref: LeaseRef, options?: CallOptions): Promise<Answer<LeaseRecord>>;
  /** `limit`: Leases per request, 500 by default; 0: all at once. The result is whole and of one version either way. */
  list(scope: LeaseScope, options?: CallOptions & { limit?: number }): Promise<Answer<LeaseList>>;
  create(lease: LeaseObject, options?: CallOptions): Promise<Answer<LeaseRecord>>;
  /**
   * PUT. `lease` has the uid and resourceVersion of the version the decision was made on (see `amend`); throws TypeError
   * without them. A replacement that changes nothing is answered with the old resourceVersion.
   */
  replace(lease: LeaseObject, options?: CallOptions): Promise<Answer<LeaseRecord>>;
  /** Succeeds, too, where a finalizer holds the Lease: it is then still there, with a deletionTimestamp. */
  delete(
    ref: LeaseRef,
    preconditions: { uid: string; resourceVersion?: string },
    options?: CallOptions,
  ): Promise<Answer<undefined>>;
  /**
   * Reports every Lease in scope, then every change, for as long as it is iterated and `signal` is not aborted. Heals
   * by itself; ends with an error answer only where trying again cannot help (`unauthorised`, `forbidden`, …), after a
   * `disconnected` event that carries the failure.
   */
  watch(scope: LeaseScope, options?: { signal?: AbortSignal }): AsyncIterable<LeaseWatchEvent>;
  /** What is known of the server's clock from the answers so far; undefined before the first. */
  serverTime(): ServerTime | undefined;
}
