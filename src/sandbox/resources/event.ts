/** Events: one store, two APIs (kubernetes pkg/registry/core/event, pkg/apis/core/validation/events.go, pkg/apis/events/v1). */
import { isObject, type Json, type JsonObject, type KubeObject, put } from '../json/value.js';
import { coreEvent, event } from '../schema/kinds.js';
import { validateEvent, validateEventUpdate, validateLegacyEvent } from '../validation/event.js';
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
  validate: (object) => validateLegacyEvent(object, 'reportingComponent'),
  validateUpdate: (object) => validateLegacyEvent(object, 'reportingComponent'),
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
  validate: validateEvent,
  validateUpdate: validateEventUpdate,
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
