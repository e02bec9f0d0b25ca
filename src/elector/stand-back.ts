/** Making way after a fence or a step-down (L4): kle's own electors never defeat kle's release. */
import type { LeaseRecord } from '../lease/record.js';
import { deposes, fenceOf } from './fence.js';
import { isFree } from './sight.js';
import type { ElectorState } from './state.js';

/** What the newest version says about standing back. The end of a fence is counted from when it was seen. */
export function noteForStandBack(s: ElectorState, nowMs: number): void {
  const { record } = s.sight;
  const fence = record && fenceOf(record);
  if (record && fence) {
    if (isAboutUs(s, record) || s.standBack) s.standBack = { fence, endedMs: null };
    return;
  }
  if (!s.standBack) return;
  if (record && !isFree(record) && record.holder !== s.settings.identity) s.standBack = null;
  else if (s.standBack.endedMs === null) s.standBack = { ...s.standBack, endedMs: nowMs };
}

/** A fence deposed this process also if the term was lost before, or never began since its first answer was lost. */
function isAboutUs({ lastTerm, attempts, settings }: ElectorState, record: LeaseRecord): boolean {
  const { identity, identityMadeUp } = settings;
  const writes = lastTerm ? [lastTerm, ...attempts] : attempts;
  return writes.some((one) => deposes(record, identity, one)) || (identityMadeUp && deposes(record, identity, null));
}

/** Monotonic; undefined: no reason to stand back. A fence that nobody renews has ended once it has expired. */
export function standBackUntil({ standBack, sight, settings, policy }: ElectorState): number | undefined {
  if (!standBack) return undefined;
  if (standBack.endedMs !== null) return standBack.endedMs + policy.standBackMs(settings);
  if (!sight.held) return Number.POSITIVE_INFINITY;
  const expiresMs = sight.held.sinceMs + Math.max(settings.leaseDurationMs, sight.held.durationMs);
  return expiresMs + policy.standBackMs(settings);
}
