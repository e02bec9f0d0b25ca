/**
 * How each elector family answers each verb: what plans predict from. Figures: research/measured.md (1,225 trials of nine
 * unmodified libraries); test/cluster keeps the rows of client-go, controller-runtime and kube-leader-election true.
 */
import type { ElectorFamily } from '../lease/fingerprint.js';

export interface Reaction {
  family: ElectorFamily;
  /** How a standby tells that a holder is dead: by watching the record, or by renewTime against its own wall clock. */
  expiry: 'observed' | 'writer-clock';
  /** Whose leaseDuration a standby waits for: that of the record, or its own. */
  duration: 'lease' | 'own';
  /** When a leader stops whose Lease somebody else holds: at its renew deadline (it retries until then), at its next
   * retry, or as soon as its watch tells it. */
  deposed: 'renew-deadline' | 'next-retry' | 'watch';
  /**
   * What a standby does with holder `""`: takes it at its next poll; does not look at the holder and waits until
   * renewTime plus the record's duration is past (1 s after a free, all of it after a clear); waits its own whole
   * duration; or never notices.
   */
  emptied: 'next-poll' | 'when-expired' | 'own-duration' | 'ignored';
  /** The longest time between two looks of a standby, in tenths of the leader's renew period. */
  pollTenths: number;
  /** False: it patches without resourceVersion, so it can overwrite anybody's write. */
  compareAndSwap: boolean;
  /**
   * Share of runs in which the old leader got a Lease back that was cleared at a random moment, with one and with two
   * standbys; null: not known, or not one number. Right after a renewal, when a measurement ends, the standby has nearly
   * a whole period.
   */
  returnsAfterClear: { oneStandby: number; twoStandbys: number } | null;
  /**
   * What becomes of a leader that was fenced: its elector ends (and a restart comes as somebody else), it stands back, or
   * it goes on as a candidate, and may be the first to take the Lease once that is free.
   */
  afterFence: 'ended' | 'stands-back' | 'candidate';
  /** Whether it leads on when its holder is put back while it still retries. */
  afterPutBack: 'goes-on' | 'has-stopped';
}

const row = (family: ElectorFamily, rest: Omit<Reaction, 'family'>): Reaction => ({ family, ...rest });
const odds = (oneStandby: number, twoStandbys: number) => ({ oneStandby, twoStandbys });

const CLIENT_GO = {
  expiry: 'observed',
  duration: 'lease',
  deposed: 'renew-deadline',
  emptied: 'next-poll',
  pollTenths: 22,
  compareAndSwap: true,
  afterFence: 'ended',
  afterPutBack: 'goes-on',
} as const;

const ROWS: readonly Reaction[] = [
  row('client-go', { ...CLIENT_GO, returnsAfterClear: odds(0.74, 0.39) }),
  row('controller-runtime', { ...CLIENT_GO, returnsAfterClear: odds(0.73, 0.5) }),
  row('kube-leader-election', {
    ...CLIENT_GO,
    expiry: 'writer-clock',
    deposed: 'next-retry',
    emptied: 'when-expired',
    pollTenths: 10,
    compareAndSwap: false,
    afterFence: 'candidate',
    // After the rest of its duration in which nobody led. Not one number: at a loop of a third of the duration the old
    // leader polls just when that is past (28 of 30 runs), at 2 s it is any phase (12 of 30).
    returnsAfterClear: null,
  }),
  row('kunobi-ha', {
    ...CLIENT_GO,
    expiry: 'writer-clock',
    deposed: 'next-retry',
    pollTenths: 10,
    returnsAfterClear: odds(0, 0),
    afterPutBack: 'has-stopped',
  }),
  row('fabric8', {
    ...CLIENT_GO,
    expiry: 'writer-clock',
    deposed: 'next-retry',
    returnsAfterClear: odds(0.8, 0.61),
    afterPutBack: 'has-stopped',
  }),
  // One poll drawn up to 2.2 P, and its main thread notices only every P.
  row('java-official', {
    ...CLIENT_GO,
    duration: 'own',
    emptied: 'own-duration',
    pollTenths: 32,
    returnsAfterClear: odds(0, 0),
  }),
  row('dotnet', { ...CLIENT_GO, pollTenths: 10, returnsAfterClear: null }),
  row('python', { ...CLIENT_GO, duration: 'own', pollTenths: 10, returnsAfterClear: odds(0.6, 0.42) }),
  row('npm-codedependant', {
    ...CLIENT_GO,
    expiry: 'writer-clock',
    deposed: 'next-retry',
    emptied: 'ignored',
    pollTenths: 10,
    returnsAfterClear: odds(0, 0),
    afterPutBack: 'has-stopped',
  }),
  row('kle', {
    ...CLIENT_GO,
    deposed: 'watch',
    pollTenths: 0,
    returnsAfterClear: null,
    afterFence: 'stands-back',
    afterPutBack: 'has-stopped',
  }),
];

const UNKNOWN: Reaction = row('unknown', { ...CLIENT_GO, pollTenths: 32, returnsAfterClear: null });

