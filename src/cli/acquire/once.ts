/** `--once`: renew our own Lease, take a free one, or wait out an expired one, and say until when it is ours. */
import type { Tried } from '../../elector/once.js';
import { formatMicroTime, MICROS_PER_MS } from '../../lease/micro-time.js';
import { sleep } from '../../platform/clock.js';
import { sharedClock } from '../../platform/shared-clock.js';
import { jsonText } from '../../view/json.js';
import { watchingText } from '../../view/text/acquire.js';
import type { Cluster, Context } from '../context.js';
import { CallFailed } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { Candidate } from './candidate.js';
import type { AcquireRequest } from './flags.js';
import type { Waiting } from './stop-waiting.js';

/** One item of `kle acquire --once -o json`. */
interface AcquireResult {
  apiVersion: 'kle/v1alpha1';
  kind: 'AcquireResult';
  lease: { namespace: string; name: string };
  identity: string;
  outcome: 'acquired' | 'renewed' | 'held';
  /** Who holds it, when it is not ours. */
  holder: string | null;
  /** The fencing token; null when not ours. */
  token: string | null;
  /** By the server's clock, RFC 3339; null when not ours. */
  validUntil: string | null;
  remainingMs: number | null;
}

export interface Once {
  candidate: Candidate;
  cluster: Cluster;
  context: Context;
  request: AcquireRequest;
  output: 'text' | 'json' | 'yaml';
  waiting: Waiting;
}

/** 0: it is ours. 1: somebody else leads. */
export async function acquireOnce(once: Once): Promise<number> {
  const { candidate, waiting, request, context } = once;
  const { settings } = candidate;
  let holderSeen: string | null | undefined;
  for (;;) {
    const tried = await candidate.election.tryAcquireOrRenew({ signal: waiting.signal, ownIsOurs: true });
    if (waiting.signal.aborted) throw waiting.signal.reason;
    if (tried.outcome === 'failed') throw new CallFailed(tried.failure);
    if (tried.outcome === 'acquired' || tried.outcome === 'renewed') return show(once, tried);
    if (tried.outcome === 'held') {
      // Another wait means that it was renewed meanwhile: it is alive, and it is not ours.
      if (request.timeoutMs === 0 || (holderSeen !== undefined && tried.takeableInMs > 0)) return show(once, tried);
      holderSeen = tried.holder;
      context.say(watchingText(`${settings.namespace}/${settings.name}`, tried.holder, tried.takeableInMs));
      await sleep(sharedClock, tried.takeableInMs, waiting.signal);
    }
  }
}

async function show({ candidate, cluster, context, output }: Once, tried: Tried): Promise<number> {
  const { namespace, name, identity } = candidate.settings;
  const ours = tried.outcome === 'acquired' || tried.outcome === 'renewed';
  const server = cluster.leases.serverTime();
  const now = server ? server.earliest : context.clock.wallMicros();
  const remainingMs = ours ? Math.max(0, Math.floor(tried.remainingMs)) : null;
  const result: AcquireResult = {
    apiVersion: 'kle/v1alpha1',
    kind: 'AcquireResult',
    lease: { namespace, name },
    identity,
    outcome: ours ? tried.outcome : 'held',
    holder: ours ? identity : tried.outcome === 'held' ? tried.holder : null,
    token: ours ? tried.term.token : null,
    validUntil: remainingMs === null ? null : formatMicroTime(now + BigInt(remainingMs) * MICROS_PER_MS),
    remainingMs,
  };
  context.io.stdout.write(await textOf(result, output));
  return ours ? EXIT.ok : EXIT.no;
}

async function textOf(result: AcquireResult, output: Once['output']): Promise<string> {
  if (output === 'json') return jsonText(result);
  if (output === 'yaml') return (await import('../../view/yaml.js')).yamlText(result);
  const what = `${result.lease.namespace}/${result.lease.name}`;
  if (result.outcome === 'held') return `${what} is held by ${result.holder ?? 'somebody else'}\n`;
  return `${result.outcome} ${what} as ${result.identity} (token ${result.token})\nvalidUntil: ${result.validUntil}\n`;
}
