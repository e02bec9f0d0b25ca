/** Leases (kubernetes pkg/registry/coordination/lease, pkg/apis/coordination/validation). */
import { isObject, type JsonObject, type KubeObject } from '../json/value.js';
import { lease as type } from '../schema/kinds.js';
import { leaseMessage } from '../schema/messages.js';
import { type FieldError, fieldForbidden, fieldInvalid, fieldNotSupported } from '../validation/field-error.js';
import { validateMeta, validateMetaUpdate } from '../validation/metadata.js';
import { qualifiedNameErrors, subdomainErrors } from '../validation/names.js';
import { AGE_COLUMN, age, NAME_COLUMN } from './printing.js';
import { defineResource, type Resource } from './resource.js';

const OLDEST = 'OldestEmulationVersion';

const specOf = (object: KubeObject): JsonObject => (isObject(object.spec) ? object.spec : {});

/** `coordinated`: the gate CoordinatedLeaderElection; without it strategy and preferredHolder are dropped silently. */
export function leases(coordinated: boolean): Resource {
  return defineResource({
    name: 'leases',
    singular: 'lease',
    kind: 'Lease',
    group: 'coordination.k8s.io',
    type,
    message: leaseMessage,
    goType: '*coordination.Lease',
    storageVersionHash: 'gqkMMb/YqFM=',
    createOnUpdate: true,
    unconditionalUpdate: false,
    ...(coordinated ? {} : { prepareForCreate: (object) => ungated(object, {}), prepareForUpdate: ungatedUpdate }),
    validate: (object) => [...validateMeta(object, true, subdomainErrors), ...validateSpec(specOf(object))],
    validateUpdate: (object, old) => [...validateMetaUpdate(object, old), ...validateSpec(specOf(object))],
    columns: [
      NAME_COLUMN,
      {
        name: 'Holder',
        type: 'string',
        description:
          'holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field.',
      },
      AGE_COLUMN,
    ],
    cells: (object, now) => [
      object.metadata.name ?? '',
      specOf(object).holderIdentity ?? '',
      age(object.metadata.creationTimestamp, now),
    ],
  });
}

const ungatedUpdate = (object: KubeObject, old: KubeObject): KubeObject => ungated(object, specOf(old));

/** Fields behind the gate stay only where the stored object has them already. */
function ungated(object: KubeObject, old: JsonObject): KubeObject {
  const spec = { ...specOf(object) };
  for (const name of ['strategy', 'preferredHolder']) if (old[name] === undefined) delete spec[name];
  return { ...object, spec };
}

function validateSpec(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy, preferredHolder } = spec;
  if (typeof duration === 'number' && duration <= 0) {
    errors.push(fieldInvalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  }
  if (typeof transitions === 'number' && transitions < 0) {
    errors.push(fieldInvalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  if (typeof strategy === 'string') errors.push(...validateStrategy(strategy));
  if (preferredHolder && !strategy) {
    errors.push(fieldForbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
  }
  return errors;
}

/** The doubled path is the server's own. */
function validateStrategy(strategy: string): FieldError[] {
  const at = 'spec.strategy.strategy';
  const parts = strategy.split('/');
  if (parts.length > 1) return qualifiedNameErrors(strategy).map((message) => fieldInvalid(at, strategy, message));
  return strategy === OLDEST ? [] : [fieldNotSupported(at, strategy, [OLDEST])];
}
