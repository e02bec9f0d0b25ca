/** What a failure says about whether a Lease exists. */
import type { ApiFailure } from './api.js';

/**
 * The Lease does not exist. Without a name it is the path that does not; where another resource is named (its namespace, on
 * a creation), nothing is said about the Lease.
 */
export const isAbsent = (failure: ApiFailure): boolean =>
  failure.kind === 'not-found' && failure.name !== null && failure.resource === 'leases';
