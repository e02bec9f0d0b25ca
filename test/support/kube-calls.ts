/** Plain requests to an API server, with nothing of kle in them. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';
import { onLines } from './child.js';

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    annotations?: Record<string, string>;
    managedFields?: { manager: string; operation: string; fieldsV1: object }[];
    [more: string]: unknown;
  };
  spec?: Record<string, unknown> | null;
  status?: Record<string, unknown>;
}

export class KubeCalls {
  readonly #server: string;
  readonly #agent: Agent;
  readonly #headers: Record<string, string>;

  /** `userAgent`: what the server makes the field manager of. */
  constructor(kubeconfig: string, userAgent?: string) {
    const config = parse(readFileSync(kubeconfig, 'utf8'));
    const { cluster } = config.clusters[0];
    const { user } = config.users[0];
    const part = (name: string, from: Record<string, string>) =>
      from[`${name}-data`] ? Buffer.from(from[`${name}-data`] ?? '', 'base64') : from[name] && readFileSync(from[name]);
    this.#server = cluster.server;
    this.#headers = {
      ...(user.token ? { authorization: `Bearer ${user.token}` } : {}),
      ...(userAgent ? { 'user-agent': userAgent } : {}),
    };
    this.#agent = new Agent({
      keepAlive: true,
      ca: part('certificate-authority', cluster) || undefined,
      cert: part('client-certificate', user) || undefined,
      key: part('client-key', user) || undefined,
    });
  }

  async call(
    method: string,
    path: string,
    body: object | string = '',
    type = 'application/json',
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      // Node frames no body of a DELETE by itself.
      const length = { 'content-length': Buffer.byteLength(text) };
      const headers = { ...this.#headers, 'content-type': type, ...length };
      const call = request(`${this.#server}${path}`, { method, agent: this.#agent, headers }, (answer) => {
        let told = '';
        answer.setEncoding('utf8').on('data', (more: string) => {
          told += more;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: told }));
      });
      call.on('error', reject).end(text);
    });
  }

  /** The object that comes back; throws where the answer is no 2xx. */
  async must(method: string, path: string, body: object | string = '', type?: string): Promise<KubeObject> {
    const answer = await this.call(method, path, body, type);
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body) as KubeObject;
  }

  /** Resolves once the watch is open. The returned function closes it. `onEnd`: the server has ended it. */
  watch(path: string, onLine: (line: string) => void, onEnd = () => {}): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const url = `${this.#server}${path}`;
      const call = request(url, { agent: this.#agent, headers: this.#headers }, (answer) => {
        if (answer.statusCode !== 200) return reject(new Error(`watch of ${path}: ${answer.statusCode}`));
        onLines(answer.setEncoding('utf8'), onLine);
        answer.on('error', () => {});
        let open = true;
        answer.on('close', () => open && onEnd());
        resolve(() => {
          open = false;
          call.destroy();
        });
      });
      call.on('error', reject).end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
