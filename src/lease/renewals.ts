/** How regularly one holder renews: the gaps between its changes of renewTime, as received. */

/** The newest gaps that median and p99 are taken from; the largest is of all of them. */
export const GAPS_KEPT = 128;

/** Plain data, changed in place by `noteRenewal` only. */
export interface Renewals {
  /** When the last renewal was received; null when it is not known to the moment. */
  lastMs: number | null;
  /** Newest gaps in milliseconds, in a ring. */
  gapsMs: number[];
  /** All gaps so far, those no longer kept included. */
  count: number;
  largestMs: number;
}

export const noRenewals = (lastMs: number | null): Renewals => ({ lastMs, gapsMs: [], count: 0, largestMs: 0 });

/** A renewal came at `atMs`. `timely` false: it happened at some time before that, so no gap can be taken from it. */
export function noteRenewal(renewals: Renewals, atMs: number, timely: boolean): void {
  if (timely && renewals.lastMs !== null) {
    const gapMs = atMs - renewals.lastMs;
    renewals.gapsMs[renewals.count % GAPS_KEPT] = gapMs;
    renewals.count += 1;
    renewals.largestMs = Math.max(renewals.largestMs, gapMs);
  }
  renewals.lastMs = timely ? atMs : null;
}

/** Milliseconds; null while fewer than two renewals of this holder were seen to happen. */
export interface RenewIntervals {
  count: number;
  medianMs: number | null;
  p99Ms: number | null;
  largestMs: number | null;
}

export function renewIntervalsOf(renewals: Renewals): RenewIntervals {
  const sorted = [...renewals.gapsMs].sort((a, b) => a - b);
  const atRank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
  return {
    count: renewals.count,
    medianMs: atRank(0.5),
    p99Ms: atRank(0.99),
    largestMs: renewals.count > 0 ? renewals.largestMs : null,
  };
}
