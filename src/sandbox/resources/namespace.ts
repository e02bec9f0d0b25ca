/** Namespaces (kubernetes pkg/registry/core/namespace). */
import { isObject, type Json, type KubeObject } from '../json/value.js';
import { namespace as type } from '../schema/kinds.js';
import { type FieldError, fieldInvalid } from '../validation/field-error.js';
import { validateMeta, validateMetaUpdate } from '../validation/metadata.js';
import { labelErrors, qualifiedNameErrors } from '../validation/names.js';
import { AGE_COLUMN, age, NAME_COLUMN } from './printing.js';
import { defineResource, type Resource } from './resource.js';

export const NAME_LABEL = 'kubernetes.io/metadata.name';
/** Of namespaces whose content a controller has yet to remove. */
export const KUBERNETES_FINALIZER = 'kubernetes';

const phaseOf = (object: KubeObject): string =>
  isObject(object.status) && typeof object.status.phase === 'string' ? object.status.phase : '';

export const finalizersOf = (object: KubeObject): Json[] =>
  isObject(object.spec) && Array.isArray(object.spec.finalizers) ? object.spec.finalizers : [];

export const isTerminating = (object: KubeObject): boolean => phaseOf(object) === 'Terminating';

export const namespaces: Resource = defineResource({
  name: 'namespaces',
  singular: 'namespace',
  kind: 'Namespace',
  group: '',
  shortNames: ['ns'],
  storageVersionHash: 'Q3oi5N2YM8M=',
  namespaced: false,
  resetFields: ['status'],
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  type,
  goType: '*core.Namespace',
  selectable: ['status.phase'],
  unknownField: (field) => `field label not supported: ${field}`,
  fields: (object) => ({ 'status.phase': phaseOf(object) }),
  defaults: labelled,
  prepareForCreate: (object) => {
    const finalizers = finalizersOf(object);
    const all = finalizers.includes(KUBERNETES_FINALIZER) ? finalizers : [...finalizers, KUBERNETES_FINALIZER];
    return labelled({ ...object, spec: { finalizers: all }, status: { phase: 'Active' } });
  },
  prepareForUpdate: (object, old) => {
    const { spec, status } = old;
    return labelled({ ...object, ...(spec && { spec }), ...(status && { status }) });
  },
  validate,
  validateUpdate: (object, old) => [...validate(object), ...validateMetaUpdate(object, old)],
  columns: [NAME_COLUMN, { name: 'Status', type: 'string', description: 'The status of the namespace' }, AGE_COLUMN],
  cells: (object, now) => [object.metadata.name ?? '', phaseOf(object), age(object.metadata.creationTimestamp, now)],
});

function labelled(object: KubeObject): KubeObject {
  const { name } = object.metadata;
  if (!name) return object;
  const labels = { ...object.metadata.labels, [NAME_LABEL]: name };
  return { ...object, metadata: { ...object.metadata, labels } };
}

function validate(object: KubeObject): FieldError[] {
  const finalizers = finalizersOf(object).flatMap((name) => {
    const text = String(name);
    const messages = qualifiedNameErrors(text);
    if (!text.includes('/') && text !== KUBERNETES_FINALIZER && text !== 'orphan') {
      messages.push(`name is neither a standard finalizer name nor is it fully qualified`);
    }
    return messages.map((message) => fieldInvalid('spec.finalizers', text, message));
  });
  return [...validateMeta(object, false, labelErrors), ...finalizers];
}
