/** ServiceAccounts, kept as they come. */
import { serviceAccount as type } from '../schema/kinds.js';
import { validateMeta, validateMetaUpdate } from '../validation/metadata.js';
import { subdomainErrors } from '../validation/names.js';
import { AGE_COLUMN, age, NAME_COLUMN } from './printing.js';
import { defineResource, type Resource } from './resource.js';

export const serviceAccounts: Resource = defineResource({
  name: 'serviceaccounts',
  singular: 'serviceaccount',
  kind: 'ServiceAccount',
  group: '',
  shortNames: ['sa'],
  storageVersionHash: 'pbx9ZvyFpBE=',
  type,
  goType: '*core.ServiceAccount',
  returnsDeleted: true,
  validate: (object) => validateMeta(object, true, subdomainErrors),
  validateUpdate: (object, old) => [...validateMetaUpdate(object, old), ...validateMeta(object, true, subdomainErrors)],
  columns: [NAME_COLUMN, AGE_COLUMN],
  cells: (object, now) => [object.metadata.name ?? '', age(object.metadata.creationTimestamp, now)],
});
