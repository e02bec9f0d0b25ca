/** How supervised work ended, as data; words and exit codes for it are chosen elsewhere. */
import { type ProcessEnd, shellCode } from './child.js';

export type Ending =
  /** By itself, or by a signal that was not ours. */
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals }
  /**
   * The claim was false, so it was ended, or never started. `by` says who noticed: `claim` (its signal was aborted, with
   * `reason`), `deadline` (the clocks said so first), `watchdog` (the supervisor did not run in time).
   * `end` is how the command went; absent when it never ran or could not be ended.
   */
  | {
      readonly kind: 'lost';
      readonly by: 'claim' | 'deadline' | 'watchdog';
      readonly reason: unknown;
      readonly end?: ProcessEnd;
    }
  /** No watchdog could be had, so it was ended, or never started. */
  | { readonly kind: 'unguarded'; readonly end?: ProcessEnd }
  | { readonly kind: 'not-found' | 'not-executable'; readonly command: string; readonly errno: string };

export type Outcome = Ending & {
  /** Nothing of the process group is left. Without that the Lease may not be released. */
  readonly deathConfirmed: boolean;
  /** The command ended by itself and left others in its group, which were ended after it. */
  readonly leftBehind: boolean;
};

/** Why work was ended, or not begun; `ended`: the command itself has ended. */
export type Cause = 'ended' | 'claim' | 'deadline' | 'watchdog' | 'unguarded';

export function endingOf(cause: Cause, end: ProcessEnd | undefined, claim: AbortSignal): Ending {
  if (cause === 'ended' && end) {
    return 'code' in end ? { kind: 'exited', code: end.code } : { kind: 'signalled', signal: end.signal };
  }
  if (cause === 'unguarded') return { kind: 'unguarded', ...(end && { end }) };
  const by = cause === 'claim' || cause === 'watchdog' ? cause : 'deadline';
  return { kind: 'lost', by, reason: claim.aborted ? claim.reason : undefined, ...(end && { end }) };
}

/** The code by which a shell reports such an end; undefined where the caller has one of its own (a lost Lease). */
export function exitCodeOf(ending: Ending): number | undefined {
  switch (ending.kind) {
    case 'exited':
      return shellCode({ code: ending.code });
    case 'signalled':
      return shellCode({ signal: ending.signal });
    case 'not-found':
      return 127;
    case 'not-executable':
      return 126;
    default:
      return undefined;
  }
}

/** `--restart`: whether the work is started again when the Lease is held again. What ended by itself is not. */
export function startsAgain(outcome: Outcome): boolean {
  return outcome.kind === 'lost' && outcome.deathConfirmed;
}
