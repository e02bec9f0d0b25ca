import { describeExit, type Exit, onLines, spawnTied, type TiedChild } from './child.js';

export interface ElectorOptions {
  /** One of the electors that `scripts/test-programs.mjs` built. */
  readonly binary: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly lease: string;
  /** Not for controller-runtime, which makes up its own. */
  readonly identity?: string;
  /** Go durations; 15s, 10s and 2s unless given. */
  readonly leaseDuration?: string;
  readonly renewDeadline?: string;
  readonly retryPeriod?: string;
  /** Release on SIGTERM. */
  readonly release?: boolean;
  /** Record Events (controller-runtime always does). */
  readonly events?: boolean;
  /** Of its process alone, such as a wall clock. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface ElectorEvent {
  /** CLOCK_MONOTONIC in nanoseconds: comparable between processes and with `process.hrtime.bigint()` on Linux. */
  readonly mono: bigint;
  /** `work` comes every 50 ms for as long as the library says that it leads. */
  readonly event: 'start' | 'leading' | 'work' | 'stopped' | 'exit';
  readonly identity: string;
}

export interface Elector {
  readonly pid: number;
  readonly identity: string;
  /** Grows while the elector runs. */
  readonly log: readonly ElectorEvent[];
  readonly exited: Promise<Exit>;
  /** The first event, past or to come, that matches; rejects when the elector ends or the time is up without one. */
  waitFor(predicate: (event: ElectorEvent) => boolean, timeoutMs?: number): Promise<ElectorEvent>;
  kill(signal: NodeJS.Signals): void;
  stderrTail(): string;
}

const WAIT_MS = 60_000;

/** Resolves once the elector has said who it is. */
export async function startElector(options: ElectorOptions): Promise<Elector> {
  const child = spawnTied(options.binary, [], { env: environment(options) });
  const log = new ElectorLog(child);
  const start = await log.waitFor(({ event }) => event === 'start', WAIT_MS);
  return {
    pid: child.process.pid ?? -1,
    identity: start.identity,
    log: log.events,
    exited: child.exited,
    waitFor: (predicate, timeoutMs = WAIT_MS) => log.waitFor(predicate, timeoutMs),
    kill: (signal) => void child.process.kill(signal),
    stderrTail: child.stderrTail,
  };
}

class ElectorLog {
  readonly events: ElectorEvent[] = [];
  readonly #child: TiedChild;
  readonly #waiting = new Set<(event: ElectorEvent) => void>();

  constructor(child: TiedChild) {
    this.#child = child;
    onLines(child.process.stdout, (line) => {
      const event = parseEvent(line);
      this.events.push(event);
      for (const look of [...this.#waiting]) look(event);
    });
  }

  async waitFor(predicate: (event: ElectorEvent) => boolean, timeoutMs: number): Promise<ElectorEvent> {
    const past = this.events.find(predicate);
    if (past !== undefined) return past;
    return new Promise((resolve, reject) => {
      const look = (event: ElectorEvent) => {
        if (!predicate(event)) return;
        done();
        resolve(event);
      };
      const fail = (why: string) => {
        done();
        reject(
          new Error(`the elector ${why} before the event came\nlast: ${this.#last()}\n${this.#child.stderrTail()}`),
        );
      };
      const timer = setTimeout(() => fail(`was given ${timeoutMs} ms, which passed`), timeoutMs);
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      void this.#child.exited.then((exit) => fail(describeExit(exit)));
    });
  }

  #last(): string {
    const last = this.events.at(-1);
    return last === undefined ? 'nothing' : last.event;
  }
}

function parseEvent(line: string): ElectorEvent {
  const { mono, event, identity } = JSON.parse(line) as {
    mono: string;
    event: ElectorEvent['event'];
    identity: string;
  };
  return { mono: BigInt(mono), event, identity };
}

function environment(options: ElectorOptions): NodeJS.ProcessEnv {
  const settings = {
    KUBECONFIG: options.kubeconfig,
    ELECTOR_NAMESPACE: options.namespace,
    ELECTOR_LEASE: options.lease,
    ELECTOR_IDENTITY: options.identity,
    ELECTOR_LEASE_DURATION: options.leaseDuration,
    ELECTOR_RENEW_DEADLINE: options.renewDeadline,
    ELECTOR_RETRY_PERIOD: options.retryPeriod,
    ELECTOR_RELEASE: options.release === true ? '1' : undefined,
    ELECTOR_EVENTS: options.events === true ? '1' : undefined,
    ELECTOR_EXIT_WITH_STDIN: '1',
  };
  return { ...process.env, ...settings, ...options.env };
}
