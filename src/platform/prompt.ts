/** Asking the person at the terminal. */

/** Whether there is somebody to ask: both ends of the conversation are a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Writes the question to stderr and reads one line; null: the input ended. Rejects when the signal is aborted first. */
export function askLine(question: string, signal: AbortSignal): Promise<string | null> {
  const { stdin, stderr } = process;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let text = '';
    const end = (finish: () => void) => {
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      signal.removeEventListener('abort', onAbort);
      // Lets the process end while nobody is asked.
      stdin.pause();
      finish();
    };
    const onData = (chunk: string) => {
      text += chunk;
      const at = text.indexOf('\n');
      if (at >= 0) end(() => resolve(text.slice(0, at).replace(/\r$/, '')));
    };
    const onEnd = () => end(() => resolve(null));
    const onAbort = () => {
      stderr.write('\n');
      end(() => reject(signal.reason));
    };
    stderr.write(question);
    stdin.setEncoding('utf8');
    stdin.on('data', onData);
    stdin.on('end', onEnd);
    signal.addEventListener('abort', onAbort, { once: true });
    stdin.resume();
  });
}
