/** What the library throws, beside ConnectError. */
import type { ApiFailure } from '../lease/api.js';
import type { OptionRule } from './types.js';

export { NotLeader } from '../elector/term.js';

/** An option of `LeaderElection` cannot be. The message names the option, its value where that helps, and the rule. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly option: string;
  readonly rule: OptionRule;

  constructor(option: string, rule: OptionRule, message: string) {
    super(message);
    this.option = option;
    this.rule = rule;
  }
}

/** `acquire` gave up: nothing could be learned from the server for `observeTimeout`. */
export class ObserveTimeout extends Error {
  override readonly name = 'ObserveTimeout';
  /** The last thing that went wrong; null when there was no answer at all. */
  readonly failure: ApiFailure | null;

  constructor(afterMs: number, failure: ApiFailure | null) {
    const why = failure === null ? 'no answer came' : failure.message;
    super(`nothing could be learned from the server for ${afterMs / 1000}s: ${why}`);
    this.failure = failure;
  }
}
