/**
 * A rhythm of one's own: each beat tries once and works only if the claim lasts for the work. Nothing is renewed in
 * between, and `check()` answers from the clocks, so a beat that was late notices it.
 *
 *   kle sandbox -- node examples/by-hand.mjs
 */
import { setTimeout as pause } from 'node:timers/promises';
import { LeaderElection, NotLeader } from 'kle';

const BEATS = 3;
const WORK_MS = 200;
const election = new LeaderElection({ name: 'example-beat', retryPeriod: '1s' });
for (let beat = 1; beat <= BEATS; beat += 1) {
  const tried = await election.tryAcquireOrRenew();
  console.log(`beat ${beat}: ${tried.outcome}`);
  try {
    election.state.check();
    if (election.state.remainingMs > WORK_MS) await pause(WORK_MS);
  } catch (error) {
    if (!(error instanceof NotLeader)) throw error;
    console.log(error.message);
  }
}
await election.close();
