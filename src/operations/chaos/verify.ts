/** Watching for the next leader's own write: nothing else counts as a hand-over. */
import { type LeaseRecord, specKey } from '../../lease/record.js';
import type { LeaseView, Noted } from '../lease-view.js';
import { earliest, type Procedure } from './procedure.js';

export interface NewHolder {
  holder: string;
  /** When its first own write was received. */
  atMs: number;
  /** The write itself came at that moment; false: it was found later. */
  timely: boolean;
  /** Lease time without a leader before it, as the history has it. */
  leaderlessMs: number | null;
  record: LeaseRecord;
}

interface Since {
  /** What is seen after it counts. */
  mark: number;
  /** kle's own holder, which never counts; empty: none. */
  own?: string;
  /** Specs of ours, which name a holder that has yet to act. */
  written?: readonly string[];
  /** Who holds it still: counts only with a new term. */
  incumbent?: string;
  /** Holders are named by the coordinator (KEP-4355): who was named counts once it has renewed. */
  named?: boolean;
}

/** The first holder that wrote itself. */
function newHolderSince(view: LeaseView, since: Since): NewHolder | null {
  let named: NewHolder | null = null;
  for (const noted of view.changesSince(since.mark)) {
    const found = ownWrite(noted, since, named?.holder);
    if (found && (!since.named || noted.change.type === 'renewed')) return { ...found, ...sinceNamed(found, named) };
    named = found ?? named;
  }
  return null;
}

function sinceNamed({ atMs }: NewHolder, named: NewHolder | null): Partial<NewHolder> {
  if (named?.leaderlessMs == null) return {};
  return { leaderlessMs: Math.round(named.leaderlessMs + atMs - named.atMs) };
}

function ownWrite(
  { change, record, key }: Noted,
  { own = '', written = [], incumbent }: Since,
  named: string | undefined,
): NewHolder | null {
  if (change.type !== 'acquired' && change.type !== 'renewed' && change.type !== 'recreated') return null;
  if (!record || key === null || written.includes(key)) return null;
  const { holder } = record;
  if (holder === null || holder === '' || holder === own) return null;
  if (change.type === 'renewed' && holder === incumbent && holder !== named) return null;
  return { holder, atMs: change.atMs, timely: change.timely, leaderlessMs: change.leaderlessMs, record };
}

/** Waits for it until `untilMs`; null: nobody came, or the user stopped waiting. */
export function* awaitHolder(view: LeaseView, since: Since, untilMs: number): Procedure<NewHolder | null> {
  for (;;) {
    const found = newHolderSince(view, since);
    if (found) return found;
    if (view.nowMs >= untilMs || view.interrupts > 0 || view.watchEnded) return null;
    yield earliest(untilMs, view.expiresAtMs());
  }
}

export const keyOf = (record: LeaseRecord): string => specKey(record);

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the same identity is the same process: an identity with a random part is made anew by each; else unknown. */
export const sameProcessBy = (identity: string): boolean | null => (UUID.test(identity) ? true : null);
