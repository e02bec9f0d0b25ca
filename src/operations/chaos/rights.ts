/** What a plan needs that its user may not do: better said before the question than met in the middle. */

import type { OperationPorts } from '../ports.js';
import type { Plan, PlanWarning } from './plan.js';

/** The rights that the server says are missing. Where it does not answer that, none. */
export async function missingRights(
  { lease, steps }: Pick<Plan, 'lease' | 'steps'>,
  { access, signal, requestMs }: Pick<OperationPorts, 'access' | 'signal' | 'requestMs'>,
): Promise<PlanWarning[]> {
  const { namespace, name } = lease;
  const evicted = steps.find((one) => one.step === 'evict');
  const right = evicted
    ? { verb: 'create', group: '', resource: 'pods', subresource: 'eviction', namespace, name: evicted.pod }
    : { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', namespace, name };
  const answer = await access?.may(right, { signal, timeoutMs: requestMs });
  if (!answer?.ok || answer.value) return [];
  const resource = evicted ? 'pods/eviction' : `${right.resource}.${right.group}`;
  return [{ code: 'right-missing', verb: right.verb, resource, namespace }];
}
