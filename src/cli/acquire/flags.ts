/** The flags of `kle acquire`, and the request that they come to. */
import { boolean as booleanFlag, integer as integerFlag, string as stringFlag } from '@oclif/core/flags';
import { DEFAULT_DURATIONS, type Durations, refusals, type TimingWarning, warnings } from '../../lease/timing.js';
import { randomText } from '../../platform/random.js';
import { READY_WHEN, type ReadyWhen } from '../../supervise/metrics.js';
import { type ProbeAddress, parseProbeAddress } from '../../supervise/probe-address.js';
import { refusalText } from '../../view/text/timing.js';
import { durationFlag } from '../duration.js';
import { UsageError } from '../errors.js';
import { connectionFlags, outputFlag } from '../flags.js';

const TIMING = 'TIMING';

export const acquireFlags = {
  identity: stringFlag({ summary: 'who we are; default: POD_NAME or the host, _, random', helpValue: 'ID' }),
  once: booleanFlag({
    summary: 'renew our own Lease or take a free or expired one, once, and say so (needs --identity)',
  }),
  output: outputFlag(['text', 'json', 'yaml']),
  timeout: stringFlag({
    summary: 'give up when not acquired within this long; 0s looks once, and takes no expired Lease',
    helpValue: 'DURATION',
  }),
  'timeout-exit-code': integerFlag({
    summary: 'exit code when given up',
    default: 124,
    min: 0,
    max: 255,
    helpValue: 'N',
  }),
  'lost-exit-code': integerFlag({
    char: 'E',
    summary: 'exit code when the Lease is lost under CMD',
    default: 75,
    min: 0,
    max: 255,
    helpValue: 'N',
  }),
  restart: booleanFlag({ summary: 'when the Lease is lost, compete again and start CMD again' }),
  'no-release': booleanFlag({ summary: 'leave the Lease to expire at the end instead of freeing it' }),
  'leader-elect': booleanFlag({ summary: 'off: run CMD at once, without any Lease', default: true, allowNo: true }),
  events: booleanFlag({ summary: 'record core Events "became leader" and "stopped leading"' }),
  http: stringFlag({
    summary: 'serve /livez /readyz /leader /metrics, such as :8080 or 127.0.0.1:8080',
    helpValue: 'ADDR',
  }),
  'ready-when': stringFlag({
    summary: `when /readyz says yes: ${READY_WHEN.join(', ')}`,
    options: [...READY_WHEN],
    default: 'candidate',
    helpValue: 'WHEN',
  }),
  'lease-duration': stringFlag({
    summary: 'how long others leave a silent Lease alone',
    default: '15s',
    helpValue: 'DURATION',
    helpGroup: TIMING,
  }),
  'renew-deadline': stringFlag({
    summary: 'how long to lead without a successful renewal',
    default: '10s',
    helpValue: 'DURATION',
    helpGroup: TIMING,
  }),
  'retry-period': stringFlag({
    summary: 'how often to renew',
    default: '2s',
    helpValue: 'DURATION',
    helpGroup: TIMING,
  }),
  'drain-timeout': stringFlag({
    summary: 'how long CMD may take to end after TERM; default: half of what the lease duration leaves',
    helpValue: 'DURATION',
    helpGroup: TIMING,
  }),
  ...connectionFlags,
};

export interface AcquireFlags {
  identity?: string | undefined;
  once: boolean;
  output: 'text' | 'json' | 'yaml';
  timeout?: string | undefined;
  'timeout-exit-code': number;
  'lost-exit-code': number;
  restart: boolean;
  'no-release': boolean;
  'leader-elect': boolean;
  events: boolean;
  http?: string | undefined;
  'ready-when': string;
  'lease-duration': string;
  'renew-deadline': string;
  'retry-period': string;
  'drain-timeout'?: string | undefined;
}

export interface AcquireRequest {
  identity: string;
  identityMadeUp: boolean;
  durations: Durations;
  warnings: TimingWarning[];
  releaseOnStop: boolean;
  timeoutMs: number | undefined;
  timeoutExitCode: number;
  lostExitCode: number;
  restart: boolean;
  events: boolean;
  http: ProbeAddress | undefined;
  readyWhen: ReadyWhen;
}

/** Throws UsageError for whatever cannot be: the rule that is broken is named. */
export function acquireRequest(flags: AcquireFlags, env: NodeJS.ProcessEnv, hostname: string): AcquireRequest {
  const durations = durationsOf(flags);
  const [refused] = refusals(durations);
  if (refused) throw new UsageError(refusalText(refused), ['the defaults are 15s, 10s and 2s']);
  return {
    ...identityOf(flags.identity, env, hostname),
    durations,
    warnings: warnings(durations),
    releaseOnStop: !flags['no-release'],
    timeoutMs: flags.timeout === undefined ? undefined : durationFlag('timeout', flags.timeout),
    timeoutExitCode: flags['timeout-exit-code'],
    lostExitCode: flags['lost-exit-code'],
    restart: flags.restart,
    events: flags.events,
    http: flags.http === undefined ? undefined : addressOf(flags.http),
    readyWhen: flags['ready-when'] as ReadyWhen,
  };
}

function durationsOf(flags: AcquireFlags): Durations {
  return {
    ...DEFAULT_DURATIONS,
    leaseDurationMs: durationFlag('lease-duration', flags['lease-duration']),
    renewDeadlineMs: durationFlag('renew-deadline', flags['renew-deadline']),
    retryPeriodMs: durationFlag('retry-period', flags['retry-period']),
    ...(flags['drain-timeout'] === undefined ? {} : { drainMs: durationFlag('drain-timeout', flags['drain-timeout']) }),
  };
}

function identityOf(given: string | undefined, env: NodeJS.ProcessEnv, hostname: string) {
  if (given === undefined) {
    return { identity: `${env.POD_NAME || hostname}_${randomText(10)}`, identityMadeUp: true };
  }
  if (given.trim() === '') throw new UsageError('--identity: it is empty', ['leave it out for one that is made up']);
  if (given.startsWith('kle/')) {
    throw new UsageError('--identity: kle/… is what kle itself holds a Lease by while it moves a leader', [
      'choose another',
    ]);
  }
  return { identity: given, identityMadeUp: false };
}

function addressOf(text: string): ProbeAddress {
  const address = parseProbeAddress(text);
  if (address) return address;
  throw new UsageError(`--http: ${JSON.stringify(text)} is no address`, ['write :8080, 127.0.0.1:8080 or [::1]:8080']);
}
