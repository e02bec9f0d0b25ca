/** What kle's exit codes mean: one table, the same with every `-o`. Nothing else in kle names a number. */

export const EXIT = {
  /** Done, or the answer is yes. */
  ok: 0,
  /** The answer is no. */
  no: 1,
  /** Bad usage, unknown command, refused flag value. */
  usage: 2,
  /** Refused by a guard, or lost a race: the Lease is as others left it. */
  refused: 3,
  /** The cluster could not be asked. */
  cluster: 4,
  /** Done, but what happened could not be established. */
  unverified: 5,
  /** Something was left changed that kle could not put back. */
  leftChanged: 6,
  /** A bug of ours. */
  bug: 70,
  /** Interrupted (Ctrl-C), after putting things back. */
  interrupted: 130,
  /** Terminated (SIGTERM), after putting things back. */
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
