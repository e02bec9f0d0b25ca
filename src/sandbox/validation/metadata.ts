/** Checks of metadata that all kinds share (apimachinery pkg/api/validation/objectmeta.go, meta/v1/validation). */
import { isPrint } from '../json/reader.js';
import { equalJson, isObject, type Json, type JsonObject, type KubeObject, type ObjectMeta } from '../json/value.js';
import { type FieldError, fieldForbidden, fieldInvalid, fieldRequired, fieldTooLong } from './field-error.js';
import { labelErrors, labelValueErrors, maskTrailingDash, pathSegmentErrors, qualifiedNameErrors } from './names.js';

export type NameRule = (name: string) => string[];

const ANNOTATIONS_LIMIT = 256 * 1024;
const MANAGER_LIMIT = 128;

/** Of an object that is to be created. */
export function validateMeta(object: KubeObject, namespaced: boolean, nameRule: NameRule): FieldError[] {
  const { metadata } = object;
  const errors: FieldError[] = [];
  if (metadata.generateName) {
    for (const message of nameRule(maskTrailingDash(metadata.generateName))) {
      errors.push(fieldInvalid('metadata.generateName', metadata.generateName, message));
    }
  }
  if (!metadata.name) errors.push(fieldRequired('metadata.name', 'name or generateName is required'));
  else
    for (const message of nameRule(metadata.name)) errors.push(fieldInvalid('metadata.name', metadata.name, message));
  return [...errors, ...validateScope(metadata, namespaced), ...validateParts(metadata, true)];
}

/** What every kind's names must be besides its own rule, so that they can stand in a path. */
export const validatePathSegment = (object: KubeObject, namespaced: boolean): FieldError[] =>
  validateMeta(object, namespaced, pathSegmentErrors);

function validateScope(metadata: ObjectMeta, namespaced: boolean): FieldError[] {
  const { namespace } = metadata;
  if (!namespaced) return namespace ? [fieldForbidden('metadata.namespace', 'not allowed on this type')] : [];
  if (!namespace) return [fieldRequired('metadata.namespace')];
  return labelErrors(namespace).map((message) => fieldInvalid('metadata.namespace', namespace, message));
}

function validateParts(metadata: ObjectMeta, creating: boolean): FieldError[] {
  const generation = metadata.generation ?? 0;
  return [
    ...(creating && generation < 0
      ? [fieldInvalid('metadata.generation', generation, 'must be greater than or equal to 0')]
      : []),
    ...validateLabels(metadata.labels ?? {}),
    ...validateAnnotations(metadata.annotations ?? {}),
    ...validateOwners(metadata.ownerReferences ?? []),
    ...(creating ? validateFinalizers(metadata.finalizers ?? []) : []),
    ...validateManagedFields(metadata.managedFields ?? []),
  ];
}

function validateLabels(labels: { [key: string]: string }): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameErrors(key).map((message) => fieldInvalid('metadata.labels', key, message)),
    ...labelValueErrors(value).map((message) => fieldInvalid('metadata.labels', value, message)),
  ]);
}

function validateAnnotations(annotations: { [key: string]: string }): FieldError[] {
  const errors = Object.keys(annotations).flatMap((key) =>
    qualifiedNameErrors(key.toLowerCase()).map((message) => fieldInvalid('metadata.annotations', key, message)),
  );
  const size = Object.entries(annotations).reduce(
    (sum, [k, v]) => sum + Buffer.byteLength(k) + Buffer.byteLength(v),
    0,
  );
  return size > ANNOTATIONS_LIMIT ? [...errors, fieldTooLong('metadata.annotations', ANNOTATIONS_LIMIT)] : errors;
}

