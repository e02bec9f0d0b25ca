/** Runs a command in the place of kle: same terminal, same signals, its exit code. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

/**
 * Resolves with the command's exit code, as a shell would have it: 128 + n when a signal ended it, 127 when there is no
 * such command, 126 when it cannot be run. Ctrl-C reaches the command from the terminal itself, which is why SIGINT is
 * passed on only when kle's terminal did not send it.
 */
export function runCommand(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  onProblem: (text: string) => void,
): Promise<number> {
  const [command = '', ...args] = words;
  const child = spawn(command, args, { stdio: 'inherit', env });
  const forward = (signal: NodeJS.Signals) => {
    const fromTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT');
    if (!fromTerminal) child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return new Promise((resolve) => {
    const end = (code: number) => {
      for (const signal of FORWARDED) process.removeListener(signal, forward);
      resolve(code);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      const missing = error.code === 'ENOENT';
      onProblem(`${command}: ${missing ? 'there is no such command' : 'it cannot be run'} (${error.code})`);
      end(missing ? 127 : 126);
    });
    child.on('exit', (code, signal) => end(signal ? 128 + constants.signals[signal] : (code ?? 1)));
  });
}
