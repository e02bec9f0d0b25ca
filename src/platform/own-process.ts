/** What this process does with itself: its signals, and its streams when it is a helper of another. */

/** Calls `fn` for each of the signals instead of what they would do; the returned function takes that back. */
export function onSignals(signals: readonly NodeJS.Signals[], fn: (signal: NodeJS.Signals) => void): () => void {
  const listener = (signal: NodeJS.Signals) => fn(signal);
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

/** A word that no other process of this machine has now, nor this one at another time. */
export function uniqueWord(): string {
  return `${process.pid}-${process.hrtime.bigint()}`;
}

/** Stands still until somebody sends CONT. */
export function stopSelf(): void {
  process.kill(process.pid, 'SIGSTOP');
}

export interface Parent {
  onText(fn: (text: string) => void): void;
  /** The parent has closed the pipe or is gone, however it went. */
  onGone(fn: () => void): void;
  write(text: string): void;
}

/** The process that started this one and holds the other ends of its stdin and stdout. */
export function parentByPipes(): Parent {
  process.stdin.setEncoding('latin1');
  process.stdout.on('error', () => {});
  return {
    onText: (fn) => void process.stdin.on('data', fn),
    onGone: (fn) => {
      let called = false;
      const once = () => {
        if (!called) fn();
        called = true;
      };
      for (const event of ['end', 'close', 'error']) process.stdin.on(event, once);
    },
    write: (text) => void process.stdout.write(text),
  };
}

export function exitNow(code: number): never {
  process.exit(code);
}

/** In the environment of a kle that was started by `startHelper`. */
export const TIED = 'KLE_ENDS_WITH_PARENT';

/** In such a kle the end of its parent is a TERM: the channel between them closes then. Nothing elsewhere. */
export function endWithParent(): void {
  if (process.env[TIED] === undefined) return;
  delete process.env[TIED];
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}
