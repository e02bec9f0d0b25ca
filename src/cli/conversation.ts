/** How a verb talks with the person who started it: on the lines of a shell here, in the live screen in screen-verbs.ts. */
import type { Io } from '../platform/io.js';
import { askLine, canAsk } from '../platform/prompt.js';
import { progressLine } from './progress.js';

export interface Conversation {
  /** Whether there is somebody to ask. */
  canAsk(): boolean;
  /** One line of answer; null: none will come. Rejects with the interruption when there is one first. */
  ask(question: string): Promise<string | null>;
  /** A line that is written over and taken away again. */
  progress(): { show(text: string): void; clear(): void };
  /** Calls `fn` when somebody interrupts who has interrupted before. Returns what ends that. */
  onInsist(fn: () => void): () => void;
  /** Ends the process at once, with what was written until now. */
  endNow(code: number): void;
}

export function shellConversation(io: Io, signal: AbortSignal): Conversation {
  return {
    canAsk,
    ask: (question) => askLine(question, signal),
    progress: () => progressLine(io.stderr),
    onInsist: (fn) => {
      const listener = () => {
        if (signal.aborted) fn();
      };
      // Before the listener of the context, which would end with 130.
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.prependListener(name, listener);
      return () => {
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, listener);
      };
    },
    endNow: (code) => process.exit(code),
  };
}
