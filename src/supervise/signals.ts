/** Signals that reach kle while work runs are the work's: it decides what they mean. */
import { onSignals, stopSelf } from '../platform/own-process.js';

export interface SignalTarget {
  signal(signal: NodeJS.Signals): void;
  /** Compares claim and clocks, and ends the work at once when its time has passed. */
  look(): void;
}

/** Passed on as they come. WINCH too: the work has no controlling terminal, so the kernel tells it nothing of its size. */
const PASSED_ON: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
];

/**
 * Passes signals of this process on to the work's whole group until the returned function is called.
 *
 * Ctrl-Z (TSTP) stops the work and then kle; continued in time both go on, else the watchdog ends the work at the deadline.
 * STOP cannot be seen: it leaves the work running until then. When kle is continued, the clocks are looked at before
 * anything goes on.
 */
export function forwardSignals(target: SignalTarget, onSignal?: (signal: NodeJS.Signals) => void): () => void {
  const undo = [
    onSignals(PASSED_ON, (signal) => {
      onSignal?.(signal);
      target.signal(signal);
    }),
    onSignals(['SIGTSTP'], () => {
      // TSTP itself would have no effect: the kernel does not apply it to a group that no shell looks after.
      target.signal('SIGSTOP');
      stopSelf();
    }),
    onSignals(['SIGCONT'], () => {
      target.look();
      target.signal('SIGCONT');
    }),
  ];
  return () => {
    for (const one of undo) one();
  };
}
