/** The side of a fault proxy that one client sees: its port, its kubeconfig, its faults. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { Exchange } from './fault-proxy-exchange.js';
import { Port } from './fault-proxy-port.js';
import { type Fault, type Match, type ProxiedRequest, Rule } from './fault-proxy-rules.js';
import type { Upstream } from './fault-proxy-upstream.js';
import type { Pair } from './test-certificates.js';

export interface ClientOptions {
  /** The API server sees the user of that token instead of the kubeconfig's. */
  readonly token?: string;
  /** Offers HTTP/2 as an API server does. Then `reset` takes along all requests of the client. */
  readonly http2?: boolean;
}

export interface PlantedFault {
  /** Those that met it. */
  readonly hits: readonly ProxiedRequest[];
  /** Resolves with the first, or the `count`-th, that met it, past or to come. */
  hit(count?: number, timeoutMs?: number): Promise<ProxiedRequest>;
  /** Of `hold`: passes on what is held, in order, each when the one before has its answer. Resolves after the last. */
  deliver(): Promise<ProxiedRequest[]>;
  /** Meets no more requests. Those that it has met stay as they are. */
  remove(): void;
}

export interface FaultClient {
  readonly name: string;
  /** Path of a file. */
  readonly kubeconfig: string;
  readonly server: URL;
  readonly requests: readonly ProxiedRequest[];
  fault(match: Match, fault: Fault): PlantedFault;
  /** Resolves with the first request that is, was or becomes so; asked again at each thing that happens to it. */
  waitFor(predicate: (request: ProxiedRequest) => boolean, timeoutMs?: number): Promise<ProxiedRequest>;
  /** Nothing listens (`closed`), or each connection is reset as it comes. What is open is reset in both cases. */
  refuse(how?: 'closed' | 'reset'): Promise<void>;
  /** Connections can be opened, and that is all; what is open falls silent in both directions. */
  blackhole(): void;
  /** Ends the open watches: as a server does at its timeout, or by a reset. Resolves with how many. */
  cutWatches(how?: 'end' | 'reset'): number;
  /** Open watches and later ones bring nothing until `heal`, which brings what was missed. Resolves with how many. */
  stallWatches(): number;
  /**
   * All faults end. What was delayed, stalled or withheld goes on at once; what was dropped, or held and not delivered,
   * is never passed on, and its connection is reset.
   */
  heal(): Promise<void>;
  close(): Promise<void>;
}

export interface Near {
  readonly folder: string;
  readonly ca: string;
  readonly certificate: Pair;
  readonly upstream: Upstream;
  readonly namespace: string;
  /** Of all clients. */
  readonly requests: ProxiedRequest[];
}

const WAIT_MS = 60_000;

export async function openClient(name: string, options: ClientOptions, near: Near): Promise<FaultClient> {
  const client = new Client(name, options, near);
  await client.open();
  return client;
}

class Client implements FaultClient {
  readonly name: string;
  readonly requests: ProxiedRequest[] = [];
  kubeconfig = '';
  server = new URL('https://127.0.0.1');
  readonly #near: Near;
  readonly #token = randomBytes(16).toString('hex');
  readonly #port: Port;
  readonly #exchanges = new Set<Exchange>();
  /** In order of arrival, and for good: a test asks what met a fault when all is over. */
  readonly #met = new Map<Exchange, Rule>();
  readonly #waiting = new Set<() => void>();
  #rules: Rule[] = [];
  #watchesStalled = false;

