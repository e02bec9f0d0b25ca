/** Runs the states of a watch: requests, timers, the queue to the consumer. */
import type { Answer, LeaseList, LeaseWatchEvent } from '../../lease/api.js';
import type { Clock } from '../../platform/clock.js';
import type { Target } from '../failure.js';
import { onAbort } from '../http/limits.js';
import type { StreamHandle, StreamSink } from '../http/stream.js';
import { KnownLeases } from './known-leases.js';
import { garbage, LineSplitter, readWatchLine } from './watch-lines.js';
import { WatchQueue } from './watch-queue.js';
import {
  backOffMs,
  begin,
  type Change,
  step,
  type WatchEffect,
  type WatchInput,
  type WatchState,
} from './watch-states.js';

export interface WatchPorts {
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
  signal: AbortSignal | undefined;
  target: Target;
  list(signal: AbortSignal): Promise<Answer<LeaseList>>;
  open(query: Record<string, string | number>, sink: StreamSink): StreamHandle;
}

/** How long the server keeps one stream: a little over a minute, so that an idle watch costs less than one request in it. */
const STREAM_SECONDS = { least: 65, spread: 15 };
/** After its own end of the stream, the server has this long to be heard. */
const GRACE_MS = 5_000;

/**
 * Each iteration is a watch of its own.
 *
 * A half-open connection is noticed within 85 s: the server is asked to end each stream after 65 to 80 s (bookmarks
 * usually come before that), and one that is silent for 5 s more is given up with `disconnected` (timeout).
 *
 * A slow consumer: from 1,024 waiting events on, nothing more is read from the socket and no request is made until 256
 * are left, so memory is bounded by that, one chunk, and twice the Leases in scope (a list that found all of them
 * changed). What the server does not hold back meanwhile comes later as the difference to a fresh list, `found: true`.
 */
export function watchLeases(ports: WatchPorts): AsyncIterable<LeaseWatchEvent> {
  return { [Symbol.asyncIterator]: () => new LeaseWatch(ports) };
}

class LeaseWatch implements AsyncIterator<LeaseWatchEvent, undefined> {
  readonly #ports: WatchPorts;
  readonly #queue = new WatchQueue<LeaseWatchEvent>();
  readonly #known = new KnownLeases();
  #state: WatchState = begin[0];
  #stream: StreamHandle | undefined;
  #listing: AbortController | undefined;
  /** The request that is not made before the consumer has caught up. */
  #held: (() => void) | undefined;
  #paused = false;
  /** Makes what still comes from the current stream unheard. */
  #deafen = () => {};
  #cancelWait = () => {};
  #cancelSilence = () => {};
  #silenceMs = 0;

  constructor(ports: WatchPorts) {
    this.#ports = ports;
    this.#queue.onDrained = () => this.#goOn();
    if (ports.signal) onAbort(ports.signal, this.#stop);
    if (ports.signal?.aborted) this.#stop();
    else for (const effect of begin[1]) this.#run(effect);
  }

  next(): Promise<IteratorResult<LeaseWatchEvent, undefined>> {
    return this.#queue.shift();
  }

  return(): Promise<IteratorResult<LeaseWatchEvent, undefined>> {
    this.#stop();
    return Promise.resolve({ value: undefined, done: true });
  }

  readonly #stop = () => {
    this.#feed({ type: 'stop' });
    // What was not taken yet is of no interest to somebody who has left.
    this.#queue.close(true);
  };

  #feed(input: WatchInput): void {
    const [state, effects] = step(this.#state, input);
    this.#state = state;
    for (const effect of effects) this.#run(effect);
  }