/** The row of a family; for one that is not known, the slowest that a usual elector can be. */
export function reactionOf(family: ElectorFamily): Reaction {
  return ROWS.find((one) => one.family === family) ?? UNKNOWN;
}

/** A span in milliseconds; `mostMs` null: it may never happen. */
export interface Span {
  leastMs: number;
  mostMs: number | null;
}

/** Request, watch delivery and a late timer: what comes on top of every wait. */
const LATENCY_MS = 500;
/** kle's own leader drains for at most (L − R) / 2; R is not in the Lease, but less than L. */
const KLE_NOTICE_MS = 250;

/** leaseDurationSeconds of a free Lease, in client-go's form. */
const FREE_DURATION_MS = 1_000;
/** By so much the time that kle writes for a holder may be off that holder's clock. */
const OFFSET_MS = 100;

/**
 * How long after the Lease is free, or carries its name, a standby of this family leads. `heldForMs`: the duration that
 * stands in the freed record, counted from its renewTime; kle's free writes 1 s, a clear leaves all of it.
 */
export function pickupOf(
  reaction: Reaction,
  lease: { leaseDurationMs: number; renewPeriodMs: number },
  named: boolean,
  heldForMs: number = FREE_DURATION_MS,
): Span {
  const pollMs = Math.ceil((reaction.pollTenths * lease.renewPeriodMs) / 10);
  // Who is named sees it at its next poll, and writes itself at that poll or a period later.
  if (named) return { leastMs: 0, mostMs: pollMs + lease.renewPeriodMs + LATENCY_MS };
  if (reaction.emptied === 'ignored') return { leastMs: 0, mostMs: null };
  if (reaction.emptied === 'next-poll') return { leastMs: 0, mostMs: pollMs + LATENCY_MS };
  if (reaction.emptied === 'when-expired') {
    return { leastMs: Math.max(0, heldForMs - OFFSET_MS), mostMs: heldForMs + pollMs + LATENCY_MS };
  }
  return {
    leastMs: lease.leaseDurationMs,
    mostMs: lease.leaseDurationMs + 2 * pollMs + LATENCY_MS,
  };
}

/**
 * Two candidates that write without compare-and-swap can both be told that a free Lease is theirs; whose write the other
 * one overwrote learns it at its next poll. Milliseconds of two leaders; 0 where writes exclude each other.
 */
export function raceOf(reaction: Reaction, { renewPeriodMs }: { renewPeriodMs: number }): number {
  return reaction.compareAndSwap ? 0 : Math.ceil((reaction.pollTenths * renewPeriodMs) / 10) + LATENCY_MS;
}

/** When a deposed leader of this family has stopped, if nothing is late: for people, never what a wait is cut short by. */
export function usualStopOf(reaction: Reaction, lease: { leaseDurationMs: number; renewPeriodMs: number }): Span {
  if (reaction.deposed === 'watch') return { leastMs: 0, mostMs: Math.ceil(lease.leaseDurationMs / 2) + KLE_NOTICE_MS };
  if (reaction.deposed === 'next-retry') return { leastMs: 0, mostMs: lease.renewPeriodMs + LATENCY_MS };
  return { leastMs: 0, mostMs: lease.leaseDurationMs + lease.renewPeriodMs };
}

/** What a shifted Lease would have looked like to the standbys of one family. */
export interface Fooled {
  family: ElectorFamily;
  /**
   * `looks-expired`: renewTime plus duration is past by its wall clock, so it takes a live Lease. `outlives-its-holder`:
   * nothing while the holder lives, but after its death failover waits that much longer. `expires-between-renewals`: the
   * shortened duration runs out before the next renewal. `expires-late`: the lengthened one delays failover.
   */
  why: 'looks-expired' | 'outlives-its-holder' | 'expires-between-renewals' | 'expires-late';
}

/** Which families a shift of renewTime would fool, by their rule of expiry. Nobody compares times but the writer-clock ones. */
export function fooledByTime(byMs: number, lease: { leaseDurationMs: number; renewPeriodMs: number }): Fooled[] {
  const clocks = ROWS.filter((one) => one.expiry === 'writer-clock');
  // A poll falls anywhere between two renewals: the latest one sees renewTime a period old besides.
  if (byMs < 0 && -byMs > lease.leaseDurationMs - lease.renewPeriodMs) {
    return clocks.map(({ family }) => ({ family, why: 'looks-expired' }));
  }
  return byMs > 0 ? clocks.map(({ family }) => ({ family, why: 'outlives-its-holder' })) : [];
}

/** Which families another duration would fool: those that use the record's. */
export function fooledByDuration(toMs: number, lease: { leaseDurationMs: number; renewPeriodMs: number }): Fooled[] {
  const trusting = ROWS.filter((one) => one.duration === 'lease');
  if (toMs < lease.leaseDurationMs) {
    const early = trusting.filter(
      (one) => (one.expiry === 'writer-clock' || one.family !== 'kle') && toMs < lease.renewPeriodMs,
    );
    return early.map(({ family }) => ({ family, why: 'expires-between-renewals' }));
  }
  return toMs > lease.leaseDurationMs ? trusting.map(({ family }) => ({ family, why: 'expires-late' })) : [];
}
