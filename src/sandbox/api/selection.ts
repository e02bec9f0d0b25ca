/** Which objects of a resource a list or watch is about: namespace, name and selectors. */
import type { KubeObject } from '../json/value.js';
import type { Resource } from '../resources/resource.js';
import { exactMatch, type FieldTerm, matchesFields, parseFieldSelector } from '../selectors/fields.js';
import { labelsOf, parseLabelSelector } from '../selectors/labels.js';
import { badRequest } from '../status.js';
import type { Call } from './call.js';
import type { ListOptions } from './options.js';

export interface Selection {
  matches: (object: KubeObject) => boolean;
  /** The one namespace it is about, from the path or a field selector; empty for all. */
  namespace: string;
  /** The namespace of the path alone. */
  pathNamespace: string;
  /** A selector leaves out the number of items that remain. */
  selective: boolean;
  /** One object is asked for by name: there is nothing behind it. */
  single: boolean;
}

/** Throws 400. */
export function selectionOf(call: Call, resource: Resource, options: ListOptions): Selection {
  const { namespace, name } = call.info;
  const labels = attempt(() => parseLabelSelector(options.labelSelector));
  const terms = attempt(() => parseFieldSelector(options.fieldSelector));
  for (const term of terms) checkField(resource, term);
  if (name !== '') {
    const asked = exactMatch(terms, 'metadata.name');
    if (terms.length > 0 && asked !== name)
      throw badRequest("fieldSelector metadata.name doesn't match requested name");
    if (terms.length === 0) terms.push({ field: 'metadata.name', equal: true, value: name });
  }
  const byLabel = options.labelSelector !== '';
  const selected = namespace || (exactMatch(terms, 'metadata.namespace') ?? '');
  return {
    namespace: selected,
    pathNamespace: namespace,
    selective: byLabel || terms.length > 0,
    single: exactMatch(terms, 'metadata.name') !== undefined && (selected !== '' || !resource.namespaced),
    matches: (object) =>
      (namespace === '' || !resource.namespaced || object.metadata.namespace === namespace) &&
      (!byLabel || labels(labelsOf(object))) &&
      (terms.length === 0 || matchesFields(terms, fieldsOf(resource, object))),
  };
}

function attempt<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}

function checkField(resource: Resource, term: FieldTerm): void {
  const { field } = term;
  if (field === 'metadata.name' || (field === 'metadata.namespace' && resource.kind !== 'Namespace')) return;
  if (!resource.selectable.includes(field)) throw badRequest(resource.unknownField(field));
}

function fieldsOf(resource: Resource, object: KubeObject): { [field: string]: string } {
  const { name = '', namespace = '' } = object.metadata;
  return { 'metadata.name': name, 'metadata.namespace': namespace, ...resource.fields(object) };
}
