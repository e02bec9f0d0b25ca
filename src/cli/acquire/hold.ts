/** Without CMD: hold the Lease until interrupted, and say what changes. */
import { lostText, releaseText } from '../../view/text/acquire.js';
import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Candidate } from './candidate.js';
import type { Waiting } from './stop-waiting.js';

/** Competes again whenever the Lease is lost. Resolves when interrupted; rejects when it was not acquired in time. */
export async function holdUntilInterrupted(
  candidate: Candidate,
  waiting: Waiting,
  context: Context,
): Promise<ExitCode> {
  const { settings } = candidate;
  const line = (text: string) => context.io.stdout.write(`${text}\n`);
  const what = `${settings.namespace}/${settings.name}`;
  for (let first = true; ; first = false) {
    // Interrupted before it ever led: that is no normal end of holding a Lease.
    const signal = first ? waiting.signal : context.signal;
    const term = await candidate.acquire(signal).catch((error: unknown) => {
      if (first) throw error;
      return undefined;
    });
    waiting.over();
    if (!term) return EXIT.ok;
    line(`acquired ${what} as ${settings.identity} (token ${term.token})`);
    const interrupted = await Promise.race([term.lost.then(() => false), aborted(context.signal)]);
    if (interrupted) {
      line(`stepping down: ${releaseText(await term.stepDown(Promise.resolve()))}`);
      return EXIT.ok;
    }
    const reason = await term.lost;
    term.workStopped();
    await term.ended;
    line(`lost ${what}: ${lostText(reason)}; competing again`);
  }
}

function aborted(signal: AbortSignal): Promise<true> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(true);
    signal.addEventListener('abort', () => resolve(true), { once: true });
  });
}
