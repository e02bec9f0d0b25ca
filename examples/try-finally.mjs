/**
 * A job for one process at a time, from acquire to release. In Node 24 and TypeScript the same is
 *
 *   await using election = new LeaderElection({ name: 'example-job' });
 *   await using term = await election.acquire();
 *   await job(term.signal);
 *
 * and this is what it means in Node 20 and 22.
 *
 *   kle sandbox -- node examples/try-finally.mjs
 */
import { LeaderElection } from 'kle';

async function job(signal) {
  for (const step of ['fetch', 'compute', 'store']) {
    signal.throwIfAborted();
    console.log(step);
  }
}

const election = new LeaderElection({ name: 'example-job' });
try {
  const term = await election.acquire({ signal: AbortSignal.timeout(60_000) });
  try {
    await job(term.signal);
  } finally {
    await term[Symbol.asyncDispose]();
  }
  console.log(await term.ended);
} finally {
  await election[Symbol.asyncDispose]();
}