function validateOwners(owners: JsonObject[]): FieldError[] {
  const errors: FieldError[] = [];
  let controller = '';
  const at = 'metadata.ownerReferences';
  for (const owner of owners) {
    const version = String(owner.apiVersion ?? '');
    const parts = version.split('/');
    if (parts.length > 2 || parts.at(-1) === '')
      errors.push(fieldInvalid(`${at}.apiVersion`, version, 'version must not be empty'));
    for (const name of ['kind', 'name', 'uid']) {
      if (!owner[name]) errors.push(fieldInvalid(`${at}.${name}`, owner[name] ?? '', 'must not be empty'));
    }
    if (version === 'v1' && owner.kind === 'Event') {
      errors.push(fieldInvalid(at, owner, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (owner.controller !== true) continue;
    const name = `${owner.kind}/${owner.name}`;
    if (controller === '') controller = name;
    else {
      const found = `Found "true" in references for ${controller} and ${name}`;
      errors.push(fieldInvalid(at, owners, `Only one reference can have Controller set to true. ${found}`));
    }
  }
  return errors;
}

function validateFinalizers(finalizers: string[]): FieldError[] {
  const at = 'metadata.finalizers';
  const errors = finalizers.flatMap((name) =>
    qualifiedNameErrors(name).map((message) => fieldInvalid(at, name, message)),
  );
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(fieldInvalid(at, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  }
  return errors;
}

function validateManagedFields(entries: JsonObject[]): FieldError[] {
  return entries.flatMap((entry, i) => {
    const at = `metadata.managedFields[${i}]`;
    const { operation = '', fieldsType = '', manager = '' } = entry;
    return [
      ...(operation === 'Apply' || operation === 'Update'
        ? []
        : [fieldInvalid(`${at}.operation`, operation as Json, 'must be `Apply` or `Update`')]),
      ...(fieldsType === '' || fieldsType === 'FieldsV1'
        ? []
        : [fieldInvalid(`${at}.fieldsType`, fieldsType as Json, 'must be `FieldsV1`')]),
      ...validateFieldManager(String(manager), `${at}.manager`),
    ];
  });
}

export function validateFieldManager(manager: string, at: string): FieldError[] {
  const errors = Buffer.byteLength(manager) > MANAGER_LIMIT ? [fieldTooLong(at, MANAGER_LIMIT)] : [];
  let position = 0;
  for (const char of manager) {
    if (!isPrint(char)) {
      const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      errors.push(fieldInvalid(at, manager, `invalid character U+${code} (at position ${position})`));
    }
    position += Buffer.byteLength(char);
  }
  return errors;
}

/** Of a new version against the stored one. Most kinds have it checked twice, and the causes show it. */
export function validateMetaUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const now = object.metadata;
  const before = old.metadata;
  const errors: FieldError[] = [];
  const added = (now.finalizers ?? []).filter((name) => !before.finalizers?.includes(name)).sort();
  if (before.deletionTimestamp && added.length > 0) {
    const list = `[]string{${added.map((name) => JSON.stringify(name)).join(', ')}}`;
    const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`;
    errors.push(fieldForbidden('metadata.finalizers', detail));
  }
  if (!now.resourceVersion) {
    errors.push(fieldInvalid('metadata.resourceVersion', '', 'must be specified for an update'));
  }
  const immutable = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ];
  for (const name of immutable) {
    if (!equalJson(now[name] ?? null, before[name] ?? null)) {
      const empty = name.startsWith('deletion') || name.endsWith('Timestamp') ? null : '';
      errors.push(fieldInvalid(`metadata.${name}`, now[name] ?? empty, 'field is immutable'));
    }
  }
  return [...errors, ...validateParts(now, false)];
}

/** Keeps the first of each owner; the server warns about the others. */
export function withoutDuplicateOwners(object: KubeObject): { object: KubeObject; duplicates: string[] } {
  const owners = object.metadata.ownerReferences ?? [];
  const kept = owners.filter((owner, i) => owners.findIndex((other) => equalJson(other, owner)) === i);
  if (kept.length === owners.length) return { object, duplicates: [] };
  const uids = owners.filter((owner) => isObject(owner)).map((owner) => String(owner.uid ?? ''));
  const duplicates = [...new Set(uids.filter((uid, i) => uids.indexOf(uid) !== i))];
  return { object: { ...object, metadata: { ...object.metadata, ownerReferences: kept } }, duplicates };
}
