/** Release by fence (STEP-DOWN): fence, stop wait, and what an interrupt or others make of it; then release-end.ts. */
import type { ApiFailure } from '../../lease/api.js';
import type { Held, TakingPlan } from '../chaos/held.js';
import { settleJournal } from '../chaos/journal-steps.js';
import { type KeepEnd, keep } from '../chaos/keep.js';
import { PodEvidence } from '../chaos/pod-evidence.js';
import type { Procedure } from '../chaos/procedure.js';
import { putBack } from '../chaos/put-back.js';
import { type Ended, ended, type ReleaseOutcome } from '../chaos/report.js';
import { tell } from '../chaos/steps.js';
import { type NotTaken, take } from '../chaos/take.js';
import type { LeaseView } from '../lease-view.js';
import { afterStopWait, type Fence, type FenceRequest, lostToOthers, stuck, yours } from './release-end.js';

type Ends = Ended<ReleaseOutcome>;

export function* releaseByFence(view: LeaseView, request: FenceRequest): Procedure<Ends> {
  const { note, requestMs } = request.taking;
  let fencedMs: number | null = null;
  // Once more when somebody empties the holder: the wait starts anew.
  for (let fences = 0; ; fences++) {
    const taken = yield* take(view, fences === 0 ? request.taking : refence(view, request.taking));
    if (taken.as !== 'held') return yield* notFenced(view, request, taken, fences);
    const { held } = taken;
    fencedMs ??= held.seenMs;
    const end = yield* stopWait(view, held, request);
    if (end.end === 'emptied' && fences === 0) {
      tell(view, { step: 'emptied-by-others' });
      continue;
    }
    const fence: Fence = { held, fencedMs, request };
    if (end.end === 'lost' || end.end === 'emptied') return yield* lostToOthers(view, fence, end.record);
    if (end.end === 'interrupted') {
      tell(view, { step: 'interrupted' });
      const { holder, appliers } = held.plan;
      const facts = { holder, note: held.note, stopWaitOver: false, appliers };
      const back = yield* putBack(view, facts, { untilMs: view.nowMs + requestMs, requestMs });
      if (back.as === 'failed') return stuck(fence, back.failure, true);
      yield* settleJournal(view, note.id);
      if (back.as === 'freed') return ended('freed', { interrupted: true, undoId: note.id });
      if (back.as === 'put-back') return ended('put-back', { to: back.holder, interrupted: true, undoId: note.id });
      return { ...yours(fence, view.newest ?? null, view.nowMs), interrupted: true };
    }
    return yield* afterStopWait(view, fence, end);
  }
}

/** Whoever emptied the fence left nobody: the same operation again, on what is there. */
function refence(view: LeaseView, plan: TakingPlan): TakingPlan {
  return { ...plan, from: '', fromDurationSeconds: null, fromUid: view.newest?.uid ?? plan.fromUid };
}

function* notFenced(view: LeaseView, request: FenceRequest, taken: NotTaken, fences: number): Procedure<Ends> {
  const { note } = request.taking;
  // Of a second fence: the first one was on the Lease, so this is no refusal any more.
  const holder = view.newest?.holder || null;
  if (taken.as === 'failed' && taken.unsettled) {
    return ended('unverified', { failure: taken.failure, leftChanged: true, undoId: note.id });
  }
  yield* settleJournal(view, note.id);
  switch (taken.as) {
    case 'failed':
      return ended(fences === 0 ? 'refused' : 'unverified', { failure: taken.failure });
    case 'unsure':
      return ended('unverified', { to: taken.record?.holder || null, failure: UNSURE });
    case 'interrupted':
      return ended(fences === 0 ? 'refused' : 'freed', { interrupted: true });
    case 'journal':
      return ended('refused', { refusal: { code: 'journal-unwritable', problem: taken.problem } });
    case 'expired':
      return ended('not-held');
    case 'changed':
      if (fences > 0) {
        const returned = holder !== null && holder === note.previous.spec.holderIdentity;
        const possibleOverlapMs = returned ? 0 : request.taking.stopWaitMs;
        return ended(returned ? 'returned' : 'taken', { to: holder, possibleOverlapMs });
      }
      if (taken.record && !taken.record.holder) return ended('not-held');
      return ended('refused', { refusal: { code: 'changed-meanwhile', holder } });
  }
}

const UNSURE: ApiFailure = {
  kind: 'aborted',
  message: 'the answer to the fence was lost, and others changed the Lease since',
};

function* stopWait(view: LeaseView, held: Held, { taking, pod }: FenceRequest): Procedure<KeepEnd> {
  const lookout = pod === null ? null : new PodEvidence(pod, view.nowMs);
  const untilMs = held.sentMs + taking.stopWaitMs;
  const end = yield* keep(view, held, { untilMs, notice: true, lookout });
  if (end.end === 'notice') tell(view, { step: 'stopped-notice' });
  if (end.end === 'over') tell(view, { step: 'stop-wait-over', waitedMs: view.nowMs - held.sentMs });
  return end;
}
