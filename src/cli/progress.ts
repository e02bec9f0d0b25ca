import type { Output } from '../platform/io.js';
import { cut } from '../view/safe.js';

/** One line on stderr that is written over and taken away again; nothing at all unless stderr is a terminal. */
export function progressLine(stderr: Output): { show(text: string): void; clear(): void } {
  if (!stderr.isTerminal) return { show: () => {}, clear: () => {} };
  let shown = false;
  return {
    show: (text) => {
      shown = true;
      stderr.write(`\r\u001b[K${cut(text, (stderr.columns || 80) - 1)}`);
    },
    clear: () => {
      if (shown) stderr.write('\r\u001b[K');
      shown = false;
    },
  };
}
