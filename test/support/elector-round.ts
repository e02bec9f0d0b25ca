/** One Lease of a real API server, electors of one library that contend for it, one verb of kle's; seen without kle. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMicroTime } from '../../src/lease/micro-time.js';
import type { PlanWarning, Prediction } from '../../src/operations/chaos/plan.js';
import type { Step } from '../../src/operations/chaos/steps.js';
import { type LeaseLook, type LeaseWatch, Stranger } from './acquire-watch.js';
import { type ApiServer, startApiServer } from './apiserver.js';
import type { WallClock } from './faketime.js';
import { kle } from './kle.js';
import { type Candidate, type CandidateOptions, type ElectorLibrary, startCandidate } from './round-candidates.js';
import { RoundWork } from './round-work.js';
import { ms, type Unit } from './worker-log.js';

type Server = Pick<ApiServer, 'kubeconfig' | 'stop'>;

/** An API server and a folder for one file of tests. */
export class Cluster {
  readonly server: Server;
  readonly stranger: Stranger;
  readonly folder: string;
  readonly #open = new Set<Round>();

  private constructor(server: Server) {
    this.server = server;
    this.stranger = new Stranger(server.kubeconfig);
    this.folder = mkdtempSync(join(tmpdir(), 'kle-rounds-'));
  }

  /** On a real kube-apiserver unless another server is given. */
  static async start(
    server: Promise<Server> = startApiServer({ binary: process.env.KLE_TEST_APISERVER ?? '' }),
  ): Promise<Cluster> {
    return new Cluster(await server);
  }

  /** The first candidate leads and works; the others have started, and it has renewed since. */
  async round(options: RoundOptions): Promise<Round> {
    const round = new Round(this, options, await this.stranger.watch(options.lease));
    this.#open.add(round);
    await round.begin();
    return round;
  }

