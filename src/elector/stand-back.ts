/** Making way after a fence or a step-down (L4): kle's own electors never defeat kle's release. */
import { deposes, fenceOf } from './fence.js';
import { standBackMs } from './settings.js';
import { isFree } from './sight.js';
import type { ElectorState } from './state.js';

/** What the newest version says about standing back. The end of a fence is counted from when it was seen. */
export function noteForStandBack(s: ElectorState, nowMs: number): void {
  const { record } = s.sight;
  const fence = record && fenceOf(record);
  if (record && fence) {
    // A fence that was seen only after the term was lost deposed this process all the same.
    const deposed = s.lastTerm !== null && deposes(record, s.settings.identity, s.lastTerm);
    // So did one that replaced a write of ours of which we never heard.
    const unheard = s.attempts.some((one) => deposes(record, s.settings.identity, one));
    if (deposed || unheard || s.standBack) s.standBack = { fence, endedMs: null };
    return;
  }
  if (!s.standBack) return;
  if (record && !isFree(record) && record.holder !== s.settings.identity) s.standBack = null;
  else if (s.standBack.endedMs === null) s.standBack = { ...s.standBack, endedMs: nowMs };
}

/** Monotonic; undefined: no reason to stand back. A fence that nobody renews has ended once it has expired. */
export function standBackUntil({ standBack, sight, settings }: ElectorState): number | undefined {
  if (!standBack) return undefined;
  if (standBack.endedMs !== null) return standBack.endedMs + standBackMs(settings);
  if (!sight.held) return Number.POSITIVE_INFINITY;
  const expiresMs = sight.held.sinceMs + Math.max(settings.leaseDurationMs, sight.held.durationMs);
  return expiresMs + standBackMs(settings);
}
