/** The arithmetic of durations in words. */
import type { DurationName, TimingRefusal, TimingWarning } from '../../lease/timing.js';

const FLAGS: Record<DurationName, string> = {
  leaseDurationMs: '--lease-duration',
  renewDeadlineMs: '--renew-deadline',
  retryPeriodMs: '--retry-period',
  drainMs: '--drain-timeout',
};

const seconds = (ms: number) => `${Number((ms / 1000).toFixed(3))}s`;

export function refusalText(refusal: TimingRefusal): string {
  switch (refusal.code) {
    case 'duration-not-positive':
      return `${FLAGS[refusal.duration]}: must be longer than 0s`;
    case 'lease-duration-not-whole-seconds':
      return `--lease-duration: ${seconds(refusal.leaseDurationMs)} is not whole seconds, and a Lease stores no fraction`;
    case 'lease-duration-too-long':
      return `--lease-duration: must be at most ${seconds(refusal.longestMs)}`;
    case 'retry-not-below-deadline':
      return `--retry-period ${seconds(refusal.retryPeriodMs)} must be shorter than --renew-deadline ${seconds(refusal.renewDeadlineMs)}`;
    case 'stops-after-lease':
      return (
        `work could outlive the Lease by ${seconds(refusal.overMs)}: renew deadline + drain timeout + 0.25s is ` +
        `${seconds(refusal.stopMs)}, and must be at most the lease duration, ${seconds(refusal.leaseDurationMs)}`
      );
  }
}

export function warningText(warning: TimingWarning): string {
  switch (warning.code) {
    case 'client-go-overlaps':
      return (
        `a client-go leader with these durations may work until ${seconds(warning.stopMs)} after its last renewal (renew ` +
        `deadline + retry period), and the Lease lasts ${seconds(warning.leaseDurationMs)}: do not mix it with kle here`
      );
    case 'client-go-refuses':
      return `client-go refuses these durations: its renew deadline must be longer than 1.2 retry periods, ${seconds(warning.aboveMs)}`;
  }
}
