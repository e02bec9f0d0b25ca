/** Requests that take or create the Lease: their answers lost, or arriving late. */
import type { Contender, Stage } from '../acquire-stage.js';
import { expires, send } from './steps.js';
import type { Trial } from './trial.js';

/** The requests by which that one would take or create the Lease. */
const takes = (contender: Contender) => ({
  verb: ['update', 'create'] as const,
  when: ({ body }: { body: string }) => body.includes(`"holderIdentity":"${contender.identity}"`),
});

/** The token of a term is the version that its first write made, whatever became of the answer. */
async function hasRightToken(stage: Stage, contender: Contender, claimed: bigint): Promise<void> {
  const claim = stage.watch.looks.find(({ mono }) => mono >= claimed);
  const work = stage.units().find(({ identity, mono }) => identity === contender.identity && mono >= claimed);
  const [version, token] = [claim?.resourceVersion, work?.token];
  if (claim?.holder !== contender.identity || String(token) !== version) {
    throw new Error(`${contender.identity} took the Lease by version ${version}, and works with token ${token}`);
  }
}

export const acquisitionTrials: Trial[] = [
  ...(['Lease left', 'Lease deleted'] as const).map(
    (left): Trial => ({
      name: `reply to the acquisition lost, ${left}`,
      network: true,
      async run(stage) {
        const leader = await stage.leader();
        const instead = stage.pick(['silence', 'reset', 504] as const);
        stage.notes.push(`instead of the reply: ${instead}`);
        // Whoever never saw the deleted Lease held would create it at once.
        for (const { run } of stage.others(leader)) await run.line(`held by ${leader.identity}`);
        const lost = stage
          .others(leader)
          .map((one) => one.network?.fault({ ...takes(one), times: 1 }, { do: 'lose-reply', instead }));
        const at = send('SIGKILL', [leader.run.pid]);
        if (left === 'Lease deleted') await stage.stranger.delete(stage.lease);
        const { contender, claimed } = await stage.successor(leader, at);
        if (!lost.some((fault) => fault?.hits.some(({ client }) => client === contender.network?.name))) {
          throw new Error(`${contender.identity} was answered`);
        }
        await hasRightToken(stage, contender, claimed);
        await stage.keeps(contender, 3);
      },
    }),
  ),
  {
    name: 'an acquisition arrives after another took the Lease',
    network: true,
    async run(stage) {
      const leader = await stage.leader();
      const slow = stage.pick(stage.others(leader));
      const held = slow.network?.fault({ ...takes(slow), times: 1 }, { do: 'hold' });
      const at = send('SIGKILL', [leader.run.pid]);
      const next = await expires(stage, leader, at);
      if (next === slow) throw new Error(`${slow.identity} leads by a request that has not arrived`);
      await held?.hit();
      const statuses = ((await held?.deliver()) ?? []).map(({ upstreamStatus }) => upstreamStatus);
      if (statuses.join() !== '409') throw new Error(`a late acquisition was answered ${statuses}, not 409`);
      await stage.keeps(next, 4);
    },
  },
  {
    name: 'acquisitions arrive when nobody waits for their answers',
    network: true,
    async run(stage) {
      const leader = await stage.leader();
      const others = stage.others(leader);
      const at = send('SIGKILL', [leader.run.pid]);
      // The next ones as well, until these have arrived: whoever tried again has nothing on the Lease yet.
      const held = others.map((one) => one.network?.fault(takes(one), { do: 'hold' }));
      await Promise.all(held.map((fault) => fault?.hit()));
      await stage.last(stage.between(0.1, 1.3) * stage.timing.renewMs);
      for (const fault of held) fault?.remove();
      const delivered = (await Promise.all(held.map((fault) => fault?.deliver()))).flatMap((all) => all ?? []);
      const done = delivered.filter(({ upstreamStatus }) => upstreamStatus === 200);
      if (done.length !== 1) throw new Error(`${done.length} of the late acquisitions succeeded`);
      const since = at + 1n;
      const { contender } = await stage.successor(leader, since);
      await stage.keeps(contender, 3);
    },
  },
];
