import type { LeaseObject, LeaseRecord } from '../lease/record.js';
import { fenceOf } from './fence.js';
import { elapsedMs, type Moment, type Reading } from './moment.js';
import type { Effect, Purpose, Report, Request } from './protocol.js';
import { isFree, type Look, seeAbsence, seeRecord } from './sight.js';
import { noteForStandBack } from './stand-back.js';
import type { Attempt, ElectorState, Term } from './state.js';
import { isOlder } from './version.js';
import * as writes from './writes.js';

/** Older ones without an answer are forgotten; should one arrive after all, it counts as a stranger's. */
const MOST_ATTEMPTS = 16;

export interface Turn extends Moment {
  /** A shallow copy: its members are replaced, never changed. */
  s: ElectorState;
  effects: Effect[];
}

/** True: it is news. The holder's change is announced here, the phase reacts to the rest. */
export function see(turn: Turn, record: LeaseRecord, look: Look): boolean {
  const { s } = turn;
  const sight = seeRecord(s.sight, record, look, { identity: s.settings.identity, policy: s.policy });
  if (!sight) return false;
  const previous = s.sight;
  s.sight = sight;
  noteForStandBack(s, turn.now.monoMs);
  // S2: somebody held it since, so a creation of ours that arrives now proves nothing.
  if (sight.held && record.holder !== s.settings.identity) overtakeCreations(s);
  tellHolder(turn, previous.record, previous.known);
  return true;
}

function overtakeCreations(s: ElectorState): void {
  if (s.attempts.some((one) => one.creates)) {
    s.attempts = s.attempts.map((one) => (one.creates ? { ...one, overtaken: true } : one));
  }
}

export function seeGone(turn: Turn, version: string | null, look: Look): boolean {
  const { s } = turn;
  const sight = seeAbsence(s.sight, version, look);
  if (!sight) return false;
  const previous = s.sight;
  s.sight = sight;
  noteForStandBack(s, turn.now.monoMs);
  tellHolder(turn, previous.record, previous.known);
  return true;
}

function tellHolder({ s, effects }: Turn, before: LeaseRecord | null, known: boolean): void {
  const holder = holderOf(s.sight.record);
  const previous = holderOf(before);
  if (!known || holder !== previous) effects.push({ type: 'holder', holder, previous });
}

/** Null while nobody holds it, or kle does so that nobody leads. */
export const holderOf = (record: LeaseRecord | null): string | null =>
  record === null || isFree(record) || fenceOf(record) !== null ? null : record.holder;

/** The newest version is this term's: a foreign write that left holder and acquireTime alone does not end it. */
export function isOfTerm(s: ElectorState, term: Term): boolean {
  const { record } = s.sight;
  if (record === null || record.holder !== s.settings.identity) return false;
  return record.acquireTime === null || record.acquireTime === term.acquireTime;
}

/** The write of ours that made the newest version. Its answer may be lost; the times tell it from any other's. */
export function ownAttempt(s: ElectorState, now: Reading): Attempt | undefined {
  const { record } = s.sight;
  if (record === null || record.holder !== s.settings.identity) return undefined;
  const found = s.attempts.find(
    (one) =>
      !one.overtaken &&
      one.acquireTime === record.acquireTime &&
      one.renewTime === record.renewTime &&
      one.seenVersion !== record.resourceVersion &&
      !isOlder(record.resourceVersion, one.seenVersion),
  );
  // A creation meets no compare-and-swap. After R, others may have led and the Lease been deleted under them.
  return found?.creates && elapsedMs(found.sent, now) >= s.policy.claimMs(s.settings) ? undefined : found;
}

/** S3: a request of a claim does not outlive it; any other ends after `requestMs`. */
export function deadlineOf({ s, now }: Turn, renewed: { monoMs: number; bootMs: number } | null): number {
  const left = renewed === null ? s.policy.claimMs(s.settings) : s.policy.claimMs(s.settings) - elapsedMs(renewed, now);
  return now.monoMs + Math.min(s.settings.requestMs, left);
}

export function sendGet(turn: Turn, deadlineMs: number): void {
  const { namespace, name } = turn.s.settings;
  send(turn, 'look', { verb: 'get', ref: { namespace, name } }, deadlineMs);
}

export function sendWrite(turn: Turn, purpose: Purpose, lease: LeaseObject, deadlineMs: number): void {
  const verb = purpose === 'create' || purpose === 'recreate' ? 'create' : 'replace';
  const attempt = writes.timesOf(lease);
  turn.s.attempts = [
    ...turn.s.attempts.slice(-MOST_ATTEMPTS),
    {
      id: turn.s.nextId,
      sent: turn.now,
      seenVersion: turn.s.sight.resourceVersion,
      creates: verb === 'create',
      overtaken: false,
      ...attempt,
    },
  ];
  send(turn, purpose, { verb, lease }, deadlineMs);
}

function send(turn: Turn, purpose: Purpose, request: Request, deadlineMs: number): void {
  const { s, effects, now } = turn;
  const id = s.nextId;
  s.nextId = id + 1;
  s.flight = { id, purpose, sent: now, seenVersion: s.sight.resourceVersion };
  effects.push({ type: 'send', id, purpose, request, deadlineMs });
}

/** The answer is no longer waited for; the request may arrive all the same. */
export function abandonFlight({ s, effects }: Turn): void {
  if (s.flight) effects.push({ type: 'abort', id: s.flight.id });
  s.flight = null;
}

export function tellOnce({ s, effects }: Turn, key: string, report: Report): void {
  if (s.told.includes(key)) return;
  s.told = [...s.told, key];
  effects.push({ type: 'report', report });
}

export function untell({ s }: Turn, prefix: string): void {
  if (s.told.some((key) => key.startsWith(prefix))) s.told = s.told.filter((key) => !key.startsWith(prefix));
}

export function setWatch({ s, effects }: Turn, on: boolean): void {
  if (on ? s.watch !== 'off' && s.watch !== 'refused' : s.watch === 'off') return;
  s.watch = on ? 'opening' : 'off';
  s.watchAtMs = null;
  effects.push({ type: 'watch', on });
}
