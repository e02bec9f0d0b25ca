/** The faults of the rounds with real processes: what is done, what must come of it, and what overlap DESIGN 5 allows. */
import { acquisitionTrials } from './acquire-faults/acquisition.js';
import { belowRate, wallTrials } from './acquire-faults/clock.js';
import { leaseTrials } from './acquire-faults/lease.js';
import { networkTrials } from './acquire-faults/network.js';
import { pauseTrials } from './acquire-faults/pause.js';
import { processTrials } from './acquire-faults/process.js';
import type { Trial } from './acquire-faults/trial.js';

export { tooFast } from './acquire-faults/clock.js';
export { play, type Trial } from './acquire-faults/trial.js';

export const trials: readonly Trial[] = [
  ...processTrials,
  ...pauseTrials,
  belowRate,
  ...leaseTrials,
  ...acquisitionTrials,
  ...networkTrials,
  ...wallTrials,
];

/** Those whose length hardly depends on the timing's, for a few rounds at 15/10/2. */
export const longTrials: readonly string[] = [
  'supervisor killed',
  'supervisor told to end',
  'supervisor stopped for long',
  'Lease stolen',
  'network of the leader silent',
  'a renewal arrives after the takeover',
];
