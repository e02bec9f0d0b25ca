/** SelfSubjectAccessReview: may I? (kubernetes pkg/registry/authorization/selfsubjectaccessreview). */
import { isObject, type JsonObject } from '../json/value.js';
import { defineResource, type Resource } from '../resources/resource.js';
import { selfSubjectAccessReview } from '../schema/kinds.js';
import { selfSubjectAccessReviewMessage } from '../schema/messages.js';
import { invalid } from '../status.js';
import { type FieldError, fieldInvalid } from '../validation/field-error.js';
import { type AccessAttributes, isAllowed } from './access.js';
import type { ApiServer } from './api-server.js';
import { bodyReader, decodeObject, emptyOf } from './body.js';
import type { Answer, Call } from './call.js';
import { outputForm } from './negotiate.js';
import { writeOptions } from './options.js';
import { track } from './write.js';

const review: Resource = defineResource({
  name: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  kind: 'SelfSubjectAccessReview',
  group: 'authorization.k8s.io',
  namespaced: false,
  type: selfSubjectAccessReview,
  message: selfSubjectAccessReviewMessage,
  validate: () => [],
  validateUpdate: () => [],
  columns: [],
  cells: () => [],
});

export const isReview = (group: string, version: string, resource: string): boolean =>
  group === review.group && version === 'v1' && resource === review.name;

export async function reviewAccess(server: ApiServer, call: Call): Promise<Answer> {
  outputForm(call, false);
  const reader = bodyReader(call, review.message);
  const bytes = await call.body();
  const options = writeOptions(call, 'CreateOptions');
  const object = decodeObject(call, review, reader, bytes, options.fieldValidation);
  const spec = isObject(object.spec) ? object.spec : {};
  const { resourceAttributes, nonResourceAttributes } = spec;
  const errors: FieldError[] = [];
  if (resourceAttributes && nonResourceAttributes) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    const { path = '', verb = '' } = nonResourceAttributes as JsonObject;
    // The refusal shows the type inside the server, whose members have no JSON names.
    errors.push(fieldInvalid('spec.nonResourceAttributes', { Path: path, Verb: verb }, detail));
  }
  if (!resourceAttributes && !nonResourceAttributes) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    errors.push(fieldInvalid('spec.resourceAttributes', null, detail));
  }
  if (errors.length > 0) throw invalid({ group: review.group, kind: '' }, '', errors);
  const allowed = isAllowed(call.user, attributes(resourceAttributes, nonResourceAttributes));
  const tracked = track(server, review, emptyOf(review), object, options);
  return { status: 201, body: { ...tracked, status: { allowed } } };
}

function attributes(resource: unknown, nonResource: unknown): AccessAttributes {
  const given: JsonObject = isObject(resource) ? resource : isObject(nonResource) ? nonResource : {};
  const member = (name: string) => (typeof given[name] === 'string' ? given[name] : '');
  return {
    isResource: isObject(resource),
    verb: member('verb'),
    group: member('group'),
    resource: member('resource'),
    subresource: member('subresource'),
    namespace: member('namespace'),
    name: member('name'),
    path: member('path'),
  };
}
