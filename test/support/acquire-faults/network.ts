/** The way to the API server cut, slow, or losing answers. */
import { ended, expires, handsOver, now, replacedUnseen, send } from './steps.js';
import type { Trial } from './trial.js';

export const networkTrials: Trial[] = [
  {
    name: 'Lease deleted, and the leader slow to create it again',
    network: true,
    async run(stage) {
      const leader = await stage.leader();
      leader.network?.fault(
        { verb: 'create' },
        { do: 'delay', requestMs: stage.between(0.1, 0.3) * stage.timing.renewMs },
      );
      await stage.moment();
      await stage.stranger.delete(stage.lease);
      await stage.keeps(leader);
    },
  },
  ...(['blackhole', 'closed', 'reset'] as const).map(
    (how): Trial => ({
      name: how === 'blackhole' ? 'network of the leader silent' : `network of the leader refused (${how})`,
      network: true,
      async run(stage) {
        const leader = await stage.leader();
        await stage.moment();
        const since = now();
        if (how === 'blackhole') leader.network?.blackhole();
        else await leader.network?.refuse(how);
        await expires(stage, leader, since);
        await ended(leader, 75);
      },
    }),
  ),
  {
    name: 'writes of the leader hang, its watch works',
    network: true,
    async run(stage) {
      const leader = await stage.leader();
      await stage.moment();
      const since = now();
      leader.network?.fault({ verb: ['update', 'get', 'list'] }, { do: 'drop' });
      await expires(stage, leader, since);
      await ended(leader, 75);
    },
  },
  {
    name: 'an outage shorter than L2 allows',
    network: true,
    async run(stage) {
      const leader = await stage.leader();
      const { renewMs, retryMs } = stage.timing;
      await stage.moment();
      await leader.network?.refuse('closed');
      await stage.last(stage.between(0.3, 0.9) * (renewMs - retryMs - renewMs / 2));
      await leader.network?.heal();
      await stage.keeps(leader);
    },
  },
  {
    name: 'a renewal refused with 429, 500 or 503',
    network: true,
    async run(stage) {
      const leader = await stage.leader();
      const answer = stage.pick([429, 500, 503]);
      leader.network?.fault({ verb: 'update', times: 1 }, { do: 'answer', status: answer });
      await stage.keeps(leader);
    },
  },
  {
    name: 'a renewal arrives after the takeover',
    network: true,
    async run(stage) {
      const leader = await stage.leader();
      const since = now();
      const held = leader.network?.fault({ verb: 'update' }, { do: 'hold' });
      await held?.hit();
      const next = await expires(stage, leader, since);
      await ended(leader, 75);
      const late = (await held?.deliver()) ?? [];
      const statuses = late.map(({ upstreamStatus }) => upstreamStatus);
      if (late.length === 0 || statuses.some((status) => status !== 409)) {
        throw new Error(`late renewals were answered ${statuses.join(', ') || 'not at all'}, not 409`);
      }
      await stage.keeps(next, 3);
    },
  },
  {
    name: 'replies to renewals lost',
    network: true,
    async run(stage) {
      const leader = await stage.leader();
      const instead = stage.pick(['silence', 'reset', 504] as const);
      leader.network?.fault({ verb: 'update', times: 2 }, { do: 'lose-reply', instead });
      await stage.keeps(leader, 6);
    },
  },
  {
    name: 'reply to the release lost',
    network: true,
    async run(stage) {
      const leader = await stage.leader();
      leader.network?.fault(
        { verb: 'update', when: ({ body }) => /"holderIdentity":""/.test(body) },
        { do: 'lose-reply', instead: stage.pick(['silence', 'reset'] as const) },
      );
      const at = send('SIGKILL', [await leader.run.command()]);
      await handsOver(stage, leader, at);
      await ended(leader, 137);
    },
  },
  {
    name: 'Lease cleared while the watch of the leader is silent',
    network: true,
    allowOverlapMs: replacedUnseen,
    async run(stage) {
      const leader = await stage.leader();
      leader.network?.stallWatches();
      await stage.moment();
      const since = now();
      await stage.foreign({ spec: { holderIdentity: '' } });
      await stage.successor(leader, since);
      await ended(leader, 75);
    },
  },
];
