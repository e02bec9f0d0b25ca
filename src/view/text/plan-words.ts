/** Codes of plans and refusals into words: the chaos verbs' own sentences, beside view/messages.ts. */
import type { Assumption, PlanStep, PlanWarning, Refusal, WaitReason } from '../../operations/chaos/plan.js';
import { safe } from '../safe.js';

/** `12s`, `1m30s`, `0.4s`: as a Go duration reads, never more exact than it is. */
export function seconds(ms: number): string {
  if (ms < 0) return `-${seconds(-ms)}`;
  if (ms < 10_000) return `${Number((ms / 1000).toFixed(1))}s`;
  const whole = Math.round(ms / 1000);
  if (whole < 120) return `${whole}s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes < 60) return rest === 0 ? `${minutes}m` : `${minutes}m${rest}s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
}

/** In quotes, so that a holder's name is told from the sentence. */
export const named = (text: string) => JSON.stringify(safe(text));

export function planStepText(step: PlanStep): string {
  switch (step.step) {
    case 'fence':
      return `fence: hold the Lease as ${step.holder}, so that nobody leads (duration ${step.leaseDurationSeconds}s, renewed every ${seconds(step.renewEveryMs)})`;
    case 'take':
      return `take the Lease as ${named(step.holder)} (duration ${step.leaseDurationSeconds}s, renewed every ${seconds(step.renewEveryMs)})`;
    case 'stop-wait': {
      const sooner = !step.shortenedByNotice
        ? ''
        : step.shortenedByPod
          ? ', sooner if it says so itself or its Pod is seen to end'
          : ', sooner if it says so itself';
      const silent = step.silentMs === 0 ? '' : `, less ${seconds(step.silentMs)} of silence`;
      return `stop wait: ${seconds(step.forMs)} until the holder must have stopped (${waitReasonText(step.because)}${silent})${sooner}`;
    }
    case 'hold':
      return step.forMs === null
        ? 'hold it until Ctrl-C'
        : `hold it for ${seconds(Math.max(step.forMs, step.atLeastMs))}${step.forMs < step.atLeastMs ? ` (not ${seconds(step.forMs)}: the stop wait is longer)` : ''}`;
    case 'free':
      return 'free it: holder "", for whoever comes first';
    case 'leave':
      return 'leave it as it is: it expires by itself';
    case 'hand-over':
      return `hand it to ${named(step.to)} and watch until that one renews it; taken back after ${seconds(step.takeBackAfterMs)} without that`;
    case 'clear':
      return 'clear the holder under the live leader';
    case 'evict':
      return `evict Pod ${step.pod} (disruption budgets are respected)`;
    case 'prefer':
      return `write preferredHolder ${named(step.to)}, and read back that the server kept it`;
    case 'shift-time': {
      const by = `renewTime by ${step.byMs > 0 ? '+' : ''}${seconds(step.byMs)}`;
      return step.follow
        ? `shift ${by} after each renewal, for ${seconds(step.forMs)}`
        : `shift ${by} once, after the next renewal`;
    }
    case 'shift-duration': {
      const to = `leaseDurationSeconds to ${step.leaseDurationSeconds}`;
      return step.follow
        ? `write ${to} after each renewal, for ${seconds(step.forMs)}`
        : `write ${to} once, after the next renewal`;
    }
    case 'put-back':
      return 'put back what the holder wrote last, unless it has renewed since';
    case 'verify':
      return `watch for the next leader's own write, for ${seconds(step.forMs)}`;
  }
}

export function waitReasonText(why: WaitReason): string {
  switch (why.code) {
    case 'lease-and-two-periods':
      return `leaseDuration ${seconds(why.leaseDurationMs)} + 2 × renew period ${seconds(why.renewPeriodMs)}`;
    case 'given-deadline':
      return `retryPeriod ${seconds(why.retryPeriodMs)} + renewDeadline ${seconds(why.renewDeadlineMs)} + late answers ${seconds(why.answerDelayMs)}`;
    case 'nobody-to-stop':
      return 'nobody holds it';
  }
}

export function assumptionText(assumption: Assumption): string {
  switch (assumption.code) {
    case 'deadline-below-duration':
      return `its renewDeadline is less than its leaseDuration (${seconds(assumption.leaseDurationMs)})`;
    case 'answers-within':
      return assumption.ms === null
        ? 'answers of the API to it are late by no more than leaseDuration less renewDeadline'
        : `answers of the API to it are late by no more than ${seconds(assumption.ms)}`;
    case 'work-ends-with-elector':
      return assumption.ms === null
        ? 'its work ends when its elector gives up, or at most leaseDuration less renewDeadline later'
        : `its work ends at most ${seconds(assumption.ms)} after its elector gives up`;
    case 'not-paused':
      return 'it is not paused meanwhile (SIGSTOP, a frozen VM)';
    case 'notice-is-honest':
      return 'whoever may update the Lease does not lie about having stopped';
    case 'reaches-the-api':
      return `it reaches the API: ${assumption.family} has no deadline of its own and writes without compare-and-swap`;
    case 'writers-compare-and-swap':
      return 'everybody who writes this Lease does so by compare-and-swap';
    case 'releases-after-its-work':
      return 'it gives the Lease up only after its work has ended';
    case 'work-begins-with-own-write':
      return "the next leader's work begins with its own first write";
  }
}

