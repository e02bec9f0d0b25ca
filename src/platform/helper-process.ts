/** Processes of kle itself that a command starts beside its own and takes down with it. */
import { spawn } from 'node:child_process';
import { TIED } from './own-process.js';

export interface Helper {
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<void>;
  /** TERM, and KILL when it has not ended within three seconds. */
  end(): Promise<void>;
}

const PATIENCE_MS = 3_000;
/**
 * Starts `kle` with these words. Its output is dropped; it has its own session, so Ctrl-C reaches only its parent. When its
 * parent is gone, however it ended, it ends as by TERM: the channel between them closes with either.
 */
export function startHelper(words: readonly string[], env: NodeJS.ProcessEnv): Helper {
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...words], {
    env: { ...env, [TIED]: '1' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
  });
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', () => resolve());
  });
  const killAtExit = () => void child.kill('SIGKILL');
  process.on('exit', killAtExit);
  void exited.then(() => process.off('exit', killAtExit));
  return {
    signal: (signal) => void child.kill(signal),
    exited,
    end: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
