/** Status bodies: what kube-apiserver answers instead of an object (apimachinery pkg/api/errors/errors.go). */
import type { JsonObject } from './json/value.js';
import type { FieldError } from './validation/field-error.js';
import { causesOf, joinErrors } from './validation/field-error.js';

export interface Status extends JsonObject {
  code: number;
}

/** A refusal on its way to the client. */
export class ApiError extends Error {
  readonly status: Status;
  readonly headers: { [name: string]: string };
  constructor(status: Status, headers: { [name: string]: string } = {}) {
    super(String(status.message ?? ''));
    this.status = status;
    this.headers = headers;
  }
}

export interface GroupResource {
  group: string;
  resource: string;
}

export const qualified = ({ group, resource }: GroupResource): string => (group ? `${resource}.${group}` : resource);

function failure(code: number, reason: string | undefined, message: string, details?: JsonObject): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  });
}

const detailsOf = ({ group, resource }: GroupResource, name: string, more: JsonObject = {}): JsonObject => ({
  ...(name === '' ? {} : { name }),
  ...(group === '' ? {} : { group }),
  ...(resource === '' ? {} : { kind: resource }),
  ...more,
});

export const badRequest = (message: string): ApiError => failure(400, 'BadRequest', message);

export const unauthorized = (): ApiError => failure(401, 'Unauthorized', 'Unauthorized');

/** An error that no one gave a status: 500 without a reason. */
export const unclassified = (message: string): ApiError => failure(500, undefined, message);

export const notFound = (resource: GroupResource, name: string): ApiError =>
  failure(404, 'NotFound', `${qualified(resource)} "${name}" not found`, detailsOf(resource, name));

export const noSuchPath = (): ApiError =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (): ApiError =>
  failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

export const alreadyExists = (resource: GroupResource, name: string): ApiError =>
  failure(409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`, detailsOf(resource, name));

export const beingDeleted = (resource: GroupResource, name: string): ApiError =>
  failure(
    409,
    'AlreadyExists',
    `object is being deleted: ${qualified(resource)} "${name}" already exists`,
    detailsOf(resource, name),
  );

export const conflict = (resource: GroupResource, name: string, why: string): ApiError =>
  failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    detailsOf(resource, name),
  );

export const forbidden = (resource: GroupResource, name: string, why: string): ApiError => {
  const what = qualified(resource) === '' ? 'forbidden' : `${qualified(resource)} is forbidden`;
  const named = name === '' ? what : `${qualified(resource)} "${name}" is forbidden`;
  return failure(403, 'Forbidden', `${named}: ${why}`, detailsOf(resource, name));
};

/** 422 with one cause per error; `kind` stands where other refusals have the resource. */
export function invalid(kind: { group: string; kind: string }, name: string, errors: FieldError[]): ApiError {
  const at = { group: kind.group, resource: kind.kind };
  const message = `${qualified(at)} ${JSON.stringify(name)} is invalid: ${joinErrors(errors)}`;
  return failure(422, 'Invalid', message, detailsOf(at, name, { causes: causesOf(errors) }));
}

/** 422 with the fixed text of a server that does not say more (a JSON patch that cannot be applied). */
export const unprocessable = (): ApiError =>
  failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

export const tooLarge = (message: string): ApiError =>
  failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);

export const notAcceptable = (message: string): ApiError => failure(406, 'NotAcceptable', message);

/** 406 from go-restful, before the handler is reached. */
export const notAcceptableRoute = (message: string): ApiError => failure(406, 'NotAcceptable', message, {});

export const unsupportedMediaType = (message: string): ApiError => failure(415, 'UnsupportedMediaType', message);

/** 415 from go-restful, before the handler is reached. */
export const unsupportedMediaTypeRoute = (): ApiError =>
  failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});

export const expired = (message: string, continueToken?: string): ApiError => {
  const error = failure(410, 'Expired', message);
  if (continueToken !== undefined) error.status.metadata = { continue: continueToken };
  return error;
};

export const tooLargeVersion = (asked: string, current: number): ApiError => {
  const { status } = failure(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
  return new ApiError(status, { 'retry-after': '1' });
};

/** A request that took too long to arrive. */
export const timedOut = (): ApiError =>
  failure(504, 'Timeout', 'Timeout: request did not complete within requested timeout - context deadline exceeded', {});

export const internal = (message: string): ApiError =>
  failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