export function warningText(warning: PlanWarning): string {
  switch (warning.code) {
    case 'right-missing':
      return `you may not ${warning.verb} ${warning.resource} in ${warning.namespace}: the server will refuse this`;
    case 'coordinator-decides':
      return 'the holder gives way to a wish, but the coordinator elects by its strategy: it may elect the same one again';
    case 'no-other-candidate':
      return 'no other candidate is in sight: the Lease may stay free, or come back';
    case 'candidates-unknown':
      return 'whether there are other candidates cannot be told from here';
    case 'ignores-empty-holder':
      return warning.waitMs === null
        ? `${warning.family} does not notice an empty holder: name a candidate with --to`
        : `${warning.family} waits another ${seconds(warning.waitMs)} for an empty holder: --to is faster`;
    case 'no-compare-and-swap':
      return `${warning.family} writes without compare-and-swap: it can overwrite anybody, and two of its candidates can take a free Lease at once`;
    case 'old-leader-contends':
      return `a fenced ${warning.family} leader goes on as a candidate and may be the first to take it again: name another with --to`;
    case 'family-unknown':
      return 'which elector this is cannot be told: the prediction is that of the slowest usual one';
    case 'duration-below-stop-wait':
      return `if kle is killed, a standby may take the Lease after ${seconds(warning.durationMs)}, before the holder must have stopped (${seconds(warning.stopWaitMs)})`;
    case 'overlap-allowed':
      return `two leaders for up to ${seconds(warning.ms)}: it is freed before the holder must have stopped`;
    case 'kill-unsafe-own-duration':
      return `${warning.family} goes by its own leaseDuration: if kle is killed, that is safe only where renewDeadline + retryPeriod ≤ leaseDuration`;
  }
}

export interface RefusalWords {
  message: string;
  tries: readonly string[];
}

export function refusalText(refusal: Refusal): RefusalWords {
  switch (refusal.code) {
    case 'not-an-election':
      return {
        message: `this Lease is no election but ${refusal.role === 'node-heartbeat' ? "a node's heartbeat" : "an API server's identity"}`,
        tries: ['to do it all the same, add --allow-non-election'],
      };
    case 'coordinated':
      return {
        message: 'this is a coordinated election: its controller would elect the same candidate again',
        tries: ['`kle release --via prefer --to CANDIDATE`'],
      };
    case 'not-coordinated':
      return {
        message: 'this is no coordinated election (spec.strategy is not set)',
        tries: ['leave out --via prefer'],
      };
    case 'other-holder':
      return {
        message: `the holder is ${named(refusal.holder ?? '')}, not ${named(refusal.expected)} as expected`,
        tries: ['`kle status` says who leads'],
      };
    case 'held-by-operation':
      return {
        message: `operation ${refusal.id} of kle is under way on this Lease`,
        tries: ['wait for it to end', `if its process is gone: \`kle undo ${refusal.id}\``],
      };
    case 'to-is-incumbent':
      return {
        message: `${named(refusal.to)} holds it already: handed to itself, nobody would lead for some seconds`,
        tries: ['name another candidate'],
      };
    case 'malformed':
      return {
        message: `spec.${refusal.what} cannot be used`,
        tries: ['`kle status -o wide` says what is wrong with it'],
      };
    case 'server-clock-unknown':
      return {
        message:
          refusal.uncertainMs === null
            ? "the server's clock is not known, since its answers have no Date"
            : `the server's clock is known only to ${seconds(refusal.uncertainMs)}`,
        tries: ['times written by a wrong clock would fool standbys: try again on a faster connection'],
      };
    case 'journal-unwritable':
      return {
        message: `the journal for \`kle undo\` cannot be written: ${refusal.problem}`,
        tries: ['set XDG_STATE_HOME to a folder of yours', 'or --no-journal: undo then needs the ID'],
      };
    case 'pod-not-unique':
      return {
        message:
          refusal.matches === 0
            ? "the holder's Pod cannot be told: none in this namespace has its name, runs outside the host's network and started before it"
            : `${refusal.matches} Pods could be the holder's`,
        tries: ['release it by fence: leave out --via evict'],
      };
    case 'pod-not-evictable':
      return {
        message: `Pod ${safe(refusal.pod)} ${refusal.why === 'mirror' ? 'is a static Pod, which the API cannot evict' : refusal.why === 'deleting' ? 'is being deleted already' : 'is not running'}`,
        tries: ['release it by fence: leave out --via evict'],
      };
    case 'budget-forbids':
      return {
        message: `Pod ${safe(refusal.pod)} may not be evicted now: ${refusal.message}`,
        tries: ['try again later'],
      };
    case 'not-expired':
      return { message: 'it is held and renewed', tries: ['leave out --only-expired to take it all the same'] };
    case 'changed-meanwhile':
      return {
        message: refusal.holder
          ? `the Lease changed before anything was written; ${named(refusal.holder)} holds it`
          : 'the Lease changed before anything was written; nobody holds it',
        tries: ['look again with `kle status`'],
      };
    case 'preference-dropped':
      return {
        message: 'the server dropped preferredHolder: coordinated leader election is off there',
        tries: ['release it by fence: leave out --via prefer'],
      };
    case 'holder-late':
      return {
        message: 'nobody renews this Lease: a shift now would only delay the next leader',
        tries: ['`kle status --observe 20s` shows whether it is held'],
      };
    case 'identity-too-long':
      return { message: 'the holder is too long a name to be remembered in the mark of 8 KiB', tries: [] };
    case 'not-held-by':
      return {
        message: `${named(refusal.identity)} does not hold it; ${refusal.holder ? `${named(refusal.holder)} does` : 'nobody does'}`,
        tries: [],
      };
    case 'time-out-of-range':
      return { message: 'the shifted time would leave the years 1 to 9999, or there is no renewTime', tries: [] };
    case 'consent-refused':
      return { message: 'not confirmed, so nothing was done', tries: [] };
  }
}
