/** Wall clocks that are stepped, and monotonic clocks that run at another rate (S6, S7). */
import { ms } from '../worker-log.js';
import { ended, expires, now, send } from './steps.js';
import type { Trial } from './trial.js';

/** S7 by real clocks: the leader works on to its last moment, and a standby waits on a monotonic clock that runs fast. */
const fastStandby = (rate: number): Trial => ({
  name: `monotonic clock of a standby ${rate} times as fast`,
  network: true,
  wall: true,
  contenders: 1,
  manners: 'ignore-term',
  async run(stage, { faketime }) {
    const leader = await stage.leader();
    if (!faketime) throw new Error('this needs libfaketime');
    const fast = await stage.join('fast', await faketime.rate(rate));
    await fast.run.line(`held by ${leader.identity}`);
    await stage.moment();
    const since = now();
    leader.network?.blackhole();
    const { claimed } = await stage.successor(leader, since);
    stage.figures[`wait of a standby ${rate} times as fast`] = ms(claimed - stage.lastRenewal(leader));
    await ended(leader, 75);
  },
});

/** DESIGN 5: no overlap below (L − 0.25) / (R + D), which is 1.1 at 3/2 s. */
export const belowRate: Trial = fastStandby(1.07);
/** At which there must be one, or the rounds would not see it. */
export const tooFast: Trial = fastStandby(2);

const HOUR_MS = 3_600_000;

export const wallTrials: Trial[] = [-3, -1, 1, 3].map((hours) => ({
  name: `wall clock stepped by ${hours} h`,
  wall: true,
  async run(stage) {
    const leader = await stage.leader();
    const other = stage.pick(stage.others(leader));
    await stage.moment();
    await leader.wall?.step(hours * HOUR_MS);
    await stage.keeps(leader, 3);
    await other.wall?.step(hours * HOUR_MS);
    await stage.keeps(leader, 3);
    const at = send('SIGKILL', [leader.run.pid]);
    await expires(stage, leader, at);
  },
}));
