/** Processes of the leader killed, stopped, or told to end. */
import { untilDead } from '../acquire-run.js';
import type { Contender, Stage } from '../acquire-stage.js';
import { ms } from '../worker-log.js';
import { ended, expires, handsOver, now, processes, send, WAKING_MS } from './steps.js';
import type { Trial } from './trial.js';

/** Stops those processes until long after the Lease has expired and somebody else works; then lets them go on. */
async function sleepsThrough(stage: Stage, leader: Contender, pids: readonly number[]): Promise<void> {
  const at = send('SIGSTOP', pids);
  await expires(stage, leader, at);
  await stage.last(stage.between(0, 500));
  const woke = send('SIGCONT', [...pids].reverse());
  stage.excused.push({ identity: leader.identity, from: woke, to: woke + BigInt(WAKING_MS) * 1_000_000n });
  await ended(leader, 75);
  stage.figures['work on waking'] = Math.max(
    0,
    ...stage
      .units()
      .filter((unit) => unit.identity === leader.identity && unit.mono > woke)
      .map((unit) => ms(unit.mono - woke)),
  );
}

/** TERM is the command's to answer; kle ends nothing of its own accord while it leads. */
async function toldToEnd(stage: Stage, leader: Contender, pids: readonly number[]): Promise<void> {
  const at = send('SIGTERM', pids);
  if (stage.ignoresTerm) {
    await stage.keeps(leader, 2);
    send('SIGKILL', [await leader.run.command()]);
  }
  await handsOver(stage, leader, at);
  await ended(leader, stage.ignoresTerm ? 137 : 0);
}

export const processTrials: Trial[] = [
  {
    name: 'supervisor killed',
    async run(stage) {
      const leader = await stage.leader();
      const { command } = await processes(leader);
      await stage.moment();
      const at = send('SIGKILL', [leader.run.pid]);
      await ended(leader, 'SIGKILL');
      await untilDead(command);
      stage.figures['command dead after the kill of its supervisor'] = ms(now() - at);
      await expires(stage, leader, at);
    },
  },
  {
    name: 'supervisor told to end',
    async run(stage) {
      const leader = await stage.leader();
      await stage.moment();
      await toldToEnd(stage, leader, [leader.run.pid]);
    },
  },
  {
    name: 'all of the leader told to end at once',
    async run(stage) {
      const leader = await stage.leader();
      const { supervisor, watchdog, command } = await processes(leader);
      await stage.moment();
      await toldToEnd(stage, leader, [watchdog, command, supervisor]);
    },
  },
  {
    name: 'command told to end, by somebody else',
    async run(stage) {
      const leader = await stage.leader();
      await toldToEnd(stage, leader, [await leader.run.command()]);
    },
  },
  {
    name: 'watchdog told to end',
    async run(stage) {
      const leader = await stage.leader();
      const { watchdog } = await processes(leader);
      send('SIGTERM', [watchdog]);
      await stage.keeps(leader, 3);
      if (leader.run.watchdogPid() !== watchdog) throw new Error('the watchdog did not stay');
    },
  },
  {
    name: 'supervisor stopped for a moment',
    async run(stage) {
      const leader = await stage.leader();
      await stage.moment();
      send('SIGSTOP', [leader.run.pid]);
      await stage.last(stage.between(0.1, 0.4) * stage.timing.renewMs);
      send('SIGCONT', [leader.run.pid]);
      await stage.keeps(leader);
    },
  },
  {
    name: 'supervisor stopped for long',
    async run(stage) {
      const leader = await stage.leader();
      await stage.moment();
      await sleepsThrough(stage, leader, [leader.run.pid]);
    },
  },
  {
    name: 'command killed',
    async run(stage) {
      const leader = await stage.leader();
      await stage.moment();
      const at = send('SIGKILL', [await leader.run.command()]);
      await handsOver(stage, leader, at);
      await ended(leader, 137);
    },
  },
  {
    name: 'command stopped for a while',
    async run(stage) {
      const leader = await stage.leader();
      const command = await leader.run.command();
      send('SIGSTOP', [command]);
      await stage.last(stage.between(0.1, 1.5) * stage.timing.leaseMs);
      send('SIGCONT', [command]);
      await stage.keeps(leader, 2);
    },
  },
  {
    name: 'watchdog killed',
    async run(stage) {
      const leader = await stage.leader();
      const { watchdog } = await processes(leader);
      await stage.moment();
      const at = send('SIGKILL', [watchdog]);
      await leader.run.until(() => [leader.run.watchdogPid()].find((pid) => pid && pid !== watchdog), 'a new watchdog');
      stage.figures['watchdog replaced'] = ms(now() - at);
      await stage.keeps(leader, 3);
      // The new one guards as the first did.
      const killed = send('SIGKILL', [leader.run.pid]);
      await expires(stage, leader, killed);
    },
  },
  {
    name: 'watchdog stopped',
    async run(stage) {
      const leader = await stage.leader();
      const { watchdog } = await processes(leader);
      send('SIGSTOP', [watchdog]);
      await leader.run.until(() => [leader.run.watchdogPid()].find((pid) => pid && pid !== watchdog), 'a new watchdog');
      await stage.keeps(leader, 3);
    },
  },
  {
    name: 'all of the leader killed at once',
    async run(stage) {
      const leader = await stage.leader();
      const { supervisor, watchdog, command } = await processes(leader);
      await stage.moment();
      const at = send('SIGKILL', [watchdog, command, supervisor]);
      await expires(stage, leader, at);
    },
  },
  {
    name: 'all of the leader stopped for a moment',
    async run(stage) {
      const leader = await stage.leader();
      const all = Object.values(await processes(leader));
      await stage.moment();
      send('SIGSTOP', all);
      await stage.last(stage.between(0.1, 0.4) * stage.timing.renewMs);
      send('SIGCONT', all);
      await stage.keeps(leader);
    },
  },
  {
    name: 'all of the leader stopped for long',
    allowOverlapMs: () => WAKING_MS,
    async run(stage) {
      const leader = await stage.leader();
      const { supervisor, watchdog, command } = await processes(leader);
      await stage.moment();
      await sleepsThrough(
        stage,
        leader,
        stage.pick([
          [supervisor, watchdog, command],
          [command, watchdog, supervisor],
        ]),
      );
    },
  },
  {
    name: 'supervisor and command stopped for long',
    async run(stage) {
      const leader = await stage.leader();
      const { supervisor, command } = await processes(leader);
      await stage.moment();
      await sleepsThrough(stage, leader, [supervisor, command]);
    },
  },
  {
    name: 'a standby stopped for long, and the leader killed',
    async run(stage) {
      const leader = await stage.leader();
      const sleeper = stage.pick(stage.others(leader));
      send('SIGSTOP', [sleeper.run.pid]);
      const at = send('SIGKILL', [leader.run.pid]);
      const next = await expires(stage, leader, at);
      if (next === sleeper) throw new Error('a stopped process took the Lease');
      send('SIGCONT', [sleeper.run.pid]);
      await stage.keeps(next, 4);
    },
  },
];
