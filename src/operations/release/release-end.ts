/** The second half of a release by fence: the incumbent has stopped, so the Lease is freed or handed over, and watched. */
import type { ApiFailure } from '../../lease/api.js';
import { freeing, handingOver, holderTime, unmarking } from '../../lease/operation-specs.js';
import type { LeaseRecord } from '../../lease/record.js';
import { type Held, isOurs, type TakingPlan } from '../chaos/held.js';
import { settleJournal } from '../chaos/journal-steps.js';
import type { KeepEnd } from '../chaos/keep.js';
import { dropOwnEntry } from '../chaos/own-entry.js';
import type { Procedure } from '../chaos/procedure.js';
import { takeMarkAway } from '../chaos/put-back.js';
import { type Ended, ended, type ReleaseOutcome } from '../chaos/report.js';
import { tell } from '../chaos/steps.js';
import { awaitHolder, keyOf, type NewHolder, sameProcessBy } from '../chaos/verify.js';
import { write } from '../chaos/write.js';
import type { LeaseView } from '../lease-view.js';
import type { PodFacts } from '../ports.js';

export interface FenceRequest {
  taking: TakingPlan;
  leaseDurationMs: number;
  to: string | null;
  /** How long to wait for a new holder. */
  verifyMs: number;
  /** Two leaders, where candidates that do not exclude each other take the freed Lease at once; 0: they do. */
  raceMs: number;
  /** The incumbent's Pod, matched exactly; null: none, or not looked for. */
  pod: PodFacts | null;
}

export interface Fence {
  held: Held;
  /** When our first fence was received: Lease time without a leader begins. */
  fencedMs: number;
  request: FenceRequest;
}

type Ends = Ended<ReleaseOutcome>;
/** From the new holder's write to its work, and from its request to our watch. */
const BEGINS_MS = 500;
const DELIVERY_MS = 100;

/** The incumbent has stopped: from here on an interrupt frees as well. */
export function* afterStopWait(view: LeaseView, fence: Fence, end: KeepEnd): Procedure<Ends> {
  const stoppedByMs = end.end === 'over' ? fence.held.sentMs + fence.request.taking.stopWaitMs : view.nowMs;
  const { to } = fence.request;
  if (to !== null && view.interrupts === 0) {
    const handed = yield* handOver(view, fence, to, stoppedByMs);
    if (handed) return handed;
  }
  return yield* free(view, fence, stoppedByMs, (record) => isOurs(oursOf(fence), record));
}

const oursOf = ({ held }: Fence) => ({ holder: held.plan.holder, note: held.note });

/** Frees what `accepts` says is ours still, then sees who takes it. */
function* free(
  view: LeaseView,
  fence: Fence,
  stoppedByMs: number,
  accepts: (record: LeaseRecord) => boolean,
): Procedure<Ends> {
  const { held, request } = fence;
  const { requestMs, note } = held.plan;
  const mark = view.mark();
  const result = yield* write(view, {
    build: (base) => freeing(base, holderTime(base, view.serverNow() ?? note.sentAt, note.offsetMs)),
    accepts,
    // The fence stands for its whole duration: there is time for the API to come back.
    untilMs: view.nowMs + Math.max(requestMs, request.leaseDurationMs),
    requestMs,
    onInterrupt: 'finish',
    retries: true,
  });
  if (result.as === 'failed') return stuck(fence, result.failure, true);
  if (result.as === 'moved-on' && !result.unsure) return yield* lostToOthers(view, fence, result.record, stoppedByMs);
  yield* settleJournal(view, note.id);
  if (result.as === 'written') {
    tell(view, { step: 'freed' }, result.seenMs);
    yield* dropOwnEntry(view, held.plan.appliers);
  }
  const untilMs = view.nowMs + request.verifyMs;
  const holder = yield* awaitHolder(view, { mark, own: held.plan.holder }, untilMs);
  if (holder) return { ...led(view, fence, holder, stoppedByMs), possibleOverlapMs: request.raceMs };
  return nobodyCame(view, fence, result.as === 'written');
}

function nobodyCame(view: LeaseView, fence: Fence, freed: boolean): Ends {
  const interrupted = view.interrupts > 0;
  const { newest } = view;
  const undoId = fence.held.note.id;
  const empty = newest !== null && newest !== undefined && !newest.holder;
  // Without a live watch nobody can say that nobody took it.
  if (!interrupted && (!view.live || !freed || !empty)) {
    return ended('unverified', { failure: view.watchFailure, to: newest?.holder || null, undoId });
  }
  return ended('freed', { interrupted, undoId });
}

