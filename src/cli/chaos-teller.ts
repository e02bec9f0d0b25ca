/** What an operation under way tells on stderr, what a second Ctrl-C does to it, and where tests stop it. */
import type { Step } from '../operations/chaos/steps.js';
import { stopSelf } from '../platform/own-process.js';
import { seconds } from '../view/text/plan-words.js';
import { stepText } from '../view/text/step-words.js';
import type { Context } from './context.js';
import { EXIT } from './exit-codes.js';

/** Steps as they happen, one line each, and on a terminal how long the present wait still lasts. */
export class Teller {
  /** A request that changes the Lease has left: from now on something may be left changed. */
  begun = false;
  readonly #context: Context;
  readonly #line: { show(text: string): void; clear(): void };
  #lastStep = '';
  #cancel = () => {};

  constructor(context: Context) {
    this.#context = context;
    this.#line = context.talk.progress();
  }

  passing(text: string): void {
    this.#line.show(text);
  }

  readonly step = (step: Step): void => {
    this.#lastStep = step.step;
    this.#cancel();
    this.#line.clear();
    const at = step.at === null ? '' : `${step.at.slice(11, 23)}  `;
    this.#context.say(`${at}${stepText(step)}`);
    if (step.step === 'fenced' || step.step === 'taken-by-kle') this.#count(step.stopWaitMs);
  };

  readonly point = (point: string): void => {
    if (point.startsWith('put#')) this.begun = true;
    stopHere(point, this.#lastStep, this.#context);
  };

  end(): void {
    this.#cancel();
    this.#line.clear();
  }

  #count(totalMs: number): void {
    const { clock } = this.#context;
    const endMs = clock.monoMs() + totalMs;
    const tick = () => {
      const leftMs = endMs - clock.monoMs();
      if (leftMs <= 0) return this.#line.clear();
      this.#line.show(`stop wait: ${seconds(Math.ceil(leftMs / 1000) * 1000)} to go; Ctrl-C puts it back`);
      this.#cancel = clock.timer(Math.min(1_000, leftMs), tick);
    };
    tick();
  }
}

/**
 * For tests that kill or interrupt kle at a given step: `KLE_TEST_STOP_AT=put#1:sent` stops the process there (SIGSTOP),
 * after it has said so. Where the number depends on how long things took, `stop-wait-over+put:sent` is the first such
 * point after that step was told. `list` only says each point.
 */
function stopHere(point: string, lastStep: string, { io }: Context): void {
  const wanted = io.env.KLE_TEST_STOP_AT;
  if (wanted === undefined) return;
  const reached = wanted === point || wanted === `${lastStep}+${point.replace(/#\d+/, '')}`;
  if (reached || wanted === 'list') io.stderr.write(`kle: at ${reached ? wanted : point}\n`);
  if (reached) stopSelf();
}

/**
 * A second Ctrl-C ends at once: 6, since what is on the Lease is no longer known to be put back. `how`: words on what to do
 * then. Returns what takes the guard away again.
 */
export function guardSecondInterrupt(how: string, teller: Teller, { talk, say }: Context): () => void {
  return talk.onInsist(() => {
    if (!teller.begun) return;
    say(`left as it is; ${how}`);
    talk.endNow(EXIT.leftChanged);
  });
}