  constructor(name: string, options: ClientOptions, near: Near) {
    this.name = name;
    this.#near = near;
    this.#port = new Port({ ...near.certificate, http2: options.http2 ?? false }, (request, response, reset) => {
      const exchange = new Exchange(request, response, {
        client: name,
        token: this.#token,
        upstream: near.upstream,
        reset,
        arrived: () => this.#arrived(exchange),
        changed: () => this.#changed(),
        over: () => void this.#exchanges.delete(exchange),
      });
      this.#exchanges.add(exchange);
      void exchange.run();
    });
  }

  async open(): Promise<void> {
    this.server = new URL(`https://127.0.0.1:${await this.#port.open()}`);
    this.kubeconfig = join(this.#near.folder, `${this.name}.kubeconfig`);
    await writeFile(this.kubeconfig, this.#kubeconfigText(), { mode: 0o600 });
  }

  fault(match: Match, fault: Fault): PlantedFault {
    const rule = new Rule(match, fault);
    this.#rules.unshift(rule);
    const met = () => [...this.#met].filter(([, by]) => by === rule).map(([exchange]) => exchange);
    return {
      get hits() {
        return met().map(({ record }) => record);
      },
      hit: (count = 1, timeoutMs = WAIT_MS) =>
        this.#until(() => met()[count - 1]?.record, `hit number ${count} of ${fault.do}`, timeoutMs),
      deliver: async () => {
        const delivered: ProxiedRequest[] = [];
        for (const exchange of met()) if (await exchange.deliver()) delivered.push(exchange.record);
        return delivered;
      },
      remove: () => {
        this.#rules = this.#rules.filter((other) => other !== rule);
      },
    };
  }

  waitFor(predicate: (request: ProxiedRequest) => boolean, timeoutMs = WAIT_MS): Promise<ProxiedRequest> {
    return this.#until(() => this.requests.find(predicate), 'such a request', timeoutMs);
  }

  refuse(how: 'closed' | 'reset' = 'closed'): Promise<void> {
    return this.#port.refuse(how);
  }

  blackhole(): void {
    this.#port.blackhole();
    for (const exchange of this.#exchanges) exchange.withhold();
  }

  cutWatches(how: 'end' | 'reset' = 'end'): number {
    const watches = this.#watches();
    for (const watch of watches) watch.cut(how);
    return watches.length;
  }

  stallWatches(): number {
    this.#watchesStalled = true;
    const watches = this.#watches();
    for (const watch of watches) watch.withhold();
    return watches.length;
  }

  async heal(): Promise<void> {
    this.#rules = [];
    this.#watchesStalled = false;
    for (const exchange of [...this.#exchanges]) exchange.heal();
    await this.#port.heal();
  }

  async close(): Promise<void> {
    await this.#port.refuse('closed');
    for (const exchange of [...this.#exchanges]) exchange.abandon();
  }

  #watches(): Exchange[] {
    return [...this.#exchanges].filter(({ record }) => record.verb === 'watch' && record.answered !== null);
  }

  /** What is to happen to it. */
  #arrived(exchange: Exchange): Fault {
    const { record } = exchange;
    record.number = this.#near.requests.push(record);
    this.requests.push(record);
    if (this.#port.network === 'blackhole') return { do: 'drop' };
    const rule = this.#rules.find((each) => each.takes(record));
    if (rule !== undefined) this.#met.set(exchange, rule);
    if (rule === undefined && record.verb === 'watch' && this.#watchesStalled) return { do: 'stall' };
    return rule?.fault ?? { do: 'pass' };
  }

  #changed(): void {
    for (const look of [...this.#waiting]) look();
  }

  #until<T>(find: () => T | undefined, what: string, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        done();
        resolve(found);
      };
      const timer = setTimeout(() => {
        done();
        const last = this.requests.slice(-8).map(({ method, path, status }) => `  ${method} ${path} ${status}`);
        reject(new Error(`${this.name}: no ${what} within ${timeoutMs} ms; the last requests:\n${last.join('\n')}`));
      }, timeoutMs);
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  #kubeconfigText(): string {
    const authority = Buffer.from(this.#near.ca).toString('base64');
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'proxy', cluster: { server: this.server.origin, 'certificate-authority-data': authority } }],
      users: [{ name: this.name, user: { token: this.#token } }],
      contexts: [{ name: this.name, context: { cluster: 'proxy', user: this.name, namespace: this.#near.namespace } }],
      'current-context': this.name,
    });
  }
}
