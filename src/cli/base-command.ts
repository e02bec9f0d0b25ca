/** What every verb is built on: oclif's Command for flags and help, and the context of this process. */
import { Command } from '@oclif/core/command';
import type { Context } from './context.js';
import { UsageError } from './errors.js';

/** A verb: `run` parses, calls one operation, shows its result and returns the exit code. It never exits itself. */
export abstract class KleCommand extends Command {
  /** How many words may stand before the CMD of a verb that runs one; undefined for the others. */
  static wordsBeforeCommand: number | undefined;

  context!: Context;
  /** The words after `--`; undefined when there was no `--`. */
  commandWords: string[] | undefined;

  /** An exit code of the table, or that of the command that was run in kle's place. */
  abstract override run(): Promise<number>;

  /** For verbs that take no CMD. */
  protected refuseCommandWords(): void {
    if (this.commandWords === undefined) return;
    throw new UsageError(`${this.ctor.id} runs no command, so nothing may follow --`, [
      'names of Leases go before --',
      '`kle acquire LEASE -- CMD` runs a command while leading',
    ]);
  }
}

/** A concrete verb's class: its flags, arguments and texts, and how to make one. */
export type KleCommandClass = Omit<typeof KleCommand, 'prototype'> &
  (new (
    ...args: ConstructorParameters<typeof Command>
  ) => KleCommand);
