/** What `kle acquire` says while it competes, leads and ends. */
import type { LostReason, Purpose, ReleaseOutcome, Report } from '../../elector/protocol.js';
import type { ApiFailure } from '../../lease/api.js';

/** `words`: how a failure is told everywhere else. */
export function reportText(
  report: Report,
  words: (failure: ApiFailure) => { message: string; tries: readonly string[] },
): string {
  switch (report.code) {
    case 'request-failed': {
      const { message, tries } = words(report.failure);
      return [`cannot ${DOING[report.purpose]}: ${message}`, ...tries].join('; ');
    }
    case 'watch-refused': {
      const { message, tries } =
        report.failure === null ? { message: 'the watch ended', tries: [] } : words(report.failure);
      return [message, ...tries, 'asking every retry period instead, so a hand-over takes longer'].join('; ');
    }
    case 'standing-back':
      return report.fence === null
        ? 'stepped down: leaving the Lease to others for a while'
        : `a release (${report.fence}) moves the leader on: leaving the Lease to others until it is over`;
  }
}

const DOING: Record<Purpose, string> = {
  look: 'read the Lease',
  take: 'take the Lease',
  create: 'create the Lease',
  renew: 'renew the Lease',
  recreate: 'create the deleted Lease again',
  release: 'free the Lease',
  notice: 'say that the work has stopped',
};

const WHY_LOST: Record<LostReason, string> = {
  'renew-deadline-exceeded': 'no renewal succeeded within the renew deadline',
  'holder-changed': 'somebody else holds the Lease',
  'lease-deleted': 'the Lease was deleted and could not be created again',
  'stepped-down': 'stepped down',
  paused: 'this process stood still past the deadline',
};

/** `reason`: as the term told it, or anything else that ended the work. */
export function lostText(reason: LostReason | null): string {
  return reason === null ? 'the deadline of the last renewal passed' : WHY_LOST[reason];
}

/** Who holds the Lease that we wait for. */
export function holderText(holder: string | null, identity: string): string {
  if (holder === null) return 'held by nobody';
  if (holder !== identity) return `held by ${holder}`;
  return `held by ${holder}, our own --identity: another process uses it, or one did; waiting as for a stranger`;
}

/** What `--once` waits for. */
export function watchingText(lease: string, holder: string | null, forMs: number): string {
  return `watching ${lease}, held by ${holder ?? 'somebody else'}, for up to ${(forMs / 1000).toFixed(1)}s`;
}

export function releaseText(outcome: ReleaseOutcome): string {
  switch (outcome) {
    case 'freed':
      return 'the Lease is free';
    case 'not-ours':
      return 'the Lease was no longer ours, so there was nothing to free';
    case 'kept':
      return 'the Lease is left to expire';
    case 'unconfirmed':
      return 'whether the Lease was freed is not known: no answer came; if not, it expires';
  }
}
