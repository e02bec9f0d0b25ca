/** ConfigMaps (kubernetes pkg/registry/core/configmap). */
import { equalJson, isObject, type JsonObject, type KubeObject } from '../json/value.js';
import { configMap as type } from '../schema/kinds.js';
import { type FieldError, fieldForbidden, fieldInvalid, fieldTooLong } from '../validation/field-error.js';
import { validateMeta, validateMetaUpdate } from '../validation/metadata.js';
import { configKeyErrors, subdomainErrors } from '../validation/names.js';
import { AGE_COLUMN, age, NAME_COLUMN } from './printing.js';
import { defineResource, type Resource } from './resource.js';

const SIZE_LIMIT = 1024 * 1024;

const bag = (object: KubeObject, name: string): JsonObject => {
  const value = object[name];
  return isObject(value) ? value : {};
};

export const configMaps: Resource = defineResource({
  name: 'configmaps',
  singular: 'configmap',
  kind: 'ConfigMap',
  group: '',
  shortNames: ['cm'],
  storageVersionHash: 'qFsyl6wFWjQ=',
  type,
  goType: '*core.ConfigMap',
  validate,
  validateUpdate: (object, old) => [
    ...validateMetaUpdate(object, old),
    ...(old.immutable === true ? validateImmutable(object, old) : []),
    ...validate(object),
  ],
  columns: [
    NAME_COLUMN,
    {
      name: 'Data',
      type: 'string',
      description:
        "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.",
    },
    AGE_COLUMN,
  ],
  cells: (object, now) => [
    object.metadata.name ?? '',
    Object.keys(bag(object, 'data')).length + Object.keys(bag(object, 'binaryData')).length,
    age(object.metadata.creationTimestamp, now),
  ],
});

function validate(object: KubeObject): FieldError[] {
  const data = bag(object, 'data');
  const binary = bag(object, 'binaryData');
  const errors = validateMeta(object, true, subdomainErrors);
  for (const key of Object.keys(data)) {
    errors.push(...configKeyErrors(key).map((message) => fieldInvalid(`data[${key}]`, key, message)));
    if (Object.hasOwn(binary, key)) {
      errors.push(fieldInvalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
  }
  for (const key of Object.keys(binary)) {
    errors.push(...configKeyErrors(key).map((message) => fieldInvalid(`binaryData[${key}]`, key, message)));
  }
  const size =
    Object.values(data).reduce<number>((sum, value) => sum + Buffer.byteLength(String(value)), 0) +
    Object.values(binary).reduce<number>((sum, value) => sum + Buffer.byteLength(String(value), 'base64'), 0);
  return size > SIZE_LIMIT ? [...errors, fieldTooLong('[]', SIZE_LIMIT)] : errors;
}

function validateImmutable(object: KubeObject, old: KubeObject): FieldError[] {
  const refusal = (field: string) => fieldForbidden(field, 'field is immutable when `immutable` is set');
  return [
    ...(object.immutable === true ? [] : [refusal('immutable')]),
    ...['data', 'binaryData'].filter((name) => !equalJson(bag(object, name), bag(old, name))).map(refusal),
  ];
}
