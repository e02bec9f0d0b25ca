/** A watch of one Lease with nothing of kle in it, and the writes of a stranger. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';
import { onLines } from './child.js';

export interface LeaseLook {
  /** CLOCK_MONOTONIC in nanoseconds, when the event was read. */
  readonly mono: bigint;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly holder: string;
  readonly resourceVersion: string;
  readonly transitions: number;
  readonly renewTime: string | null;
}

interface LeaseJson {
  metadata: { name: string; resourceVersion?: string; uid?: string; annotations?: Record<string, string> };
  spec?: Record<string, unknown> | null;
}

/** Less than a test may take, so that it is this that fails, with words. */
const WAIT_MS = 15_000;

export class Stranger {
  readonly #server: string;
  readonly #agent: Agent;
  readonly #headers: Record<string, string>;

  constructor(kubeconfig: string) {
    const config = parse(readFileSync(kubeconfig, 'utf8'));
    const { cluster } = config.clusters[0];
    const { user } = config.users[0];
    const part = (name: string, from: Record<string, string>) =>
      from[`${name}-data`] ? Buffer.from(from[`${name}-data`] ?? '', 'base64') : from[name] && readFileSync(from[name]);
    this.#server = cluster.server;
    this.#headers = user.token ? { authorization: `Bearer ${user.token}` } : {};
    this.#agent = new Agent({
      keepAlive: true,
      ca: part('certificate-authority', cluster) || undefined,
      cert: part('client-certificate', user) || undefined,
      key: part('client-key', user) || undefined,
    });
  }

  async get(name: string): Promise<LeaseJson> {
    const { status, body } = await this.#call('GET', name);
    if (status !== 200) throw new Error(`GET ${name}: ${status} ${body}`);
    return JSON.parse(body);
  }

  async create(name: string, spec: Record<string, unknown> | null): Promise<void> {
    const { status, body } = await this.#call('POST', '', leaseText({ metadata: { name }, spec }));
    if (status !== 201) throw new Error(`POST ${name}: ${status} ${body}`);
  }

  /** A merge patch: no compare-and-swap, as `kubectl edit` in a hurry. */
  async patch(name: string, change: { spec?: unknown; metadata?: unknown }): Promise<LeaseJson> {
    const { status, body } = await this.#call('PATCH', name, JSON.stringify(change), 'application/merge-patch+json');
    if (status !== 200) throw new Error(`PATCH ${name}: ${status} ${body}`);
    return JSON.parse(body);
  }

  async delete(name: string): Promise<void> {
    const { status, body } = await this.#call('DELETE', name);
    if (status !== 200) throw new Error(`DELETE ${name}: ${status} ${body}`);
  }

  async list(path: string): Promise<unknown> {
    return JSON.parse((await this.#call('GET', path)).body);
  }

  /** Anything else of the server: `path` begins with /. */
  async ask<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<T> {
    const answer = await this.#call(method, path, body && JSON.stringify(body));
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  /** What the server says to whoever presents that token. */
  async statusFor(token: string, path = `${LEASES}`): Promise<number> {
    return (await this.#call('GET', path, '', 'application/json', { authorization: `Bearer ${token}` })).status;
  }

  /** Resolves once the watch is open; what the Lease is then is the first look, if it is there. */
  watch(name: string): Promise<LeaseWatch> {
    return new Promise((resolve, reject) => {
      const url = `${this.#server}${LEASES}?watch=true&timeoutSeconds=3600&fieldSelector=metadata.name%3D${name}`;
      const call = request(url, { agent: this.#agent, headers: this.#headers }, (answer) => {
        if (answer.statusCode !== 200) return reject(new Error(`watch of ${name}: ${answer.statusCode}`));
        const watch = new LeaseWatch(() => call.destroy());
        onLines(answer.setEncoding('utf8'), (line) => watch.add(line));
        answer.on('error', () => {});
        resolve(watch);
      });
      call.on('error', reject).end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #call(
    method: string,
    name: string,
    body = '',
    type = 'application/json',
    as?: Record<string, string>,
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const headers = { ...(as ?? this.#headers), 'content-type': type };
      const path = name.startsWith('/') ? name : name === '' ? LEASES : `${LEASES}/${name}`;
      // A connection that shows the certificate shows it for every request.
      const { ca } = this.#agent.options;
      const through = as ? { agent: false as const, ca } : { agent: this.#agent };
      const call = request(`${this.#server}${path}`, { method, ...through, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (more: string) => {
          text += more;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
      });
      call.on('error', reject).end(body);
    });
  }
}

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const leaseText = (lease: LeaseJson) =>
  JSON.stringify({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...lease });

export class LeaseWatch {
  readonly looks: LeaseLook[] = [];
  /** Called at each look, before anything else runs. */
  onLook: (look: LeaseLook, before: LeaseLook | undefined) => void = () => {};
  readonly close: () => void;
  readonly #waiting = new Set<() => void>();

  constructor(close: () => void) {
    this.close = close;
  }

  add(line: string): void {
    const mono = process.hrtime.bigint();
    const { type, object } = JSON.parse(line) as { type: LeaseLook['type']; object: LeaseJson };
    if (!['ADDED', 'MODIFIED', 'DELETED'].includes(type)) return;
    const { holderIdentity, leaseTransitions, renewTime } = object.spec ?? {};
    const before = this.looks.at(-1);
    const seen: LeaseLook = {
      mono,
      type,
      holder: type === 'DELETED' ? '' : String(holderIdentity ?? ''),
      resourceVersion: object.metadata.resourceVersion ?? '',
      transitions: Number(leaseTransitions ?? 0),
      renewTime: (renewTime as string | undefined) ?? null,
    };
    this.looks.push(seen);
    this.onLook(seen, before);
    for (const look of [...this.#waiting]) look();
  }

  get holder(): string {
    return this.looks.at(-1)?.holder ?? '';
  }

  /** The first look since `since`, past or to come, that fits. */
  until(
    fits: (look: LeaseLook) => boolean,
    what: string,
    { since = 0n, timeoutMs = WAIT_MS } = {},
  ): Promise<LeaseLook> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.looks.find((each) => each.mono >= since && fits(each));
        if (!found) return;
        done();
        resolve(found);
      };
      const timer = setTimeout(() => {
        done();
        const last = this.looks.slice(-5).map(({ type, holder, mono }) => `  ${mono} ${type} ${holder}`);
        reject(new Error(`no ${what} within ${timeoutMs} ms; the Lease lately:\n${last.join('\n')}`));
      }, timeoutMs);
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
