/** What kle's writes leave in managedFields of a Lease that others write by server-side apply. */
import { withoutOwnEntry } from '../../lease/operation-specs.js';
import type { LeaseView } from '../lease-view.js';
import type { Procedure } from './procedure.js';
import { write } from './write.js';

/**
 * A second PUT drops kle's claim on the spec: an elector that applies without force (kube-lease-manager) would take the
 * conflict for somebody else's lead, for ever. `appliers`: whether there were such before kle's first write, which takes the
 * fields over from them. Whether it succeeds is of no weight to who leads.
 */
export function* dropOwnEntry(view: LeaseView, appliers: boolean): Procedure<void> {
  const base = view.newest;
  const lease = appliers && base ? withoutOwnEntry(base) : null;
  if (!base || !lease) return;
  yield* write(view, {
    build: () => lease,
    accepts: (record) => record.resourceVersion === base.resourceVersion,
    untilMs: view.nowMs + 1_000,
    requestMs: 1_000,
    onInterrupt: 'finish',
    retries: false,
  });
}
