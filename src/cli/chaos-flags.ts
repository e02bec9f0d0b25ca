/** Flags that the chaos verbs share, and what they come to. */
import { boolean as booleanFlag, string as stringFlag } from '@oclif/core/flags';
import type { GivenTiming } from '../operations/wait/plan-wait.js';
import { durationFlag } from './duration.js';
import { UsageError } from './errors.js';
import { connectionFlags, outputFlag } from './flags.js';

/** Of every verb that may write to a Lease as an operator, undo included. */
export const operatorFlags = {
  yes: booleanFlag({ char: 'y', summary: 'do not ask' }),
  output: outputFlag(['text', 'json', 'yaml']),
  ...connectionFlags,
  // What became of a request whose answer was lost is sought for so long at most.
  'request-timeout': stringFlag({
    summary: 'give a request up after this long, such as 5s',
    helpValue: 'DURATION',
    default: '10s',
    helpGroup: 'CLUSTER',
  }),
};

export const chaosFlags = {
  ...operatorFlags,
  'dry-run': booleanFlag({ summary: 'say what would be done, and write nothing' }),
  'expect-holder': stringFlag({ summary: 'refuse if somebody else holds it', helpValue: 'ID' }),
  'allow-non-election': booleanFlag({ summary: 'also on heartbeats of nodes and identities of API servers' }),
  'no-journal': booleanFlag({ summary: 'write no journal here; undo then needs the ID' }),
};

/** For a verb that takes the Lease from its holder: what an operator may know of that one's settings, and who comes next. */
export const takingFlags = {
  wait: stringFlag({
    summary: 'how long to watch for the next leader; default 2 × leaseDuration + 5s',
    helpValue: 'DURATION',
  }),
  by: stringFlag({ summary: 'your name, for those who read the Lease meanwhile', helpValue: 'TEXT' }),
  'renew-deadline': stringFlag({
    summary: "the holder's renewDeadline, for a shorter stop wait",
    helpValue: 'DURATION',
  }),
  'retry-period': stringFlag({
    summary: "the holder's retryPeriod; goes with --renew-deadline",
    helpValue: 'DURATION',
  }),
  'answer-delay': stringFlag({
    summary: 'how late answers to the holder may be, with those two',
    helpValue: 'DURATION',
  }),
};

interface GuardFlags {
  'expect-holder'?: string | undefined;
  'allow-non-election': boolean;
}

interface TakingFlags extends GuardFlags {
  wait?: string | undefined;
  by?: string | undefined;
  'renew-deadline'?: string | undefined;
  'retry-period'?: string | undefined;
  'answer-delay'?: string | undefined;
}

/** What every chaos verb's request has of these flags. */
export const guardRequest = (flags: GuardFlags) => ({
  expectHolder: flags['expect-holder'],
  allowNonElection: flags['allow-non-election'],
});

/** The same for release and steal. Throws UsageError. */
export const takingRequest = (flags: TakingFlags) => ({
  ...guardRequest(flags),
  given: givenTiming(flags),
  waitMs: flags.wait === undefined ? null : durationFlag('wait', flags.wait),
  by: byText(flags.by),
});

function givenTiming(flags: TakingFlags): GivenTiming | null {
  const [deadline, retry, delay] = [flags['renew-deadline'], flags['retry-period'], flags['answer-delay']];
  if (deadline === undefined && retry === undefined && delay === undefined) return null;
  if (deadline === undefined || retry === undefined) {
    throw new UsageError('--renew-deadline and --retry-period go together', [
      'for example --renew-deadline 10s --retry-period 2s',
    ]);
  }
  return {
    renewDeadlineMs: durationFlag('renew-deadline', deadline, 1),
    retryPeriodMs: durationFlag('retry-period', retry, 1),
    ...(delay === undefined ? {} : { answerDelayMs: durationFlag('answer-delay', delay) }),
  };
}

/** leaseDurationSeconds as it can stand in a Lease. */
export function wholeSeconds(flag: string, text: string): number {
  const ms = durationFlag(flag, text, 1_000);
  if (ms % 1_000 !== 0 || ms > (2 ** 31 - 1) * 1_000) {
    throw new UsageError(`--${flag}: ${JSON.stringify(text)} is no whole number of seconds`, [
      'a Lease stores whole seconds',
    ]);
  }
  return ms / 1_000;
}

/** Names that only kle's own operations have. */
export function refuseKleIdentity(flag: string, identity: string | undefined): void {
  if (identity === '') throw new UsageError(`--${flag}: an identity is not empty`);
  if (!identity?.startsWith('kle/')) return;
  throw new UsageError(`--${flag}: identities that begin with kle/ are those of kle's own operations`, [
    'choose another',
  ]);
}

const MOST_BY = 200;

function byText(text: string | undefined): string {
  if ((text?.length ?? 0) > MOST_BY) throw new UsageError(`--by: at most ${MOST_BY} characters`);
  return text ?? '';
}
