/** What a chaos verb has done and seen, in words. */
import type { Step } from '../../operations/chaos/steps.js';
import { failureText } from '../messages.js';
import { safe } from '../safe.js';
import { named, seconds } from './plan-words.js';

/** One step, as it is told while it happens and in the result. */
export function stepText(step: Step): string {
  switch (step.step) {
    case 'measured':
      return `renews every ${seconds(step.renewPeriodMs)}${offsetText(step.offsetMs)}`;
    case 'fenced':
      return `fenced as ${step.holder}; at most ${seconds(step.stopWaitMs)} until the holder must have stopped`;
    case 'taken-by-kle':
      return `taken as ${named(step.holder)}${step.stopWaitMs > 0 ? `; the deposed holder may work for up to ${seconds(step.stopWaitMs)} more` : ''}`;
    case 'renewal-failed':
      return `could not renew it (still valid): ${failureText(step.failure).message}`;
    case 'stopped-notice':
      return 'the holder says that its work has ended';
    case 'pod-ended':
      return `Pod ${safe(step.pod)} ${step.how === 'evicted' ? 'is gone' : 'has ended its containers'}`;
    case 'stop-wait-over':
      return `the stop wait is over (${seconds(step.waitedMs)})`;
    case 'emptied-by-others':
      return 'somebody emptied the holder: fencing once more, and the wait starts anew';
    case 'freed':
      return 'freed';
    case 'left':
      return `left with holder ${named(step.holder)}`;
    case 'handed':
      return `handed to ${named(step.to)}, which has to renew it by itself`;
    case 'not-adopted':
      return `${named(step.to)} did not renew it: taking it back`;
    case 'put-back':
      return `put back: ${named(step.holder)} holds it again, if it still tries; else nobody leads until it expires`;
    case 'cleared':
      return 'cleared';
    case 'evicted':
      return `eviction of Pod ${safe(step.pod)} accepted`;
    case 'preferred':
      return `the server kept preferredHolder ${named(step.to)}`;
    case 'shifted':
      return `shifted ${step.from} to ${step.to}`;
    case 'unshifted':
      return `put back to ${step.to}`;
    case 'shift-undone-by-holder':
      return 'the holder renewed, which has undone the shift';
    case 'holder-late':
      return `the holder has not renewed for ${seconds(step.byMs)} more than its period: nothing is shifted any more`;
    case 'acquired':
      return `${named(step.holder)} leads${step.leaderlessMs === null ? '' : `, after ${seconds(step.leaderlessMs)} without a leader`}`;
    case 'changed-by-others':
      return step.holder
        ? `${named(step.holder)} holds it now: nothing more is written`
        : 'emptied by others: nothing more is written';
    case 'deleted':
      return 'the Lease was deleted: nothing more is written';
    case 'watch-down':
      return `the watch is down: ${failureText(step.failure).message}`;
    case 'incumbent-event':
      return `Event ${safe(step.reason)}: ${safe(step.message)} (which comes before its work has ended)`;
    case 'interrupted':
      return 'interrupted: putting it back';
  }
}

function offsetText(ms: number): string {
  if (Math.abs(ms) < 1_500) return '';
  return `; its clock is ${seconds(Math.abs(ms))} ${ms > 0 ? 'ahead of' : 'behind'} the server's`;
}
