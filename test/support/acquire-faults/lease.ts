/** The Lease deleted, cleared, stolen, annotated or emptied by a stranger. */
import { ms } from '../worker-log.js';
import { ended, expires, now, replaced, send } from './steps.js';
import type { Trial } from './trial.js';

export const leaseTrials: Trial[] = [
  {
    name: 'Lease deleted',
    async run(stage) {
      const leader = await stage.leader();
      await stage.moment();
      await stage.stranger.delete(stage.lease);
      await stage.keeps(leader);
    },
  },
  {
    name: 'Lease cleared',
    allowOverlapMs: replaced,
    async run(stage) {
      const leader = await stage.leader();
      await stage.moment();
      const since = now();
      await stage.foreign({ spec: { holderIdentity: '' } });
      await stage.successor(leader, since);
      await ended(leader, 75);
    },
  },
  {
    name: 'Lease stolen',
    async run(stage) {
      const leader = await stage.leader();
      await stage.moment();
      const since = now();
      await stage.foreign({ spec: { holderIdentity: 'thief' } });
      await ended(leader, 75);
      const thief = { ...leader, identity: 'thief' };
      await expires(stage, thief, since);
    },
  },
  {
    name: 'Lease annotated all the time',
    async run(stage) {
      const leader = await stage.leader();
      let n = 0;
      let last: Promise<unknown> = Promise.resolve();
      const timer = setInterval(() => {
        n += 1;
        last = stage.foreign({ metadata: { annotations: { 'example.com/n': String(n) } } }).catch(() => {});
      }, stage.timing.retryMs / 4);
      await stage.keeps(leader);
      const at = send('SIGKILL', [leader.run.pid]);
      // Annotations go on, and are no sign of life. When the last true one was, only its renewTime tells.
      const { claimed } = await stage.successor(leader, at);
      clearInterval(timer);
      await last;
      const beyond = ms(claimed - at) - stage.timing.leaseMs;
      stage.figures['takeover beyond L'] = Math.max(0, beyond);
      if (beyond > 1000) throw new Error(`annotations put the takeover off by ${beyond} ms`);
    },
  },
  {
    name: 'Lease emptied of all fields',
    allowOverlapMs: replaced,
    async run(stage) {
      const leader = await stage.leader();
      await stage.moment();
      const since = now();
      await stage.foreign({ spec: null });
      await stage.successor(leader, since);
      await ended(leader, 75);
    },
  },
  {
    name: 'Lease without its times',
    async run(stage) {
      await stage.leader();
      await stage.moment();
      await stage.foreign({
        spec: { acquireTime: null, renewTime: null, leaseDurationSeconds: null, leaseTransitions: null },
      });
      // Whether that is another term is kle's to say; somebody leads again, and never two.
      const next = await stage.leader(now());
      await stage.keeps(next, 3);
    },
  },
];