  #run(effect: WatchEffect): void {
    switch (effect.do) {
      case 'list':
        this.#whenRead(() => this.#list());
        break;
      case 'open':
        this.#whenRead(() => this.#open(effect.version));
        break;
      case 'close':
        this.#close();
        break;
      case 'wait': {
        const ms = backOffMs(effect.tries, effect.leastMs, this.#ports.random());
        this.#cancelWait = this.#ports.clock.timer(ms, () => this.#feed({ type: 'waited' }));
        break;
      }
      case 'end':
        this.#ports.signal?.removeEventListener('abort', this.#stop);
        this.#queue.close(false);
        break;
      case 'report-list':
        this.#report(this.#known.relist(effect.list), effect.atMs, true);
        this.#queue.push({ type: 'synced', resourceVersion: effect.list.resourceVersion, atMs: effect.atMs });
        break;
      case 'report-change':
        this.#report(this.#known.change(effect.change), effect.atMs, false);
        break;
      case 'report':
        this.#queue.push(effect.event);
        break;
    }
  }

  #report(changes: readonly Change[], atMs: number, found: boolean): void {
    for (const { type, record } of changes) this.#queue.push({ type, record, atMs, found });
  }

  #list(): void {
    const listing = new AbortController();
    this.#listing = listing;
    void this.#ports.list(listing.signal).then((answer) => {
      if (listing.signal.aborted) return;
      const atMs = answer.times.receivedMs;
      if (answer.ok) this.#feed({ type: 'listed', list: answer.value, atMs });
      else this.#feed({ type: 'failed', failure: answer.failure, atMs });
    });
  }

  #open(resourceVersion: string): void {
    const { random, clock, target } = this.#ports;
    const timeoutSeconds = STREAM_SECONDS.least + Math.floor(random() * (STREAM_SECONDS.spread + 1));
    this.#silenceMs = timeoutSeconds * 1000 + GRACE_MS;
    const lines = new LineSplitter();
    let open = true;
    const feed = (input: WatchInput) => {
      if (open) this.#feed(input);
    };
    this.#deafen = () => {
      open = false;
    };
    this.#stream = this.#ports.open(
      { watch: 1, allowWatchBookmarks: 'true', resourceVersion, timeoutSeconds },
      {
        onOpen: () => feed({ type: 'opened', atMs: clock.monoMs() }),
        onChunk: (chunk) => {
          const atMs = clock.monoMs();
          const complete = lines.push(chunk) ?? [undefined];
          for (const line of complete) {
            if (line === undefined) feed({ ...garbage('a line of the watch is longer than any event'), atMs });
            else if (line.trim() !== '') feed({ ...readWatchLine(line, target), atMs });
          }
          if (open) this.#afterChunk();
        },
        // A last line without its newline was cut; the next stream brings it whole.
        onEnd: (failure) => {
          const atMs = clock.monoMs();
          feed(failure ? { type: 'failed', failure, atMs } : { type: 'ended', atMs });
        },
      },
    );
    this.#listenForSilence();
  }

  #close(): void {
    this.#deafen();
    this.#stream?.close();
    this.#stream = undefined;
    this.#listing?.abort();
    this.#held = undefined;
    this.#paused = false;
    this.#cancelWait();
    this.#cancelSilence();
  }

  #afterChunk(): void {
    if (this.#queue.full && !this.#paused) {
      this.#paused = true;
      this.#stream?.pause();
      // Silence is our own doing now.
      this.#cancelSilence();
    } else if (!this.#paused) {
      this.#listenForSilence();
    }
  }

  #listenForSilence(): void {
    const { clock } = this.#ports;
    this.#cancelSilence();
    this.#cancelSilence = clock.timer(this.#silenceMs, () => {
      const message = `nothing was heard on the watch for ${this.#silenceMs / 1000} s`;
      const failure = { kind: 'timeout', afterMs: this.#silenceMs, message } as const;
      this.#feed({ type: 'silent', failure, atMs: clock.monoMs() });
    });
  }

  #whenRead(request: () => void): void {
    if (this.#queue.full) this.#held = request;
    else request();
  }

  #goOn(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.();
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream?.resume();
    this.#listenForSilence();
  }
}
