/** The faults of the rounds with real processes: what is done, what must come of it, and what overlap DESIGN 5 allows. */
import { tryKill, untilDead } from './acquire-run.js';
import {
  type Contender,
  drainOf,
  SLACK_MS,
  Stage,
  type StageOptions,
  stopBoundOf,
  type Timing,
} from './acquire-stage.js';
import type { Faketime } from './faketime.js';
import type { FaultProxy } from './fault-proxy.js';
import type { Freezer } from './freezer.js';
import { ms } from './worker-log.js';

export interface Trial {
  readonly name: string;
  /** Through a fault proxy. */
  readonly network?: boolean;
  /** With a wall clock of its own for each. */
  readonly wall?: boolean;
  /** With a freezer of the kernel's. */
  readonly freezer?: boolean;
  /** How many there are from the beginning; 3 unless given. */
  readonly contenders?: number;
  /** How workers take TERM; by chance unless given. */
  readonly manners?: string;
  /** 0 unless given: not a single unit of work of two at once. */
  readonly allowOverlapMs?: (timing: Timing) => number;
  run(stage: Stage, tools: Tools): Promise<void>;
}

export interface Tools {
  readonly proxy?: FaultProxy;
  readonly faketime?: Faketime | null;
  readonly freezer?: Freezer | null;
}

/** A holder that somebody else cleared or replaced: drain and the lag of the leader's watch (S7). */
const replaced = (timing: Timing) => drainOf(timing) + SLACK_MS;
/** The same while the leader's watch does not work. */
const replacedUnseen = (timing: Timing) => stopBoundOf(timing) + SLACK_MS;
/** S8: what a process that was paused as a whole may do when it wakes. */
const WAKING_MS = 50 + SLACK_MS / 2;

/** The Lease is left to expire: the next one has it L after the last renewal that it saw. */
async function expires(stage: Stage, old: Contender, since: bigint): Promise<Contender> {
  const { contender, claimed } = await stage.successor(old, since);
  const last = stage.watch.looks.findLast((look) => look.holder === old.identity && look.mono < claimed)?.mono ?? 0n;
  const beyond = ms(claimed - last) - stage.timing.leaseMs;
  stage.figures['takeover beyond L'] = beyond;
  // The watch may have seen the renewal that much later than the candidates did.
  if (beyond < -100) throw new Error(`taken ${(-beyond).toFixed(0)} ms before the Lease had expired`);
  if (beyond > 1000) throw new Error(`taken ${beyond.toFixed(0)} ms after the Lease had expired`);
  return contender;
}

/** The holder frees the Lease when its work is dead; a standby takes it at once. */
async function handsOver(stage: Stage, old: Contender, since: bigint): Promise<Contender> {
  const { contender, claimed } = await stage.successor(old, since);
  const freed = stage.watch.looks.find((look) => look.mono >= since && look.holder === '');
  if (!freed) throw new Error(`${old.identity} did not free the Lease`);
  stage.figures['hand-over'] = ms(claimed - freed.mono);
  if (claimed - freed.mono > 2_000_000_000n) throw new Error(`the hand-over took ${ms(claimed - freed.mono)} ms`);
  return contender;
}

async function ended(contender: Contender, code: number | NodeJS.Signals): Promise<void> {
  const end = await contender.run.until(() => contender.run.ended, 'its end');
  const came = end.signal ?? end.code;
  if (came !== code)
    throw new Error(`${contender.identity} ended with ${came}, not ${code}\n${contender.run.describe()}`);
}

/** Of the processes of a candidate that leads. */
async function processes({ run }: Contender) {
  const watchdog = await run.until(() => run.watchdogPid(), 'a watchdog');
  return { supervisor: run.pid, watchdog, command: await run.command() };
}

const now = () => process.hrtime.bigint();

function send(signal: NodeJS.Signals, pids: readonly number[]): bigint {
  const at = now();
  for (const pid of pids) tryKill(pid, signal);
  return at;
}

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

const processTrials: Trial[] = [
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

const leaseTrials: Trial[] = [
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

const pauseTrials: Trial[] = [
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
const RATE_BELOW = 1.07;
/** At which there must be one, or the rounds would not see it. */
export const tooFast: Trial = fastStandby(2);

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

const acquisitionTrials: Trial[] = [
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

const networkTrials: Trial[] = [
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

const HOUR_MS = 3_600_000;

const wallTrials: Trial[] = [-3, -1, 1, 3].map((hours) => ({
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

export const trials: readonly Trial[] = [
  ...processTrials,
  ...pauseTrials,
  fastStandby(RATE_BELOW),
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

/** One round of it: the figures that it came to. Throws with all that is known when anything did not hold. */
export async function play(
  trial: Trial,
  place: Omit<StageOptions, 'network' | 'wall'>,
  tools: Tools,
  about: string,
): Promise<Record<string, number>> {
  const { proxy, faketime } = tools;
  const stage = new Stage({
    ...place,
    ...(trial.network && proxy && { network: (client: string) => proxy.client(client) }),
    ...(trial.wall && faketime && { wall: () => faketime.clock() }),
  });
  try {
    await stage.open(trial.contenders, trial.manners);
    await trial.run(stage, tools);
    await stage.close(trial.allowOverlapMs?.(place.timing) ?? 0, about);
  } catch (error) {
    throw new Error(`${about}; ${stage.notes.join('; ')}\n${(error as Error).message}\n${stage.describe()}`);
  } finally {
    await stage.abandon();
  }
  return stage.figures;
}
