/** Checks of events: lenient for core/v1, strict for events.k8s.io/v1 (kubernetes pkg/apis/core/validation/events.go). */
import { equalJson, isObject, type Json, type JsonObject, type KubeObject } from '../json/value.js';
import { type FieldError, fieldInvalid, fieldRequired } from './field-error.js';
import { validateMeta, validateMetaUpdate } from './metadata.js';
import { qualifiedNameErrors, subdomainErrors } from './names.js';

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** The checks of core/v1: strict only for events that have an eventTime. */
export function validateLegacyEvent(object: KubeObject, reportingField: string): FieldError[] {
  const errors: FieldError[] = [];
  const namespace = object.metadata.namespace ?? '';
  const involved = textOf(objectOf(object.involvedObject).namespace);
  const mismatch = fieldInvalid('involvedObject.namespace', involved, 'does not match event.namespace');
  if (!object.eventTime) {
    if (involved === '' ? namespace !== '' && namespace !== 'default' : namespace !== involved) errors.push(mismatch);
  } else {
    if (involved === '' && namespace !== 'default' && namespace !== 'kube-system') errors.push(mismatch);
    errors.push(...validateReporting(object, reportingField));
  }
  for (const message of subdomainErrors(namespace)) errors.push(fieldInvalid('namespace', namespace, message));
  return errors;
}

function validateReporting(object: KubeObject, reportingField: string): FieldError[] {
  const errors: FieldError[] = [];
  const reporting = textOf(object.reportingComponent);
  if (reporting === '') errors.push(fieldRequired(reportingField));
  for (const message of qualifiedNameErrors(reporting)) errors.push(fieldInvalid(reportingField, reporting, message));
  for (const [name, limit] of [
    ['reportingInstance', 128],
    ['action', 128],
    ['reason', 128],
  ] as const) {
    const value = textOf(object[name]);
    if (value === '') errors.push(fieldRequired(name));
    if (Buffer.byteLength(value) > limit) errors.push(fieldInvalid(name, '', `can have at most ${limit} characters`));
  }
  if (Buffer.byteLength(textOf(object.message)) > 1024) {
    errors.push(fieldInvalid('message', '', 'can have at most 1024 characters'));
  }
  return errors;
}

/** events.k8s.io/v1 is strict, in the words of the core fields. */
export function validateEvent(object: KubeObject): FieldError[] {
  const errors = [
    ...validateLegacyEvent(object, 'reportingController'),
    ...validateMeta(object, true, subdomainErrors),
    ...validateSeries(object),
  ];
  if (!object.eventTime) errors.push(fieldRequired('eventTime'));
  const type = textOf(object.type);
  if (type !== 'Normal' && type !== 'Warning') errors.push(fieldInvalid('type', '', `has invalid value: ${type}`));
  const unset = (field: string) => errors.push(fieldInvalid(field, '', 'needs to be unset'));
  for (const name of ['firstTimestamp', 'lastTimestamp', 'count']) if (object[name]) unset(name);
  if (Object.keys(objectOf(object.source)).length > 0) unset('source');
  return errors;
}

function validateSeries(object: KubeObject): FieldError[] {
  if (!isObject(object.series)) return [];
  const { count = 0, lastObservedTime } = object.series;
  return [
    ...(Number(count) < 2 ? [fieldInvalid('series.count', '', 'should be at least 2')] : []),
    ...(lastObservedTime ? [] : [fieldRequired('series.lastObservedTime')]),
  ];
}

export function validateEventUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const errors = [...validateLegacyEvent(object, 'reportingController'), ...validateMetaUpdate(object, old)];
  if (!equalJson(object.series ?? null, old.series ?? null)) errors.push(...validateSeries(object));
  const immutable = [
    ['involvedObject'],
    ['reason'],
    ['message'],
    ['source'],
    ['firstTimestamp'],
    ['lastTimestamp'],
    ['count'],
    ['reason'],
    ['type'],
    ['eventTime'],
    ['action'],
    ['related'],
    ['reportingComponent', 'reportingController'],
    ['reportingInstance'],
  ] as const;
  for (const [name, shown = name] of immutable) {
    if (equalJson(object[name] ?? null, old[name] ?? null)) continue;
    const zero = name === 'count' ? 0 : name.endsWith('Timestamp') || name === 'related' ? null : '';
    errors.push(fieldInvalid(shown, object[name] ?? zero, 'field is immutable'));
  }
  return errors;
}
