/** CMD while leading: claim, work, Lease end in this order (S4). */
import type { LostReason } from '../../elector/protocol.js';
import { NotLeader, type Term } from '../../elector/term.js';
import { sharedClock } from '../../platform/shared-clock.js';
import { watchdogScript } from '../../platform/watchdog-script.js';
import { exitCodeOf, type Outcome, startsAgain } from '../../supervise/outcome.js';
import { forwardSignals } from '../../supervise/signals.js';
import { supervise } from '../../supervise/supervisor.js';
import { lostText, releaseText } from '../../view/text/acquire.js';
import type { Context } from '../context.js';
import type { Candidate } from './candidate.js';
import { claimOf } from './claim.js';
import type { AcquireRequest } from './flags.js';
import type { Waiting } from './stop-waiting.js';

export interface Work {
  context: Context;
  candidate: Candidate;
  command: readonly string[];
  request: AcquireRequest;
  waiting: Waiting;
  /** Somebody else was named as the holder, so that it must be said when that is no longer so. */
  toldOther: () => boolean;
}

/** Resolves with the exit code: CMD's own, or that of a lost Lease. Rejects when it was not acquired. */
export async function runWhileLeading(work: Work): Promise<number> {
  const { candidate, waiting, context, request } = work;
  for (;;) {
    const term = await candidate.acquire(waiting.signal);
    waiting.over();
    if (work.toldOther()) context.say(`leading as ${candidate.settings.identity} (token ${term.token})`);
    const outcome = await runTerm(work, term);
    if (outcome.deathConfirmed) {
      term.workStopped();
      await sayEnd(work, outcome, term);
    } else {
      context.say('some of the command is still alive after KILL, so the Lease is not freed; it expires');
    }
    if (!(request.restart && startsAgain(outcome))) return exitCodeOf(outcome) ?? request.lostExitCode;
    context.say('competing again');
  }
}

async function runTerm({ context, candidate, command }: Work, term: Term): Promise<Outcome> {
  const supervision = supervise({
    clock: sharedClock,
    claim: claimOf(term, candidate.settings),
    command,
    env: { ...context.io.env, ...leaseVariables(candidate, term) },
    watchdogScript: watchdogScript(),
    onEvent: (event) => {
      if (event.type === 'started') candidate.count('starts');
      if (event.type === 'watchdog') candidate.count('watchdogRestarts', event.restarts);
    },
  });
  candidate.working = () => supervision.running;
  const undo = forwardSignals(supervision);
  // Not before: a signal that has come and was not told yet is lost when nobody listens for a moment.
  context.leaveSignals();
  try {
    return await supervision.outcome;
  } finally {
    undo();
  }
}

/** What CMD is told. The token is worth something only where the resource checks it (docs/acquire.md). */
export function leaseVariables({ settings }: Candidate, term: Term): NodeJS.ProcessEnv {
  return {
    KLE_LEASE: settings.name,
    KLE_NAMESPACE: settings.namespace,
    KLE_IDENTITY: settings.identity,
    KLE_LEASE_UID: term.uid,
    KLE_LEASE_TRANSITIONS: String(term.transitions),
    KLE_FENCING_TOKEN: term.token,
  };
}

async function sayEnd({ context }: Work, outcome: Outcome, term: Term): Promise<void> {
  const release = await term.ended;
  if (outcome.kind === 'lost') {
    context.say(
      `lost the Lease: ${lostText(reasonOf(outcome.reason))}; the command has ended; ${releaseText(release)}`,
    );
  } else if (outcome.kind === 'not-found' || outcome.kind === 'not-executable') {
    const problem = outcome.kind === 'not-found' ? 'there is no such command' : 'it cannot be run';
    context.say(`${outcome.command}: ${problem} (${outcome.errno})`);
  } else if (outcome.kind === 'unguarded') {
    context.say('no watchdog process could be kept, and without one the command may outlive the Lease: it was ended');
  } else if (release === 'unconfirmed') {
    context.say(releaseText(release));
  }
}

const reasonOf = (reason: unknown): LostReason | null => (reason instanceof NotLeader ? reason.reason : null);
