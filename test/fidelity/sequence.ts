/**
 * Requests as data. A sequence starts in a namespace of its own and is played, step by step, on a real kube-apiserver
 * and on the sandbox; what is answered must be the same but for the symbols of normalise.ts.
 *
 * Texts may refer to earlier answers: `{{ns}}` is the sequence's namespace, `{{saved.metadata.uid}}` a member of the
 * answer a step saved `as: 'saved'`, `{{rv:a}}` and `{{uid:a}}` belong to the object named a as it was last answered,
 * `{{oldrv:a}}` and `{{olduid:a}}` are those before.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** viewer may read and change leases, not create or delete; nobody has no rights; stranger's token is not known. */
export type UserName = 'admin' | 'viewer' | 'nobody' | 'stranger' | 'anonymous';

export interface RequestStep {
  method: string;
  /** With the query. */
  path: string;
  /** A text goes out as it is, an Edit is an earlier answer with changes; everything else is written as JSON. */
  body?: Json | Edit;
  headers?: { [name: string]: string };
  user?: UserName;
  as?: string;
  /** What of the answered body counts; the rest is out of the sandbox's scope. */
  view?: (body: Json) => Json;
  /** The body's characters are bytes. */
  latin1?: true;
  /** The body goes out as this message, as Go's typed clients write it. */
  protobuf?: 'Lease' | 'DeleteOptions';
}

export interface WatchStep extends Omit<RequestStep, 'method' | 'body' | 'as' | 'view' | 'latin1' | 'protobuf'> {
  watch: string;
}

export interface EventsStep {
  events: string;
  /** So many more events, or up to and with a bookmark, an event of the object with that name, or the stream's end. */
  until: number | 'bookmark' | 'end' | { object: string };
  /** What of each event counts. */
  view?: (event: Json) => Json;
}

/** The clock of the server moves to the next second. */
export interface TickStep {
  tick: true;
}

/** Everything but the present is forgotten. */
export interface CompactStep {
  compact: true;
}

export type Step = RequestStep | WatchStep | EventsStep | TickStep | CompactStep;

export interface Sequence {
  name: string;
  steps: Step[];
  /** A server that reads from its store and not from a cache: there compaction shows. */
  uncached?: true;
  /** All of it must happen within one second of the server's clock (between ticks): managedFields are sorted by time. */
  timed?: true;
  /** Takes seconds on the real server; recorded beside the others. */
  slow?: true;
  /** What generateName is completed to is a symbol. */
  generated?: string[];
}

/** A merge patch on an answer that was saved, to be sent as a whole. */
export class Edit {
  readonly base: string;
  readonly changes: JsonObject;
  constructor(base: string, changes: JsonObject) {
    this.base = base;
    this.changes = changes;
  }
}

export const edit = (base: string, changes: JsonObject): Edit => new Edit(base, changes);

type More = Omit<RequestStep, 'method' | 'path' | 'body'>;

const step =
  (method: string) =>
  (path: string, body?: RequestStep['body'], more: More = {}): RequestStep => ({
    method,
    path,
    ...(body === undefined ? {} : { body }),
    ...more,
  });

export const get = (path: string, more: More = {}): RequestStep => ({ method: 'GET', path, ...more });
export const post = step('POST');
export const put = step('PUT');
export const del = step('DELETE');

const patch =
  (type: string) =>
  (path: string, body: RequestStep['body'], more: More = {}): RequestStep => ({
    method: 'PATCH',
    path,
    ...(body === undefined ? {} : { body }),
    ...more,
    headers: { 'content-type': type, ...more.headers },
  });

export const mergePatch = patch('application/merge-patch+json');
export const jsonPatch = patch('application/json-patch+json');
export const strategicPatch = patch('application/strategic-merge-patch+json');

export const watch = (name: string, path: string, more: Omit<WatchStep, 'watch' | 'path'> = {}): WatchStep => ({
  watch: name,
  path,
  ...more,
});
export const events = (name: string, until: EventsStep['until'], more: Pick<EventsStep, 'view'> = {}): EventsStep => ({
  events: name,
  until,
  ...more,
});
export const tick: TickStep = { tick: true };
export const compact: CompactStep = { compact: true };

const core = (resource: string) => `/api/v1/namespaces/{{ns}}/${resource}`;
export const LEASES = '/apis/coordination.k8s.io/v1/namespaces/{{ns}}/leases';
export const EVENTS = core('events');
export const NEW_EVENTS = '/apis/events.k8s.io/v1/namespaces/{{ns}}/events';
export const CONFIG_MAPS = core('configmaps');
export const PODS = core('pods');
export const SERVICE_ACCOUNTS = core('serviceaccounts');
export const NAMESPACES = '/api/v1/namespaces';

export const TIME = '2026-01-02T03:04:05.123456Z';
export const LATER = '2026-01-02T03:04:15.123456Z';
/** Of nobody. */
export const NO_UID = '00000000-0000-4000-8000-000000000000';

export function lease(name: string, spec: JsonObject = { holderIdentity: 'x' }, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, ...metadata }, spec };
}

export const as = (agent: string): { headers: { [name: string]: string } } => ({
  headers: { 'user-agent': `${agent}/1` },
});
