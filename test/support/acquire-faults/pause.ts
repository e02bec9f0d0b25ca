/** All of the leader paused past its deadline, wherever it is in its term (S8). */
import type { Contender, Stage } from '../acquire-stage.js';
import { ms } from '../worker-log.js';
import { ended, now, processes, send, WAKING_MS } from './steps.js';
import type { Trial } from './trial.js';

/** Until somebody else works; what it does in the moment of waking is excused (S8). */
async function pausedForLong(stage: Stage, old: Contender, pause: () => void, wake: () => void): Promise<Contender> {
  const at = now();
  pause();
  const { contender } = await stage.successor(old, at);
  await stage.last(stage.between(0, 500));
  const woke = now();
  wake();
  stage.excused.push({ identity: old.identity, from: woke, to: woke + BigInt(WAKING_MS) * 1_000_000n });
  await old.run.until(() => old.run.ended, 'its end');
  const late = stage.units().filter((unit) => unit.identity === old.identity && unit.mono > woke);
  stage.figures['work on waking'] = Math.max(0, ...late.map((unit) => ms(unit.mono - woke)));
  return contender;
}

export const pauseTrials: Trial[] = [
  {
    name: 'all of the leader stopped as it begins to lead',
    allowOverlapMs: () => WAKING_MS,
    async run(stage) {
      const old = await stage.leader();
      const at = send('SIGKILL', [old.run.pid]);
      const fits = ({ holder }: { holder: string }) => holder !== '' && holder !== old.identity;
      const { holder } = await stage.watch.until(fits, 'claim', { since: at });
      const leader = stage.others(old).find(({ identity }) => identity === holder);
      if (!leader) throw new Error('a holder is a contender');
      // Somewhere between the claim and the first work: a watchdog, then a command.
      await stage.last(stage.between(0, 250));
      const all = () => leader.run.left();
      const next = await pausedForLong(
        stage,
        leader,
        () => {
          // It first, so that it starts nobody meanwhile.
          send('SIGSTOP', [leader.run.pid]);
          send('SIGSTOP', all());
        },
        () => send('SIGCONT', all().reverse()),
      );
      await ended(leader, 75);
      await stage.keeps(next, 3);
    },
  },
  {
    name: 'all of the leader stopped as it ends',
    allowOverlapMs: () => WAKING_MS,
    manners: 'drain=200',
    async run(stage) {
      const leader = await stage.leader();
      const all = Object.values(await processes(leader));
      send('SIGTERM', [leader.run.pid]);
      await stage.last(stage.between(0, 190));
      const next = await pausedForLong(
        stage,
        leader,
        () => send('SIGSTOP', all),
        () => send('SIGCONT', all),
      );
      await stage.keeps(next, 3);
    },
  },
  {
    name: 'all of the leader frozen for long',
    freezer: true,
    allowOverlapMs: () => WAKING_MS,
    async run(stage, { freezer }) {
      const leader = await stage.leader();
      const box = freezer?.box(Object.values(await processes(leader)));
      await stage.moment();
      try {
        const next = await pausedForLong(
          stage,
          leader,
          () => box?.freeze(),
          () => box?.thaw(),
        );
        await ended(leader, 75);
        await stage.keeps(next, 3);
      } finally {
        await box?.remove();
      }
    },
  },
];
