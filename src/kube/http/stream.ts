/** An answer that is handed on as it comes. */
import type { IncomingMessage } from 'node:http';
import type { ApiFailure } from '../../lease/api.js';
import { failureOfError } from '../failure.js';

/** Receives an answer as it comes. `onEnd` is called once, last, with null when the server ended the answer by itself. */
export interface StreamSink {
  onOpen(): void;
  onChunk(chunk: Buffer): void;
  onEnd(failure: ApiFailure | null): void;
}

export interface StreamHandle {
  pause(): void;
  resume(): void;
  /** Ends the stream; `onEnd` is not called any more. */
  close(): void;
}

export class BodyStream implements StreamHandle {
  /** Aborted when the stream is over, by whichever side. */
  readonly signal: AbortSignal;
  readonly #sink: StreamSink;
  readonly #address: string;
  readonly #closing = new AbortController();
  #head: IncomingMessage | undefined;
  #paused = false;

  /** `given`: the caller's signal, which ends the stream with `aborted`. */
  constructor(sink: StreamSink, address: string, given: AbortSignal | undefined) {
    this.#sink = sink;
    this.#address = address;
    this.signal = given ? AbortSignal.any([given, this.#closing.signal]) : this.#closing.signal;
  }

  /** The head is there; its body is handed on from now. */
  begin(head: IncomingMessage): void {
    this.#head = head;
    this.signal.addEventListener('abort', () => head.destroy(), { once: true });
    this.#sink.onOpen();
    head.on('data', (chunk: Buffer) => {
      if (!this.#closing.signal.aborted) this.#sink.onChunk(chunk);
    });
    if (this.#paused) head.pause();
    head.once('end', () => this.end(null));
    head.once('error', (error) => this.end(failureOfError(error, this.#address)));
    head.once('close', () => this.end({ kind: 'aborted', message: 'the stream was given up' }));
  }

  end(failure: ApiFailure | null): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#sink.onEnd(failure);
  }

  pause(): void {
    this.#paused = true;
    this.#head?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#head?.resume();
  }

  close(): void {
    this.#closing.abort();
  }
}
