/**
 * One worker of many: works only while it leads, hands over when it is told to end, and competes again after a loss.
 *
 *   kle sandbox -- node examples/worker.mjs        or with any kubeconfig; Ctrl-C ends it
 *
 * A second one, started with the same KUBECONFIG, takes over within a quarter of a second of the first one's end.
 */
import { LeaderElection } from 'kle';

const election = new LeaderElection({
  name: 'example-worker',
  onHolder: (holder) => console.log(`${holder ?? 'nobody'} leads`),
  onWarning: (warning) => console.error(warning.message),
});
const ending = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => ending.abort());

/** Ends soon after the signal is aborted; a term leaves its work 2.5 s for that unless told otherwise (drainTimeout). */
async function work(token, signal) {
  for (let item = 1; !signal.aborted; item += 1) {
    console.log(`item ${item} with token ${token}`);
    await pause(500, signal);
  }
}

const pause = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
  });

while (!ending.signal.aborted) {
  const term = await election.acquire({ signal: ending.signal }).catch((error) => {
    if (!ending.signal.aborted) throw error;
  });
  if (!term) break;
  try {
    await work(term.token, AbortSignal.any([term.signal, ending.signal]));
  } finally {
    // The work has ended: only now may the Lease be free.
    await term[Symbol.asyncDispose]();
  }
  console.log(`${await term.lost}: ${await term.ended}`);
}
await election.close();
