/** What can end a command early, and the one place where it becomes words and an exit code. */

import { ConnectError } from '../kube/http/connection.js';
import type { ApiFailure } from '../lease/api.js';
import { failureText } from '../view/messages.js';
import { EXIT, type ExitCode } from './exit-codes.js';

/** The command line cannot mean anything. `tries`: what to do instead, one line each. */
export class UsageError extends Error {
  readonly tries: readonly string[];
  constructor(message: string, tries: readonly string[] = []) {
    super(message);
    this.tries = tries;
  }
}

/** What was asked for would harm somebody. `tries`: what to do instead, one line each. */
export class Refused extends Error {
  readonly tries: readonly string[];
  constructor(message: string, tries: readonly string[] = []) {
    super(message);
    this.tries = tries;
  }
}

/** A call to the API server brought no result. */
export class CallFailed extends Error {
  readonly failure: ApiFailure;
  constructor(failure: ApiFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** A signal asked the process to end. */
export class Interrupted extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM';
  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

export interface Ending {
  code: ExitCode;
  /** Empty: nothing is said. */
  message: string;
  tries: readonly string[];
  /** Shown only for our own bugs. */
  stack?: string;
}

/** The words and the exit code of an error. */
export function endingOf(error: unknown): Ending {
  if (error instanceof UsageError) return { code: EXIT.usage, message: error.message, tries: error.tries };
  if (error instanceof Refused) return { code: EXIT.refused, message: error.message, tries: error.tries };
  if (error instanceof ConnectError) return { code: EXIT.cluster, message: error.message, tries: error.tries };
  if (error instanceof CallFailed) {
    const { message, tries } = failureText(error.failure);
    return { code: codeOfFailure(error.failure), message, tries };
  }
  if (error instanceof Interrupted) {
    return { code: error.signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated, message: '', tries: [] };
  }
  const bug = error instanceof Error ? error : new Error(String(error));
  return {
    code: EXIT.bug,
    message: `this is a bug in kle: ${bug.message}`,
    tries: ['please report it with the lines below'],
    ...(bug.stack ? { stack: bug.stack } : {}),
  };
}

function codeOfFailure(failure: ApiFailure): ExitCode {
  switch (failure.kind) {
    case 'conflict':
      return EXIT.refused;
    case 'aborted':
      return EXIT.interrupted;
    default:
      return EXIT.cluster;
  }
}
