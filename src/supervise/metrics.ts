/** What a `kle acquire` says of itself to probes and to Prometheus. Pure. */

export interface ProbeSnapshot {
  /** False when the process should be restarted: it can no longer do its work. */
  readonly live: boolean;
  readonly namespace: string;
  readonly lease: string;
  readonly identity: string;
  /** It has reached the cluster and competes for the Lease. */
  readonly candidate: boolean;
  /** Who leads, as far as is known; null when nobody does or it is not known. */
  readonly holder: string | null;
  /** This process leads, computed from the clocks at this very question. */
  readonly leading: boolean;
  /** How long the claim holds without a further renewal, ms; null when not leading. */
  readonly remainingMs: number | null;
  /** The fencing token of the term; null when not leading. */
  readonly token: string | null;
  /** Something of CMD's process group is alive. */
  readonly working: boolean;
  readonly counts: ProbeCounts;
}

/** Since the process started. */
export interface ProbeCounts {
  /** Terms that this process has led. */
  readonly terms: number;
  /** Terms that ended without a step-down of its own. */
  readonly lost: number;
  readonly renewals: number;
  readonly failedRenewals: number;
  readonly starts: number;
  readonly watchdogRestarts: number;
}

export const READY_WHEN = ['candidate', 'elected', 'leader'] as const;
/** Ready as soon as it competes, as soon as anybody leads, or only while it leads itself. */
export type ReadyWhen = (typeof READY_WHEN)[number];

export function isReady(snapshot: ProbeSnapshot, when: ReadyWhen): boolean {
  switch (when) {
    case 'candidate':
      return snapshot.candidate;
    case 'elected':
      return snapshot.candidate && (snapshot.leading || snapshot.holder !== null);
    case 'leader':
      return snapshot.leading;
  }
}

/** The Prometheus text format, version 0.0.4. */
export function metricsText(snapshot: ProbeSnapshot): string {
  const { namespace, lease, identity, counts } = snapshot;
  const labels = `{namespace="${escaped(namespace)}",lease="${escaped(lease)}",identity="${escaped(identity)}"}`;
  const series = [
    ['leader', 'gauge', 'Whether this process leads.', Number(snapshot.leading)],
    ['claim_remaining_seconds', 'gauge', 'How long the claim holds unrenewed.', (snapshot.remainingMs ?? 0) / 1000],
    ['work_running', 'gauge', 'Whether anything of the command is alive.', Number(snapshot.working)],
    ['terms_total', 'counter', 'Terms led.', counts.terms],
    ['terms_lost_total', 'counter', 'Terms that ended without stepping down.', counts.lost],
    ['renewals_total', 'counter', 'Successful renewals.', counts.renewals],
    ['renewals_failed_total', 'counter', 'Renewals that failed.', counts.failedRenewals],
    ['work_starts_total', 'counter', 'Starts of the command.', counts.starts],
    ['watchdog_restarts_total', 'counter', 'Watchdogs that had to be replaced.', counts.watchdogRestarts],
  ] as const;
  return series
    .map(([name, type, help, value]) => {
      const full = `kle_${name}`;
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${full}${labels} ${value}\n`;
    })
    .join('');
}

const escaped = (text: string) => text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n');
