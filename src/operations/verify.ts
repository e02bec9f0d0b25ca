/** Watching for the next leader's own write: nothing else counts as a hand-over. */
import { type LeaseRecord, specKey } from '../lease/record.js';
import type { LeaseView, Noted } from './lease-view.js';
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

/**
 * The first holder after `mark` that wrote itself, other than kle's own. `written`: specs of ours, which name a holder that
 * has yet to act.
 */
export function newHolderSince(
  view: LeaseView,
  mark: number,
  own: string,
  written: readonly string[],
): NewHolder | null {
  for (const noted of view.changesSince(mark)) {
    const found = ownWrite(noted, own, written);
    if (found) return found;
  }
  return null;
}

function ownWrite({ change, record, key }: Noted, own: string, written: readonly string[]): NewHolder | null {
  if (change.type !== 'acquired' && change.type !== 'renewed' && change.type !== 'recreated') return null;
  if (!record || key === null || written.includes(key)) return null;
  const { holder } = record;
  if (holder === null || holder === '' || holder === own) return null;
  return { holder, atMs: change.atMs, timely: change.timely, leaderlessMs: change.leaderlessMs, record };
}

/** Waits for it until `untilMs`; null: nobody came, or the user stopped waiting. */
export function* awaitHolder(
  view: LeaseView,
  from: { mark: number; own: string; written: readonly string[] },
  untilMs: number,
): Procedure<NewHolder | null> {
  for (;;) {
    const found = newHolderSince(view, from.mark, from.own, from.written);
    if (found) return found;
    if (view.nowMs >= untilMs || view.interrupts > 0 || view.watchEnded) return null;
    yield earliest(untilMs, view.expiresAtMs());
  }
}

export const keyOf = (record: LeaseRecord): string => specKey(record);

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the same identity is the same process: an identity with a random part is made anew by each; else unknown. */
export const sameProcessBy = (identity: string): boolean | null => (UUID.test(identity) ? true : null);
