/** What keeps a verb from touching a Lease. Pure: codes out, words in view/text/plan.ts. */
import { readOperation } from '../../lease/operation.js';
import type { LeaseRecord } from '../../lease/record.js';
import type { LeaseView } from '../lease-view.js';
import type { Refusal } from './plan.js';

export interface GuardOptions {
  /** `--expect-holder`; undefined: any. */
  expectHolder?: string | undefined;
  /** `--allow-non-election`. */
  allowNonElection: boolean;
  /** `--via prefer` is for coordinated elections alone, everything else for the others. */
  coordinated: 'refused' | 'required' | 'either';
}

/** Uncertain by more, the times that kle writes would mean nothing (fact 7). */
const MOST_UNCERTAIN_MS = 2_000;

/** What the record itself says against going on; null: nothing. */
export function refusalOf(record: LeaseRecord, options: GuardOptions): Refusal | null {
  const { role, holder } = record;
  if ((role === 'node-heartbeat' || role === 'apiserver-identity') && !options.allowNonElection) {
    return { code: 'not-an-election', role };
  }
  if (role === 'coordinated' && options.coordinated === 'refused') return { code: 'coordinated' };
  if (role !== 'coordinated' && options.coordinated === 'required') return { code: 'not-coordinated' };
  const { expectHolder } = options;
  if (expectHolder !== undefined && expectHolder !== (holder ?? '')) {
    return { code: 'other-holder', expected: expectHolder, holder };
  }
  const mark = readOperation(record.annotations);
  // A skew leaves the holder in place, so its mark alone tells; one that is long over leaves none.
  if (mark && (holder === `kle/${mark.id}` || mark.verb === 'skew')) return { code: 'held-by-operation', id: mark.id };
  const wrong = record.problems.find((one) => one.code === 'field-wrong-type' && one.field === 'holderIdentity');
  if (wrong) return { code: 'malformed', what: 'holderIdentity' };
  return null;
}

/** Whether the server's clock is known too badly to write times by it. */
export function clockRefusalOf(view: LeaseView): Refusal | null {
  const uncertainMs = view.clockUncertainMs();
  return uncertainMs === null || uncertainMs > MOST_UNCERTAIN_MS ? { code: 'server-clock-unknown', uncertainMs } : null;
}