/** Null: nobody adopted it, and it is to be freed. */
function* handOver(view: LeaseView, fence: Fence, to: string, stoppedByMs: number): Procedure<Ends | null> {
  const { held, request } = fence;
  const { requestMs, note } = held.plan;
  const waitMs = 2 * request.leaseDurationMs;
  const mark = view.mark();
  const written: string[] = [];
  const result = yield* write(view, {
    build: (base) => {
      const time = holderTime(base, view.serverNow() ?? note.sentAt, note.offsetMs);
      const sentAt = view.server?.latest ?? note.sentAt;
      const until = sentAt + BigInt(Math.round(waitMs)) * 1000n;
      const durationSeconds = Math.max(1, Math.round(request.leaseDurationMs / 1000));
      const handover = { ...held.note, phase: 'handover' as const, sentAt, until };
      return handingOver(base, { holder: to, durationSeconds, time, note: handover });
    },
    accepts: (record) => isOurs(oursOf(fence), record),
    untilMs: view.nowMs + Math.max(requestMs, request.leaseDurationMs),
    requestMs,
    onInterrupt: 'settle',
    retries: true,
    mover: (base) => unmarking(base),
  });
  if (result.as === 'failed') return stuck(fence, result.failure, true);
  if (result.as === 'interrupted' || result.as === 'forbidden-by-before') return null;
  if (result.as === 'moved-on' && !result.unsure) return yield* lostToOthers(view, fence, result.record, stoppedByMs);
  if (result.as === 'written') {
    tell(view, { step: 'handed', to }, result.seenMs);
    written.push(keyOf(result.record));
    yield* dropOwnEntry(view, held.plan.appliers);
  }
  const holder = yield* awaitHolder(view, { mark, own: held.plan.holder, written }, view.nowMs + waitMs);
  if (holder) {
    yield* takeMarkAway(view, note.id);
    yield* settleJournal(view, note.id);
    return led(view, fence, holder, stoppedByMs);
  }
  if (view.interrupts === 0) tell(view, { step: 'not-adopted', to });
  // Compare-and-swap on what we wrote: who adopts it at this moment keeps it.
  const ours = (record: LeaseRecord) => written.includes(keyOf(record)) || isOurs(oursOf(fence), record);
  return yield* free(view, fence, stoppedByMs, ours);
}

/** Somebody leads, by its own write. */
function led(view: LeaseView, fence: Fence, next: NewHolder, stoppedByMs: number): Ends {
  const { held, fencedMs, request } = fence;
  const from = held.plan.from || (held.note.previous.spec.holderIdentity ?? '');
  const leaderlessMs = next.timely ? Math.round(next.atMs - fencedMs) : null;
  tell(view, { step: 'acquired', holder: next.holder, leaderlessMs }, next.atMs);
  const returned = next.holder === from;
  const known = { to: next.holder, leaderlessMs, token: next.record.resourceVersion, undoId: held.note.id };
  if (!next.timely) return ended(returned ? 'returned' : 'handed-over', known);
  return ended(returned ? 'returned' : request.to === null || next.holder === request.to ? 'handed-over' : 'taken', {
    ...known,
    workGapMinMs: Math.max(0, Math.round(next.atMs - stoppedByMs - DELIVERY_MS)),
    workGapMaxMs: Math.round(next.atMs - held.sentMs + BEGINS_MS),
    sameProcess: returned ? sameProcessBy(next.holder) : null,
    interrupted: view.interrupts > 0,
  });
}

/** Another holder stands where the fence should: nothing is written. */
export function* lostToOthers(
  view: LeaseView,
  fence: Fence,
  record: LeaseRecord | null,
  stoppedByMs: number | null = null,
): Procedure<Ends> {
  const { note } = fence.held.plan;
  yield* settleJournal(view, note.id);
  tell(view, record ? { step: 'changed-by-others', holder: record.holder } : { step: 'deleted' });
  return yours(fence, record, stoppedByMs ?? view.nowMs, stoppedByMs !== null);
}

export function yours({ held, fencedMs }: Fence, record: LeaseRecord | null, atMs: number, stopped = false): Ends {
  const from = held.note.previous.spec.holderIdentity ?? '';
  const holder = record?.holder || null;
  const returned = holder !== null && holder === from;
  const leftMs = Math.max(0, held.sentMs + held.plan.stopWaitMs - atMs);
  return ended(returned ? 'returned' : 'taken', {
    to: holder,
    leaderlessMs: holder === null ? null : Math.round(atMs - fencedMs),
    // The incumbent may work for what was left of the wait.
    possibleOverlapMs: returned || stopped ? 0 : Math.ceil(leftMs),
    token: record?.resourceVersion ?? null,
    sameProcess: returned ? sameProcessBy(from) : null,
    undoId: held.note.id,
  });
}

export function stuck({ held }: Fence, failure: ApiFailure, leftChanged: boolean): Ends {
  return ended('unverified', { failure, leftChanged, undoId: held.note.id });
}
