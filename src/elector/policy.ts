/**
 * The choices on which the promises rest, each as a small value, so that the simulation can make any one of them wrong
 * and must then see a promise broken. Nothing else may pass another policy than `PROMISED`.
 */
import { type LeaseRecord, specKey } from '../lease/record.js';
import type { Moment } from './moment.js';
import { type ElectorSettings, standBackMs } from './settings.js';
import type { HeldSpec } from './sight.js';

export interface Policy {
  /** Two versions with the same key are the same; age counts from the first of them. */
  keyOf(record: LeaseRecord): string;
  /** Monotonic time from which a spec that somebody holds may be taken. */
  dueMs(held: HeldSpec, settings: ElectorSettings, moment: Moment): number;
  /** Take what a fresh read shows, on the age of what was seen before. */
  readsBeforeTaking: boolean;
  /** How long a claim lasts from the send time of its last renewal. */
  claimMs(settings: ElectorSettings): number;
  releasesAfterWork: boolean;
  adoptsOwnIdentity(settings: ElectorSettings): boolean;
  waitsAfterDelete: boolean;
  /** How long an incumbent that made way leaves the Lease to others. */
  standBackMs(settings: ElectorSettings): number;
  /** The work gets its full grace even when its end is asked for long after R. */
  drainsAfterPause: boolean;
}

/** Timers are late under load by up to this (research/raft.md, L3); later than that, the process was paused. */
const LATE_MS = 250;

export const PROMISED: Policy = {
  // Fact 4: a change of the spec is a sign of life, a change of anything else is none.
  keyOf: (record) => `${record.uid} ${specKey(record)}`,
  // S2: counted from when we first saw it, on our own clock; never from renewTime.
  dueMs: (held, settings) => held.sinceMs + Math.max(settings.leaseDurationMs, held.durationMs),
  readsBeforeTaking: false,
  // S1.
  claimMs: (settings) => settings.renewDeadlineMs,
  // S4.
  releasesAfterWork: true,
  // S2: a given identity may be another process's too.
  adoptsOwnIdentity: (settings) => settings.identityMadeUp,
  // S2: its leader may not have seen the deletion yet.
  waitsAfterDelete: true,
  // L4 (STEP-DOWN, last section).
  standBackMs,
  // S8: whoever wakes too late has no grace left.
  drainsAfterPause: false,
};

export const wasPaused = (lateMs: number): boolean => lateMs > LATE_MS;
