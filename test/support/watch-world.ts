/** A store of Leases with a past, behind the ports of a watch, and every way in which a server or network misbehaves. */

import type { StreamSink } from '../../src/kube/http/stream.js';
import type { WatchPorts } from '../../src/kube/watch/watch.js';
import type { Answer, ApiFailure, LeaseList } from '../../src/lease/api.js';
import { type LeaseObject, readLease } from '../../src/lease/record.js';
import { FakeClock } from './fake-clock.js';

interface Stream {
  sink: StreamSink;
  sent: number;
  open: boolean;
  paused: boolean;
  pending: Buffer;
}

export const UNREACHABLE: ApiFailure = { kind: 'unreachable', server: 's', code: 'ECONNRESET', message: 'reset' };

export class WatchWorld {
  readonly clock = new FakeClock();
  readonly store = new Map<string, LeaseObject>();
  readonly requests: string[] = [];
  failNext = 0;
  #history: { version: number; line: string }[] = [];
  #version = 100;
  #oldest = 100;
  #uids = 0;
  #stream: Stream | undefined;
  #lists: (() => void)[] = [];

  ports(signal?: AbortSignal, random = () => 0.5): WatchPorts {
    return {
      clock: this.clock,
      random,
      signal,
      target: { verb: 'watch', resource: 'leases' },
      list: () => new Promise((resolve) => this.#lists.push(() => resolve(this.#list()))),
      open: (query, sink) => this.#open(Number(query.resourceVersion), sink),
    };
  }

  write(name: string): void {
    const known = this.store.get(name);
    const version = ++this.#version;
    const uid = known?.metadata.uid ?? `uid-${++this.#uids}`;
    const lease = { metadata: { name, namespace: 'n', uid, resourceVersion: String(version) }, spec: { é: '☃' } };
    this.store.set(name, lease);
    this.#tell(version, known ? 'MODIFIED' : 'ADDED', lease);
  }

  delete(name: string): void {
    const known = this.store.get(name);
    if (!known) return;
    const version = ++this.#version;
    this.store.delete(name);
    this.#tell(version, 'DELETED', { ...known, metadata: { ...known.metadata, resourceVersion: String(version) } });
  }

  /** Forgets the past: older versions are 410 from now on. */
  compact(): void {
    this.#oldest = this.#version;
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(this.#version) } };
    if (this.#stream) this.#enqueue(this.#stream, `${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  raw(text: string): void {
    if (this.#stream) this.#enqueue(this.#stream, text);
  }

  /** Answers the list that waits, if any. */
  answerList(): void {
    this.#lists.shift()?.();
  }

  /** Lets up to that many bytes arrive. */
  deliver(bytes: number): void {
    const stream = this.#stream;
    if (!stream?.open || stream.paused) return;
    const chunk = stream.pending.subarray(0, bytes);
    stream.pending = stream.pending.subarray(bytes);
    if (chunk.length > 0) stream.sink.onChunk(Buffer.from(chunk));
  }

  /** The connection ends, in good order (null) or not. What has not arrived is lost. */
  end(failure: ApiFailure | null): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream?.open) stream.sink.onEnd(failure);
  }

  /** Completes the opening of a stream that was asked for. */
  accept(): void {
    const stream = this.#stream;
    if (!stream || stream.open) return;
    stream.open = true;
    if (this.failNext > 0) {
      this.failNext--;
      this.end(UNREACHABLE);
    } else {
      stream.sink.onOpen();
    }
  }

  get version(): number {
    return this.#version;
  }

  get paused(): boolean {
    return this.#stream?.paused ?? false;
  }

  get streaming(): boolean {
    return this.#stream?.open ?? false;
  }

  #list(): Answer<LeaseList> {
    this.requests.push('list');
    const times = { sentMs: this.clock.monoMs(), receivedMs: this.clock.monoMs() };
    if (this.failNext > 0) {
      this.failNext--;
      return { ok: false, failure: UNREACHABLE, mayHaveApplied: false, times };
    }
    const items = [...this.store.values()].map(readLease);
    return { ok: true, value: { items, resourceVersion: String(this.#version) }, times };
  }

  #open(version: number, sink: StreamSink) {
    this.requests.push(`watch ${version}`);
    const past = this.#history.filter((event) => event.version > version);
    const gone = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
    const text =
      version < this.#oldest
        ? `${JSON.stringify({ type: 'ERROR', object: gone })}\n`
        : past.map((event) => event.line).join('');
    const stream: Stream = { sink, sent: version, open: false, paused: false, pending: Buffer.from(text) };
    this.#stream = stream;
    return {
      pause: () => {
        stream.paused = true;
      },
      resume: () => {
        stream.paused = false;
      },
      close: () => {
        if (this.#stream === stream) this.#stream = undefined;
        stream.open = false;
      },
    };
  }

  #tell(version: number, type: string, object: LeaseObject): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#history.push({ version, line });
    if (this.#stream) this.#enqueue(this.#stream, line);
  }

  #enqueue(stream: Stream, text: string): void {
    stream.pending = Buffer.concat([stream.pending, Buffer.from(text)]);
  }
}
