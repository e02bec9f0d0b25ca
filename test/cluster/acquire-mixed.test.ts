/**
 * `kle acquire` and electors of other libraries on one Lease: nobody's work overlaps by kle's doing, and each picks up
 * what the other lets go. kube-leader-election writes without compare-and-swap, so S7 does not hold beside it: it may
 * replace kle, which then has its drain and the lag of its watch.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Acquiring, endAll, SHORT, tryKill, worker } from '../support/acquire-run.js';
import { randomOf, SLACK_MS } from '../support/acquire-stage.js';
import { type LeaseWatch, Stranger } from '../support/acquire-watch.js';
import { type ApiServer, startApiServer } from '../support/apiserver.js';
import { type Elector, startElector } from '../support/elector.js';
import { inFile } from '../support/in-file.js';
import { drawLanes } from '../support/worker-lanes.js';
import { intervalsOf, ms, overlapsOf, parseWork, workOf } from '../support/worker-log.js';

const families = {
  'client-go': process.env.KLE_TEST_CLIENT_GO ?? '',
  'controller-runtime': process.env.KLE_TEST_CONTROLLER_RUNTIME ?? '',
  'kube-leader-election': process.env.KLE_TEST_KUBE_LEADER_ELECTION ?? '',
};
type Family = keyof typeof families;
const long = process.env.KLE_TEST_LONG === '1';
const seed = Number(process.env.KLE_TEST_SEED ?? Math.floor(Math.random() * 1_000_000));
/** Go's electors give the Lease up first and end their work then: their order, not kle's. */
const THEIR_ORDER_MS = 100;
const DRAIN_MS = 500;

const folder = mkdtempSync(join(tmpdir(), 'kle-acquire-mixed-'));
const figures: string[] = [];
let server: ApiServer;
let stranger: Stranger;

beforeAll(async () => {
  server = await startApiServer({ binary: process.env.KLE_TEST_APISERVER ?? '' });
  stranger = new Stranger(server.kubeconfig);
});

afterAll(async () => {
  await endAll();
  stranger?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(`acquire beside others (seed ${seed})\n${figures.map((line) => `  ${line}\n`).join('')}`);
});

interface Member {
  readonly family: Family | 'kle';
  readonly identity: string;
  /** Politely: whoever leads gives the Lease up. */
  stop(): Promise<void>;
  crash(): Promise<void>;
  kill(): void;
}

/** All that contend for one Lease in one test. */
class Table {
  readonly lease: string;
  readonly watch: LeaseWatch;
  readonly members: Member[] = [];
  readonly #electors: Elector[] = [];
  readonly #file: string;
  #count = 0;

  constructor(lease: string, watch: LeaseWatch) {
    this.lease = lease;
    this.watch = watch;
    this.#file = join(folder, `${lease}.work`);
  }

  static async open(lease: string): Promise<Table> {
    return new Table(lease, await stranger.watch(lease));
  }

  async join(family: Family | 'kle'): Promise<Member> {
    const name = `${family}-${++this.#count}`;
    const member = family === 'kle' ? this.#kle(name) : await this.#elector(family, name);
    this.members.push(member);
    return member;
  }

