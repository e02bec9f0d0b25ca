/** Options -> what an elector needs, or an OptionError that names the option and the rule. */
import { parseDuration } from '../cli/duration.js';
import { DEFAULT_DURATIONS, type DurationName, type Durations, refusals, type TimingRefusal } from '../lease/timing.js';
import { randomText } from '../platform/random.js';
import { OptionError } from './errors.js';
import type { Duration, LeaderElectionOptions } from './types.js';

export interface Checked {
  name: string;
  /** Undefined: the connection's. */
  namespace: string | undefined;
  identity: string;
  identityMadeUp: boolean;
  durations: Durations;
  observeTimeoutMs: number | undefined;
  releaseOnStop: boolean;
}

const NAMES: Record<DurationName, string> = {
  leaseDurationMs: 'leaseDuration',
  renewDeadlineMs: 'renewDeadline',
  retryPeriodMs: 'retryPeriod',
  drainMs: 'drainTimeout',
};
/** RFC 1123: a DNS subdomain for the Lease, a label for its namespace (apimachinery `validation.go`). */
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`);
const LABEL_NAME = new RegExp(`^(?=.{1,63}$)${LABEL}$`);

/** `podName`, `hostName`: for an identity that is made up. */
export function checkOptions(given: LeaderElectionOptions, podName: string | undefined, hostName: string): Checked {
  if (typeof given !== 'object' || given === null) {
    throw new OptionError('options', 'missing', 'LeaderElection needs options: at least { name }');
  }
  if (given.api !== undefined && given.kubeConfig !== undefined) {
    throw new OptionError('api', 'contradiction', 'api and kubeConfig: give one of them');
  }
  if (given.name === undefined) throw new OptionError('name', 'missing', 'name: the name of the Lease is missing');
  const durations = durationsOf(given);
  const [refused] = refusals(durations);
  if (refused) throw timingError(refused);
  const observeTimeoutMs = durationOf(given, 'observeTimeout');
  if (observeTimeoutMs !== undefined && !(observeTimeoutMs > 0)) {
    throw new OptionError('observeTimeout', 'duration-not-positive', 'observeTimeout: must be longer than 0');
  }
  return {
    name: nameOf('name', given.name, SUBDOMAIN_NAME),
    namespace: given.namespace === undefined ? undefined : nameOf('namespace', given.namespace, LABEL_NAME),
    ...identityOf(given.identity, podName || hostName),
    durations,
    observeTimeoutMs,
    releaseOnStop: flag('releaseOnStop', given.releaseOnStop ?? true),
  };
}

function durationsOf(given: LeaderElectionOptions): Durations {
  const drainMs = durationOf(given, 'drainTimeout');
  return {
    leaseDurationMs: durationOf(given, 'leaseDuration') ?? DEFAULT_DURATIONS.leaseDurationMs,
    renewDeadlineMs: durationOf(given, 'renewDeadline') ?? DEFAULT_DURATIONS.renewDeadlineMs,
    retryPeriodMs: durationOf(given, 'retryPeriod') ?? DEFAULT_DURATIONS.retryPeriodMs,
    ...(drainMs === undefined ? {} : { drainMs }),
  };
}

type DurationOption = 'leaseDuration' | 'renewDeadline' | 'retryPeriod' | 'drainTimeout' | 'observeTimeout';

function durationOf(given: LeaderElectionOptions, option: DurationOption): number | undefined {
  const value: Duration | undefined = given[option];
  if (value === undefined) return undefined;
  if (typeof value === 'number') return value;
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms !== undefined) return ms;
  const hint = 'give milliseconds as a number, or a text such as "15s" or "250ms"';
  throw new OptionError(option, 'not-a-duration', `${option}: ${JSON.stringify(value)} is no duration: ${hint}`);
}

function timingError(refusal: TimingRefusal): OptionError {
  const { code } = refusal;
  switch (code) {
    case 'duration-not-positive': {
      const option = NAMES[refusal.duration];
      const rule = refusal.duration === 'drainMs' ? 'must be 0 or longer' : 'must be longer than 0';
      return new OptionError(option, code, `${option}: ${rule}, and is ${refusal.ms} ms`);
    }
    case 'lease-duration-not-whole-seconds': {
      const why = 'a Lease stores whole seconds';
      return new OptionError('leaseDuration', code, `leaseDuration: ${seconds(refusal.leaseDurationMs)}, and ${why}`);
    }
    case 'lease-duration-too-long':
      return new OptionError('leaseDuration', code, `leaseDuration: must be at most ${seconds(refusal.longestMs)}`);
    case 'retry-not-below-deadline': {
      const values = `retryPeriod is ${seconds(refusal.retryPeriodMs)}, renewDeadline ${seconds(refusal.renewDeadlineMs)}`;
      return new OptionError('retryPeriod', code, `retryPeriod must be shorter than renewDeadline: ${values}`);
    }
    case 'stops-after-lease': {
      const rule = 'renewDeadline + drainTimeout + 0.25s must be at most leaseDuration';
      const values = `${seconds(refusal.stopMs)} is more than ${seconds(refusal.leaseDurationMs)}`;
      return new OptionError('renewDeadline', code, `${rule}, or work could outlive the Lease: ${values}`);
    }
  }
}

const seconds = (ms: number) => `${Number((ms / 1000).toFixed(3))}s`;

function nameOf(option: string, value: unknown, pattern: RegExp): string {
  if (typeof value === 'string' && pattern.test(value)) return value;
  const rule = 'lower-case letters, digits and "-", beginning and ending with a letter or digit';
  throw new OptionError(
    option,
    'not-a-name',
    `${option}: ${JSON.stringify(value)} is no name Kubernetes takes (${rule})`,
  );
}

function identityOf(given: unknown, base: string): { identity: string; identityMadeUp: boolean } {
  if (given === undefined) return { identity: `${base}_${randomText(10)}`, identityMadeUp: true };
  if (typeof given !== 'string' || given.trim() === '') {
    const message = 'identity: must be a text that is not empty; leave it out for one that is made up';
    throw new OptionError('identity', 'wrong-type', message);
  }
  if (given.startsWith('kle/')) {
    const message = 'identity: kle/… is what kle itself holds a Lease by while it moves a leader';
    throw new OptionError('identity', 'reserved', message);
  }
  return { identity: given, identityMadeUp: false };
}

function flag(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new OptionError(option, 'wrong-type', `${option}: must be true or false`);
}
