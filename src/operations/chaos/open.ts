/** How every chaos verb begins: look, guard, measure, then a plan to show and the doing of it. */
import type { LeaseRef } from '../../lease/api.js';
import type { OperationNote } from '../../lease/operation.js';
import type { LeaseView } from '../lease-view.js';
import type { OperationPorts } from '../ports.js';
import type { Plan } from './plan.js';
import { type NoteAbout, noteFor, type Opened, type Prepared, type PrepareOptions, prepare } from './prepare.js';
import type { Procedure } from './procedure.js';
import type { Ended, Ending, Report } from './report.js';
import { missingRights } from './rights.js';
import { Session, type SessionOptions } from './session.js';

/** A Lease that was looked at: held, or held by nobody. */
export type Found = Extract<Prepared, { as: 'held' | 'not-held' }>;

/** What a verb makes of it: an end without a write, or a plan, the mark it will leave, and the doing. */
export type Decision<E> =
  | { ends: E }
  | { plan: Plan; mark: NoteAbout; carryOut(view: LeaseView, note: OperationNote): Procedure<E> };

export interface Opening<E> {
  lease: LeaseRef;
  prepare: Omit<PrepareOptions, 'requestMs'>;
  refused(why: Partial<Ending>): E;
  decide(found: Found): Decision<E> | Promise<Decision<E>>;
}

/** Looks, guards, measures and plans. Throws nothing of the cluster's: what failed is in the report. */
export async function open<O extends string, E extends Ended<O>>(
  opening: Opening<E>,
  ports: OperationPorts,
  options: SessionOptions,
): Promise<Opened<Report<O> & E>> {
  const { lease, refused } = opening;
  const session = new Session(lease, ports, options);
  const close = () => session.close();
  const prepared = await prepare(session, { ...opening.prepare, requestMs: ports.requestMs });
  const from = 'record' in prepared ? prepared.record?.holder || null : null;
  const report = (ends: E, plan: Plan | null = null) => ({ ...ends, lease, from, plan, steps: session.steps });
  const nothing = (ends: E, plan: Plan | null = null) => ({ ready: false, report: report(ends, plan), close }) as const;
  if (prepared.as !== 'held' && prepared.as !== 'not-held') return nothing(refused(whyNot(prepared)));
  const decision = await opening.decide(prepared);
  if ('ends' in decision) return nothing(decision.ends);
  const { mark, carryOut } = decision;
  const missing = await missingRights(decision.plan, ports);
  const plan = { ...decision.plan, warnings: [...missing, ...decision.plan.warnings] };
  const note = noteFor(session.view, prepared.record, prepared.facts, mark);
  if (note === null) return nothing(refused({ refusal: { code: 'identity-too-long' } }), plan);
  const run = async () => report(await session.run(carryOut(session.view, note)), plan);
  return { ready: true, plan, run, close };
}

function whyNot(prepared: Exclude<Prepared, Found>): Partial<Ending> {
  switch (prepared.as) {
    case 'refused':
      return { refusal: prepared.refusal };
    case 'no-duration':
      return { refusal: { code: 'malformed', what: 'leaseDurationSeconds' } };
    case 'failed':
      return { failure: prepared.failure };
    case 'interrupted':
      return { interrupted: true };
  }
}
