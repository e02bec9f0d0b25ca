/** Keeping a Lease renewed, and what ends that. */
import type { ApiFailure } from '../../lease/api.js';
import { STOPPED_ANNOTATION } from '../../lease/operation.js';
import { compareVersions, holderTime, keeping } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import type { LeaseView } from '../lease-view.js';
import { type Held, isOurs } from './held.js';
import { earliest, type Procedure } from './procedure.js';
import { tell } from './steps.js';
import { write } from './write.js';

export type KeepEnd =
  | { end: 'over' }
  | { end: 'notice' }
  | { end: 'pod' }
  | { end: 'interrupted' }
  /** The holder was emptied by others. */
  | { end: 'emptied'; record: LeaseRecord }
  /** Somebody else's, or gone. */
  | { end: 'lost'; record: LeaseRecord | null };

/** Looks at something else from time to time while the Lease is kept. */
export interface Lookout {
  /** It has seen what ends the wait. */
  readonly proof: boolean;
  ask(view: LeaseView): void;
  /** Takes in what it was told. */
  take(view: LeaseView): void;
  /** When it wants to look again. */
  nextMs(): number | null;
}

export interface KeepOptions {
  /** Monotonic; null: until something else ends it. */
  untilMs: number | null;
  /** Whether a stopped notice ends it before. */
  notice: boolean;
  lookout: Lookout | null;
}

/** Keeps the Lease renewed until something ends that. */
export function* keep(view: LeaseView, held: Held, options: KeepOptions): Procedure<KeepEnd> {
  const { renewEveryMs } = held.plan;
  let renewAtMs = view.nowMs + renewEveryMs;
  let failing = false;
  let live = true;
  for (;;) {
    if (live && view.watchFailure) tell(view, { step: 'watch-down', failure: view.watchFailure });
    live = view.watchFailure === null;
    options.lookout?.take(view);
    const end = endOf(view, held, options);
    if (end) return end;
    options.lookout?.ask(view);
    if (view.nowMs >= renewAtMs) {
      const begunMs = view.nowMs;
      const result = yield* renew(view, held, options.untilMs);
      if (result && !failing) tell(view, { step: 'renewal-failed', failure: result });
      failing = result !== null;
      renewAtMs = failing ? view.nowMs + Math.min(1_000, renewEveryMs) : begunMs + renewEveryMs;
      continue;
    }
    yield earliest(options.untilMs, renewAtMs, options.lookout?.nextMs());
  }
}

function endOf(view: LeaseView, held: Held, { untilMs, notice, lookout }: KeepOptions): KeepEnd | null {
  const record = view.newest ?? null;
  if (record === null) return { end: 'lost', record };
  if (!isOurs({ holder: held.plan.holder, note: held.note }, record)) {
    const emptied = record.holder === null || record.holder === '';
    return emptied ? { end: 'emptied', record } : { end: 'lost', record };
  }
  if (notice && saidStopped(held, record)) return { end: 'notice' };
  if (lookout?.proof) return { end: 'pod' };
  if (untilMs !== null && view.nowMs >= untilMs) return { end: 'over' };
  return view.interrupts > 0 ? { end: 'interrupted' } : null;
}

/** `kle.dev/stopped` with our id, in a version later than our first one, which removed any older notice. */
export function saidStopped(held: Pick<Held, 'note' | 'resourceVersion'>, record: LeaseRecord): boolean {
  return (
    record.annotations[STOPPED_ANNOTATION] === held.note.id &&
    compareVersions(record.resourceVersion, held.resourceVersion) > 0
  );
}

function* renew(view: LeaseView, held: Held, untilMs: number | null): Procedure<ApiFailure | null> {
  const { plan, note } = held;
  const ours = { holder: plan.holder, note };
  const result = yield* write(view, {
    build: (base) => keeping(base, holderTime(base, view.serverNow() ?? note.sentAt, note.offsetMs), note),
    accepts: (base) => isOurs(ours, base) && !saidStopped(held, base),
    untilMs: earliest(untilMs, view.nowMs + plan.requestMs) ?? view.nowMs,
    requestMs: plan.requestMs,
    onInterrupt: 'leave',
    retries: false,
  });
  return result.as === 'failed' ? result.failure : null;
}
