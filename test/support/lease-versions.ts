/** An independent watch of one Lease: every version as received, and the gaps in them. */
import type { LeaseApi, LeaseRef } from '../../src/lease/api.js';
import type { LeaseRecord } from '../../src/lease/record.js';

export interface Version {
  atMs: number;
  record: LeaseRecord;
}

/** Grows until the signal is aborted. */
export function versionsOf(leases: LeaseApi, ref: LeaseRef, signal: AbortSignal): Version[] {
  const versions: Version[] = [];
  void (async () => {
    for await (const event of leases.watch(ref, { signal })) {
      if ('record' in event) versions.push({ atMs: event.atMs, record: event.record });
    }
  })();
  return versions;
}

/** From the first version that is so (its holder) to the first later one of that holder; NaN where one is missing. */
export function gapFrom(versions: readonly Version[], isLost: (holder: string) => boolean, next: string): number {
  const from = versions.findIndex(({ record }) => isLost(record.holder ?? ''));
  const to = versions.slice(Math.max(0, from)).find(({ record }) => record.holder === next);
  return from === -1 || !to ? Number.NaN : to.atMs - (versions[from]?.atMs ?? 0);
}

/** The same for a holder that fell silent: counted from the end of its last renewal's duration. */
export function gapAfterExpiry(versions: readonly Version[], dead: string, next: string, durationMs: number): number {
  const last = versions.filter(({ record }) => record.holder === dead).at(-1);
  const to = versions.find(({ record }) => record.holder === next);
  return last && to ? to.atMs - last.atMs - durationMs : Number.NaN;
}
