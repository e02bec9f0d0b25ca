/** Events: one store, two APIs (kubernetes pkg/registry/core/event, pkg/apis/core/validation/events.go, pkg/apis/events/v1). */
import { equalJson, isObject, type Json, type JsonObject, type KubeObject, put } from '../json/value.js';
import { coreEvent, event } from '../schema/kinds.js';
import { type FieldError, fieldInvalid, fieldRequired } from '../validation/field-error.js';
import { validateMeta, validateMetaUpdate } from '../validation/metadata.js';
import { qualifiedNameErrors, subdomainErrors } from '../validation/names.js';
import { age, NAME_COLUMN } from './printing.js';
import { type Column, defineResource, type Resource } from './resource.js';

const INVOLVED = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

const shared = {
  name: 'events',
  singular: 'event',
  kind: 'Event',
  shortNames: ['ev'],
  storage: 'events',
  storageVersionHash: 'r2yiGXH7wu8=',
  createOnUpdate: true,
  unconditionalUpdate: true,
  collectsGarbage: false,
} satisfies Partial<Resource>;

/** The API of client-go's recorder; the form in which events are stored. */
export const coreEvents: Resource = defineResource({
  ...shared,
  group: '',
  type: coreEvent,
  selectable: [...INVOLVED.map((name) => `involvedObject.${name}`), 'reason', 'reportingComponent', 'source', 'type'],
  unknownField: (field) => `field label not supported: ${field}`,
  fields: coreFields,
  validate: (object) => validateLegacy(object, 'reportingComponent'),
  validateUpdate: (object) => validateLegacy(object, 'reportingComponent'),
  columns: columns(),
  cells,
});

export const events: Resource = defineResource({
  ...shared,
  group: 'events.k8s.io',
  internalGroup: '',
  type: event,
  selectable: [...INVOLVED.map((name) => `regarding.${name}`), 'reason', 'reportingController', 'type'],
  unknownField: (field) => `field label not supported: ${field}`,
  fields: (object) => {
    const fields = coreFields(object);
    for (const name of INVOLVED) fields[`regarding.${name}`] = fields[`involvedObject.${name}`] ?? '';
    return { ...fields, reportingController: fields.reportingComponent ?? '' };
  },
  toStored: toCore,
  fromStored: fromCore,
  validate: validateNew,
  validateUpdate: validateNewUpdate,
  columns: columns(),
  cells,
});

function coreFields(object: KubeObject): { [field: string]: string } {
  const involved = objectOf(object.involvedObject);
  const reporting = textOf(object.reportingComponent);
  const fields: { [field: string]: string } = {
    reason: textOf(object.reason),
    reportingComponent: reporting,
    source: textOf(objectOf(object.source).component) || reporting,
    type: textOf(object.type),
  };
  for (const name of INVOLVED) fields[`involvedObject.${name}`] = textOf(involved[name]);
  return fields;
}

/** Names of the fields in core/v1 and in events.k8s.io/v1; the others are the same in both. */
const RENAMED: [core: string, next: string][] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function toCore(object: KubeObject): KubeObject {
  const names = new Map(RENAMED.map(([core, next]) => [next, core]));
  return reshaped(object, 'v1', names, Object.keys(coreEvent.fields), {
    reportingComponent: '',
    reportingInstance: '',
  });
}

function fromCore(object: KubeObject): KubeObject {
  return reshaped(object, 'events.k8s.io/v1', new Map(RENAMED), Object.keys(event.fields), {});
}

function reshaped(
  object: KubeObject,
  apiVersion: string,
  names: Map<string, string>,
  order: string[],
  always: JsonObject,
): KubeObject {
  const renamed: JsonObject = { ...always };
  for (const [name, value] of Object.entries(object)) put(renamed, names.get(name) ?? name, value);
  const reshaped: KubeObject = { kind: 'Event', apiVersion, metadata: object.metadata };
  for (const name of order) {
    const value = renamed[name];
    if (name !== 'apiVersion' && value !== undefined && !(value === '' && always[name] === undefined)) {
      reshaped[name] = value;
    }
  }
  return reshaped;
}

/** The checks of core/v1: strict only for events that have an eventTime. */
function validateLegacy(object: KubeObject, reportingField: string): FieldError[] {
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
function validateNew(object: KubeObject): FieldError[] {
  const errors = [
    ...validateLegacy(object, 'reportingController'),
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

function validateNewUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const errors = [...validateLegacy(object, 'reportingController'), ...validateMetaUpdate(object, old)];
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

function columns(): Column[] {
  const column = (name: string, description: string, priority = 0): Column => ({
    name,
    type: 'string',
    description,
    priority,
  });
  return [
    column('Last Seen', 'The time at which the most recent occurrence of this event was recorded.'),
    column('Type', 'Type of this event (Normal, Warning), new types could be added in the future'),
    column(
      'Reason',
      "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.",
    ),
    column('Object', 'The object that this event is about.'),
    column(
      'Subobject',
      'If referring to a piece of an object instead of an entire object, this string should contain a valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, if the object reference is to a container within a pod, this would take on a value like: "spec.containers{name}" (where "name" refers to the name of the container that triggered the event) or if no container name is specified "spec.containers[2]" (container with index 2 in this pod). This syntax is chosen only to have some well-defined way of referencing a part of an object.',
      1,
    ),
    column('Source', 'The component reporting this event. Should be a short machine understandable string.', 1),
    column('Message', 'A human-readable description of the status of this operation.'),
    column('First Seen', 'The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)', 1),
    column('Count', 'The number of times this event has occurred.', 1),
    { ...NAME_COLUMN, priority: 1 },
  ];
}

function cells(object: KubeObject, now: number): Json[] {
  const first = age(object.firstTimestamp ?? object.eventTime, now);
  const series = isObject(object.series) ? object.series : undefined;
  const last = series
    ? age(series.lastObservedTime, now)
    : object.lastTimestamp
      ? age(object.lastTimestamp, now)
      : first;
  const involved = objectOf(object.involvedObject);
  const source = objectOf(object.source);
  const kind = textOf(involved.kind).toLowerCase();
  const component = textOf(source.component) || textOf(object.reportingComponent);
  const host = textOf(source.host) || textOf(object.reportingInstance);
  return [
    last,
    textOf(object.type),
    textOf(object.reason),
    involved.name ? `${kind}/${textOf(involved.name)}` : kind,
    textOf(involved.fieldPath),
    host === '' ? component : `${component}, ${host}`,
    textOf(object.message).trim(),
    first,
    series ? (series.count ?? 0) : object.count || 1,
    object.metadata.name ?? '',
  ];
}
