import type { ApiFailure, LeaseRef } from '../lease/api.js';
import type { LeaseRecord } from '../lease/record.js';
import type { Looks } from '../lease/verdict.js';
import type { StatusPorts, StatusRequest } from './status.js';

export interface Watched {
  found: { ref: LeaseRef; record: LeaseRecord | null; looks: Looks | null }[];
  failures: ApiFailure[];
}
export async function watchFor(_request: StatusRequest, _ms: number, _ports: StatusPorts): Promise<Watched> {
  throw new Error('not yet');
}
