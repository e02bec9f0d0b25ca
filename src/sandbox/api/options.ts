/** Query parameters of API calls, read and refused as the server does (meta/v1 conversion.go, meta/v1/validation). */

import { isPrint, quoteGo } from '../json/reader.js';
import type { JsonObject } from '../json/value.js';
import { badRequest, invalid } from '../status.js';
import {
  type FieldError,
  fieldForbidden,
  fieldInvalid,
  fieldNotSupported,
  fieldRequired,
} from '../validation/field-error.js';
import { validateFieldManager } from '../validation/metadata.js';
import type { FieldValidation } from './body.js';
import type { Call } from './call.js';
import { isTrue } from './request-info.js';

const META = 'meta.k8s.io';

/** Undefined when absent. Throws 400 when it is no int64. */
export function integerParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${quoteGo(text)}: invalid syntax`);
  const value = BigInt(text);
  if (value !== BigInt.asIntN(64, value)) {
    throw badRequest(`strconv.ParseInt: parsing ${quoteGo(text)}: value out of range`);
  }
  return Number(value);
}

export const booleanParameter = (query: URLSearchParams, name: string): boolean | undefined =>
  query.has(name) ? isTrue(query.get(name)) : undefined;

export interface WriteOptions {
  dryRun: boolean;
  fieldValidation: FieldValidation;
  manager: string;
}

/** Options of a create, update or patch. Throws 422. */
export function writeOptions(
  call: Call,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  apply = false,
): WriteOptions {
  const { query } = call;
  const manager = query.get('fieldManager') ?? '';
  const dryRun = query.getAll('dryRun');
  const validation = query.get('fieldValidation') ?? '';
  const errors: FieldError[] = [];
  if (apply && manager === '') errors.push(fieldRequired('fieldManager', 'is required for apply patch'));
  if (kind === 'PatchOptions' && !apply && query.has('force')) {
    errors.push(fieldForbidden('force', 'may not be specified for non-apply patch'));
  }
  errors.push(...validateFieldManager(manager, 'fieldManager'), ...validateDryRun(dryRun));
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation)) {
    errors.push(fieldNotSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  }
  if (errors.length > 0) throw invalid({ group: META, kind }, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: validation === '' ? 'Warn' : (validation as FieldValidation),
    manager: manager || managerFromUserAgent(call.header('user-agent') ?? '') || 'unknown',
  };
}

const validateDryRun = (values: string[]): FieldError[] =>
  values.every((value) => value === 'All') ? [] : [fieldNotSupported('dryRun', values, ['All'])];

/** The part of the User-Agent before the first slash, without what cannot be printed. */
export function managerFromUserAgent(agent: string): string {
  let manager = '';
  for (const char of agent.split('/')[0] ?? '') {
    if (!isPrint(char)) continue;
    if (Buffer.byteLength(manager + char) > 128) break;
    manager += char;
  }
  return manager;
}

export interface DeleteOptions {
  dryRun: boolean;
  uid: string | undefined;
  resourceVersion: string | undefined;
  gracePeriodSeconds: number | undefined;
  /** What becomes of dependents: `undefined` is the resource's default. */
  propagation: 'Orphan' | 'Background' | 'Foreground' | undefined;
  orphanDependents: boolean | undefined;
}

/** From a body, or from the query when there is none: with a body the query does not count. */
export function deleteOptions(given: JsonObject | undefined, query: URLSearchParams): DeleteOptions {
  const options = given ?? deleteParameters(query);
  const dryRun = Array.isArray(options.dryRun) ? options.dryRun.map(String) : [];
  const propagation = options.propagationPolicy;
  const errors: FieldError[] = [];
  if (options.orphanDependents !== undefined && propagation !== undefined) {
    const detail = 'orphanDependents and deletionPropagation cannot be both set';
    errors.push(fieldInvalid('propagationPolicy', propagation, detail));
  }
  if (propagation !== undefined && !['Foreground', 'Background', 'Orphan'].includes(String(propagation))) {
    errors.push(
      fieldNotSupported('propagationPolicy', propagation ?? null, ['Foreground', 'Background', 'Orphan', 'nil']),
    );
  }
  errors.push(...validateDryRun(dryRun));
  if (errors.length > 0) throw invalid({ group: META, kind: 'DeleteOptions' }, '', errors);
  const preconditions = (options.preconditions ?? {}) as JsonObject;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    dryRun: dryRun.length > 0,
    uid: text(preconditions.uid),
    resourceVersion: text(preconditions.resourceVersion),
    gracePeriodSeconds: typeof options.gracePeriodSeconds === 'number' ? options.gracePeriodSeconds : undefined,
    propagation: propagation as DeleteOptions['propagation'],
    orphanDependents: typeof options.orphanDependents === 'boolean' ? options.orphanDependents : undefined,
  };
}

function deleteParameters(query: URLSearchParams): JsonObject {
  return {
    dryRun: query.getAll('dryRun'),
    gracePeriodSeconds: integerParameter(query, 'gracePeriodSeconds'),
    orphanDependents: booleanParameter(query, 'orphanDependents'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
  };
}

export interface ListOptions {
  watch: boolean;
  labelSelector: string;
  fieldSelector: string;
  resourceVersion: string;
  resourceVersionMatch: string;
  limit: number;
  continue: string;
  timeoutSeconds: number | undefined;
  allowWatchBookmarks: boolean;
  sendInitialEvents: boolean | undefined;
}

/** Throws 400 and 422. */
export function listOptions(query: URLSearchParams, watching: boolean): ListOptions {
  const options: ListOptions = {
    watch: watching || isTrue(query.get('watch')),
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    limit: integerParameter(query, 'limit') ?? 0,
    continue: query.get('continue') ?? '',
    timeoutSeconds: integerParameter(query, 'timeoutSeconds'),
    allowWatchBookmarks: booleanParameter(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: booleanParameter(query, 'sendInitialEvents'),
  };
  const legacy = options.resourceVersion === '' || options.resourceVersion === '0';
  if (options.watch && legacy && options.sendInitialEvents === undefined && options.resourceVersionMatch === '') {
    // As the server itself does (meta/internalversion/defaults.go): an old watch from nowhere starts with what there is.
    options.sendInitialEvents = true;
    options.resourceVersionMatch = 'NotOlderThan';
  }
  const errors = options.watch ? validateWatch(options) : validateList(options);
  if (errors.length > 0) throw invalid({ group: META, kind: 'ListOptions' }, '', errors);
  return options;
}

function validateList(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, resourceVersion } = options;
  const errors: FieldError[] = [];
  const refuse = (why: string) => errors.push(fieldForbidden('resourceVersionMatch', why));
  if (match !== '') {
    if (resourceVersion === '') refuse('resourceVersionMatch is forbidden unless resourceVersion is provided');
    if (options.continue !== '') refuse('resourceVersionMatch is forbidden when continue is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(fieldNotSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && resourceVersion === '0') {
      refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
    }
  }
  if (options.sendInitialEvents !== undefined) {
    errors.push(fieldForbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  return errors;
}

function validateWatch(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match } = options;
  const errors: FieldError[] = [];
  const refuse = (why: string) => errors.push(fieldForbidden('resourceVersionMatch', why));
  if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    refuse('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
  if (match === '') return errors;
  if (options.sendInitialEvents === undefined) {
    refuse('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  }
  if (match !== 'NotOlderThan') errors.push(fieldNotSupported('resourceVersionMatch', match, ['NotOlderThan']));
  if (options.continue !== '') refuse('resourceVersionMatch is forbidden when continue is provided');
  return errors;
}