  forget(round: Round): void {
    this.#open.delete(round);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#open].map((round) => round.close()));
    this.stranger.close();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface RoundOptions extends Omit<CandidateOptions, 'kubeconfig' | 'folder'> {
  readonly library: ElectorLibrary | 'kle';
  readonly candidates: number;
  /** Standbys come so much later: those that poll without jitter keep that phase. */
  readonly phaseMs?: number;
}

/** As `-o json` has it: what these tests read of it. */
export interface VerbResult {
  readonly outcome: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly prediction: Prediction;
  readonly warnings: PlanWarning[];
  readonly steps: Step[];
  readonly leaderlessMs: number | null;
  readonly workGapMinMs: number | null;
  readonly workGapMaxMs: number | null;
  readonly possibleOverlapMs: number;
  readonly sameProcess: boolean | null;
  readonly skewed: { at: string | null; from: string; to: string }[];
  readonly wouldFool: { family: string; why: string }[];
  readonly takeovers: { from: string; to: string; transitions: { from: number | null; to: number | null } }[];
}

export interface VerbRun {
  readonly code: number | null;
  readonly result: VerbResult;
  readonly said: string;
  /** ns. */
  readonly startedAt: bigint;
  readonly endedAt: bigint;
}

export class Round extends RoundWork {
  readonly lease: string;
  readonly watch: LeaseWatch;
  readonly candidates: Candidate[] = [];
  readonly #cluster: Cluster;
  readonly #options: RoundOptions;
  readonly #state: string;

  constructor(cluster: Cluster, options: RoundOptions, watch: LeaseWatch) {
    super();
    this.#cluster = cluster;
    this.#options = options;
    this.lease = options.lease;
    this.watch = watch;
    this.#state = join(cluster.folder, `${options.lease}.state`);
  }

  get leader(): Candidate {
    return this.#candidate(0);
  }

  /** The last to come. */
  get standby(): Candidate {
    return this.#candidate(this.candidates.length - 1);
  }

  async begin(): Promise<void> {
    const { identity } = await this.join();
    await this.watch.until(({ holder }) => holder === identity, `holder ${identity}`);
    const { phaseMs = 0, candidates } = this.#options;
    await new Promise((resolve) => setTimeout(resolve, phaseMs));
    while (this.candidates.length < candidates) await this.join();
    await this.renewed(1);
  }

  async join(): Promise<Candidate> {
    const name = `${this.lease}-${this.candidates.length}`;
    const { server, folder } = this.#cluster;
    const place = { kubeconfig: server.kubeconfig, folder };
    const candidate = await startCandidate(this.#options.library, name, { ...this.#options, ...place });
    this.candidates.push(candidate);
    return candidate;
  }

  /** So many further renewals of whoever holds it then. */
  async renewed(count: number): Promise<void> {
    const since = process.hrtime.bigint();
    const times = new Set<string | null>();
    const { length } = this.watch.looks;
    const before = this.watch.looks[length - 1]?.renewTime ?? null;
    times.add(before);
    await this.watch.until(
      ({ holder, renewTime }) => isElector(holder) && times.add(renewTime).size > count,
      `${count} renewals of ${this.lease}`,
      { since, timeoutMs: 30_000 + count * 5_000 },
    );
  }

  /** Runs a verb to its end, with `--yes -o json` and a journal folder of its own. */
  async run(verb: string, flags: readonly string[], wall?: WallClock): Promise<VerbRun> {
    const startedAt = process.hrtime.bigint();
    const { code, stdout, stderr } = await kle([verb, this.lease, '--yes', '-o', 'json', ...flags], {
      kubeconfig: this.#cluster.server.kubeconfig,
      env: { XDG_STATE_HOME: this.#state, ...wall?.env },
    });
    const endedAt = process.hrtime.bigint();
    await this.#caughtUp();
    if (!stdout.startsWith('{')) throw new Error(`kle ${verb} ${this.lease}: exit ${code}\n${stdout}${stderr}`);
    return { code, result: JSON.parse(stdout), said: stderr, startedAt, endedAt };
  }

  /** What a verb must leave: no journal, no annotation of kle's. */
  async leftovers(): Promise<string[]> {
    const { metadata } = await this.#cluster.stranger.get(this.lease);
    const marks = Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith('kle.dev/'));
    try {
      return [...marks, ...readdirSync(join(this.#state, 'kle', 'operations'))];
    } catch {
      return marks;
    }
  }

  holder(): string {
    return this.watch.holder;
  }

  units(): Unit[] {
    const units = this.candidates.flatMap((candidate) => candidate.units());
    return units.sort((a, b) => (a.mono < b.mono ? -1 : a.mono > b.mono ? 1 : 0));
  }

  /**
   * The first look since the verb began that nobody leads (kle holds it, or nobody does), and the first write of the next
   * leader's own after that: not the one in which kle names it (`named`).
   */
  async handOver({ startedAt, said }: VerbRun, named = false): Promise<{ taken: LeaseLook; next: LeaseLook }> {
    const taken = await this.watch.until(({ holder }) => !isElector(holder), `taking of ${this.lease}: ${said}`, {
      since: startedAt,
    });
    const after = (look: LeaseLook) => look.mono >= taken.mono && isElector(look.holder);
    const isOwn = (look: LeaseLook) => {
      const given = named ? this.watch.looks.find(after)?.renewTime : undefined;
      return isElector(look.holder) && look.renewTime !== given;
    };
    const next = await this.watch.until(isOwn, `next leader of ${this.lease}: ${said}`, { since: taken.mono });
    return { taken, next };
  }

  /** How far renewTime was from this machine's clock when the look came, for each look of kle's own writes. */
  timesOfKle(since: bigint): number[] {
    return this.#since(since)
      .filter(({ holder, renewTime }) => !isElector(holder) && renewTime !== null)
      .map(({ mono, renewTime }) => renewedMs(renewTime) - wallMs(mono));
  }

  async close(): Promise<void> {
    this.#cluster.forget(this);
    this.watch.close();
    await Promise.all(this.candidates.map((candidate) => candidate.end()));
  }

  /** The watch may be behind what kle has seen. */
  async #caughtUp(): Promise<void> {
    const { metadata } = await this.#cluster.stranger.get(this.lease);
    const version = BigInt(metadata.resourceVersion ?? 0);
    await this.watch.until((look) => BigInt(look.resourceVersion) >= version, `version ${version} of ${this.lease}`);
  }

  #since(since: bigint): LeaseLook[] {
    return this.watch.looks.filter(({ mono }) => mono >= since);
  }

  #candidate(index: number): Candidate {
    return need(this.candidates[index], `candidate ${index} of ${this.lease}`);
  }
}

const isElector = (holder: string) => holder !== '' && !holder.startsWith('kle/');

export const renewedMs = (renewTime: string | null): number => Number(parseMicroTime(renewTime ?? '')) / 1000;

/** This machine's wall clock at that monotonic time. */
const wallMs = (mono: bigint): number => Date.now() - ms(process.hrtime.bigint() - mono);

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
}
