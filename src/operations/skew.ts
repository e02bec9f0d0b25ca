/** Shifting a Lease's time (or duration) as a holder with a wrong clock would write it, and seeing who is fooled. */
import { formatMicroTime } from '../lease/micro-time.js';
import type { Shift } from '../lease/operation-specs.js';
import type { LeaseRecord } from '../lease/record.js';
import type { Plan } from './plan.js';
import { planSkew } from './plan-skew.js';
import type { OperationPorts } from './ports.js';
import { noteFor, type Opened, prepare } from './prepare.js';
import { type Ended, ended, type SkewOutcome, type SkewReport } from './report.js';
import { Session, type SessionOptions } from './session.js';
import { LATE_MS, Skew, type SkewEnds, type SkewRequest } from './skew-run.js';

export type { SkewRequest } from './skew-run.js';

export async function openSkew(
  request: SkewRequest,
  ports: OperationPorts,
  options: SessionOptions = {},
): Promise<Opened<SkewReport>> {
  const session = new Session(request.lease, ports, options);
  const close = () => session.close();
  const end = (from: string | null, plan: Plan | null, result: Ended<SkewOutcome> | SkewEnds): SkewReport => ({
    skewed: [],
    takeovers: [],
    ...result,
    lease: request.lease,
    from,
    plan,
    steps: session.steps,
    wouldFool: plan?.prediction.wouldFool ?? [],
  });
  const refuse = (from: string | null, result: Ended<SkewOutcome>) =>
    ({ ready: false, report: end(from, null, result), close }) as const;
  const options2 = { ...request, coordinated: 'refused', requestMs: ports.requestMs, leaseDurationMs: null } as const;
  const prepared = await prepare(session, { ...options2, measure: true });
  const from = 'record' in prepared ? prepared.record?.holder || null : null;
  switch (prepared.as) {
    case 'refused':
      return refuse(from, ended('refused', { refusal: prepared.refusal }));
    case 'failed':
      return refuse(from, ended('refused', { failure: prepared.failure }));
    case 'interrupted':
      return refuse(from, ended('refused', { interrupted: true }));
    case 'no-duration':
      return refuse(from, ended('refused', { refusal: { code: 'malformed', what: 'leaseDurationSeconds' } }));
    case 'not-held':
      // A shift after the death of a holder would only delay failover.
      return refuse(from, ended('refused', { refusal: { code: 'holder-late', byMs: prepared.expiredForMs ?? 0 } }));
  }
  const { record, facts } = prepared;
  if (!canShift(record, request.shift))
    return refuse(from, ended('refused', { refusal: { code: 'time-out-of-range' } }));
  const plan = planSkew(facts, request);
  const forMs = request.holdMs ?? facts.renewPeriodMs + LATE_MS;
  const about = { id: ports.newId(), verb: 'skew', phase: 'hold', by: '', to: null, forMs } as const;
  const note = noteFor(session.view, record, facts, about);
  if (note === null) return refuse(from, ended('refused', { refusal: { code: 'identity-too-long' } }));
  const skew = new Skew(session.view, request, facts, note, ports.requestMs);
  const run = async () => end(facts.holder, plan, await session.run(skew.run()));
  return { ready: true, plan, run, close };
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
