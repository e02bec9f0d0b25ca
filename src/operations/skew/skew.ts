/** Shifting a Lease's time (or duration) as a holder with a wrong clock would write it, and seeing who is fooled. */
import { formatMicroTime } from '../../lease/micro-time.js';
import type { Shift } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import { type Decision, type Found, open } from '../chaos/open.js';
import type { Opened } from '../chaos/prepare.js';
import { type Ending, ended, type SkewOutcome, type SkewReport } from '../chaos/report.js';
import type { SessionOptions } from '../chaos/session.js';
import type { OperationPorts } from '../ports.js';
import { planSkew } from './plan-skew.js';
import { LATE_MS, Skew, type SkewEnds, type SkewRequest } from './skew-run.js';

export type { SkewRequest } from './skew-run.js';

export function openSkew(
  request: SkewRequest,
  ports: OperationPorts,
  options: SessionOptions = {},
): Promise<Opened<SkewReport>> {
  const { lease } = request;
  const prepare = { ...request, coordinated: 'refused', leaseDurationMs: null, measure: true } as const;
  const decide = (found: Found) => decideSkew(request, found, ports);
  return open<SkewOutcome, SkewEnds>({ lease, prepare, refused, decide }, ports, options);
}

const refused = (why: Partial<Ending>): SkewEnds => ({ ...ended('refused', why), skewed: [], takeovers: [] });

function decideSkew(request: SkewRequest, found: Found, ports: OperationPorts): Decision<SkewEnds> {
  // A shift after the death of a holder would only delay failover.
  if (found.as === 'not-held') {
    return { ends: refused({ refusal: { code: 'holder-late', byMs: found.facts.expiredForMs ?? 0 } }) };
  }
  const { record, facts } = found;
  if (!canShift(record, request.shift)) return { ends: refused({ refusal: { code: 'time-out-of-range' } }) };
  const forMs = request.holdMs ?? facts.renewPeriodMs + LATE_MS;
  return {
    plan: planSkew(facts, request),
    mark: { id: ports.newId(), verb: 'skew', phase: 'hold', by: '', to: null, forMs },
    carryOut: (view, note) => new Skew(view, request, facts, note, ports.requestMs).run(),
  };
}

function canShift(record: LeaseRecord, shift: Shift): boolean {
  if (!('renewTimeMs' in shift)) return true;
  if (record.renewTime === null) return false;
  try {
    // A day more than asked for: the holder goes on renewing meanwhile.
    const day = 86_400_000;
    formatMicroTime(
      record.renewTime + BigInt(Math.round(shift.renewTimeMs + Math.sign(shift.renewTimeMs) * day)) * 1000n,
    );
    return true;
  } catch {
    return false;
  }
}