  /** Who holds the Lease and works, from `since` on. */
  async leader(since = 0n, timeoutMs = 30_000): Promise<{ member: Member; claimed: bigint }> {
    const look = await this.watch.until(
      ({ holder }) => this.members.some((one) => one.identity === holder),
      'a holder',
      {
        since,
        timeoutMs,
      },
    );
    const member = this.members.find(({ identity }) => identity === look.holder);
    if (!member) throw new Error('a holder is a member');
    const own = (unit: { identity: string; mono: bigint }) => unit.identity === look.holder && unit.mono >= since;
    const elector = this.#electors.find(({ identity }) => identity === look.holder);
    if (elector) await elector.waitFor((event) => event.event === 'work' && own(event));
    else await inFile(this.#file, (text) => parseWork(text).find(own));
    return { member, claimed: look.mono };
  }

  leave(member: Member): void {
    this.members.splice(this.members.indexOf(member), 1);
  }

  units() {
    let own = '';
    try {
      own = readFileSync(this.#file, 'utf8');
    } catch {}
    const units = [...parseWork(own), ...workOf(...this.#electors.map(({ log }) => log))];
    return units.sort((a, b) => Number(a.mono - b.mono));
  }

  /** No overlap of kle's doing; says what others did. */
  judge(): void {
    const intervals = intervalsOf(this.units());
    const family = (identity: string) => identity.replace(/-\d+$/, '');
    const bad = overlapsOf(intervals).filter((overlap) => {
      const [first, second] = [family(overlap.earlier.identity), family(overlap.later.identity)];
      if (first !== 'kle' && second !== 'kle') return false;
      const replaced = first === 'kle' && second === 'kube-leader-election';
      const allowed = replaced ? DRAIN_MS + SLACK_MS : first === 'kle' ? 0 : THEIR_ORDER_MS;
      figures.push(`${first} and then ${second} both worked for ${overlap.ms.toFixed(1)} ms (allowed ${allowed})`);
      return allowed === 0 || overlap.ms > allowed;
    });
    if (bad.length === 0) return;
    const texts = bad.map((one) => `${one.earlier.identity} and ${one.later.identity}: ${one.ms.toFixed(1)} ms`);
    throw new Error(`seed ${seed}: overlaps of kle's doing:\n${texts.join('\n')}\n${drawLanes(intervals, [])}`);
  }

  async close(): Promise<void> {
    this.watch.close();
    for (const member of this.members) member.kill();
    await endAll();
  }

  #kle(identity: string): Member {
    const args = [this.lease, ...SHORT, `--identity=${identity}`, '--', ...worker(this.#file, 'every=50')];
    const run = new Acquiring(args, { kubeconfig: server.kubeconfig });
    const all = () => [run.watchdogPid(), run.commandPid(), run.pid].filter((pid) => pid !== undefined);
    return {
      family: 'kle',
      identity,
      async stop() {
        run.signal('SIGTERM');
        await run.until(() => run.ended, 'its end');
      },
      async crash() {
        for (const pid of all()) tryKill(pid, 'SIGKILL');
        await run.exited;
      },
      kill: () => run.destroy(),
    };
  }

  async #elector(family: Family, name: string): Promise<Member> {
    const elector = await startElector({
      binary: families[family],
      kubeconfig: server.kubeconfig,
      namespace: 'default',
      lease: this.lease,
      leaseDuration: '3s',
      renewDeadline: '2s',
      retryPeriod: '400ms',
      release: true,
      ...(family === 'controller-runtime' ? {} : { identity: name }),
    });
    this.#electors.push(elector);
    const end = async (signal: NodeJS.Signals) => {
      elector.kill(signal);
      await elector.exited;
    };
    const { identity } = elector;
    return {
      family,
      identity,
      stop: () => end('SIGTERM'),
      crash: () => end('SIGKILL'),
      kill: () => elector.kill('SIGKILL'),
    };
  }
}

describe.each(Object.keys(families) as Family[])('beside %s', { timeout: 300_000 }, (family) => {
  it.runIf(families[family])('each takes what the other lets go, and what it leaves behind', async () => {
    const table = await Table.open(`beside-${family}`);
    try {
      let leader = await table.join('kle');
      await table.leader();
      const rounds = long ? 20 : 4;
      const taken: Record<string, number[]> = { kle: [], [family]: [] };
      for (let n = 0; n < rounds; n++) {
        const next = await table.join(leader.family === 'kle' ? family : 'kle');
        // A standby has looked before it is offered anything: kle says so, of others the poll is known.
        await renewals(table.watch, 3);
        const since = process.hrtime.bigint();
        // The last two are crashes.
        const crash = n >= rounds - 2;
        await (crash ? leader.crash() : leader.stop());
        table.leave(leader);
        const { member, claimed } = await table.leader(since);
        expect(member.identity).toBe(next.identity);
        const freed = table.watch.looks.find(({ mono, holder }) => mono >= since && holder === '');
        expect(freed !== undefined, crash ? 'nobody frees after a crash' : 'freed').toBe(!crash);
        const tookMs = ms(claimed - (freed?.mono ?? since));
        // S2 for kle, and theirs for them: not before the Lease had run out, nor long after.
        if (crash) expect(tookMs).toBeGreaterThan(2000);
        expect(tookMs).toBeLessThan(crash ? 6000 : 3000);
        taken[member.family]?.push(tookMs);
        figures.push(
          `${next.family} took over from ${leader.family}${crash ? ' after a crash' : ''} in ${tookMs.toFixed(1)} ms`,
        );
        leader = next;
      }
      table.judge();
    } finally {
      await table.close();
    }
  });
});

async function renewals(watch: LeaseWatch, count: number): Promise<void> {
  const times = new Set<string | null>();
  await watch.until(({ renewTime }) => times.add(renewTime).size > count, `${count} renewals`, {
    since: process.hrtime.bigint(),
  });
}

it(`all at one table, seed ${seed}`, { timeout: 300_000 }, async () => {
  const random = randomOf(seed);
  const present = (Object.keys(families) as Family[]).filter((family) => families[family]);
  const table = await Table.open('one-table');
  const led = new Set<string>();
  try {
    for (const family of ['kle', ...present] as const) await table.join(family);
    let since = 0n;
    let gone: Member['family'] | undefined;
    for (let n = 0; n < (long ? 40 : 8); n++) {
      const { member } = await table.leader(since);
      led.add(member.family);
      if (gone) await table.join(gone);
      // kle, which watches, wins every race for a free Lease: half of the time it is not there, and others have a chance.
      const standbys = table.members.filter((one) => one !== member && one.family === 'kle');
      if (random() < 0.5) {
        for (const one of standbys) {
          await one.stop();
          table.leave(one);
        }
      } else if (standbys.length === 0) await table.join('kle');
      await renewals(table.watch, 2);
      since = process.hrtime.bigint();
      await (random() < 0.3 ? member.crash() : member.stop());
      table.leave(member);
      gone = member.family;
    }
    table.judge();
    figures.push(`one table: ${[...led].sort().join(', ')} led`);
    expect(led.size).toBeGreaterThan(1);
  } finally {
    await table.close();
  }
});
