/** The text of a watch: bytes -> lines -> events. */
import type { ApiFailure } from '../../lease/api.js';
import { readLease } from '../../lease/record.js';
import { failureOfStatusObject, type Target } from '../failure.js';
import type { Change } from './watch-states.js';

/** etcd takes no object beyond 1.5 MiB; escaping cannot make more than six times that of it. */
const LONGEST_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Cuts bytes at newlines, so that neither a line nor a character is broken where a chunk ends. */
export class LineSplitter {
  #parts: Buffer[] = [];
  #bytes = 0;

  /** The lines that this chunk completes; undefined when a line grew too long. */
  push(chunk: Buffer): string[] | undefined {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#parts.push(chunk.subarray(from, at));
      lines.push(Buffer.concat(this.#parts).toString('utf8'));
      this.#parts = [];
      this.#bytes = 0;
      from = at + 1;
    }
    this.#parts.push(chunk.subarray(from));
    this.#bytes += chunk.length - from;
    return this.#bytes > LONGEST_LINE_BYTES ? undefined : lines;
  }
}

export type WatchLine =
  | { type: 'changed'; change: Change; version: string }
  | { type: 'bookmark'; version: string }
  | { type: 'failed'; failure: ApiFailure }
  | { type: 'garbage'; failure: ApiFailure };

const CHANGES: Readonly<Record<string, Change['type']>> = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' };

/** Reads one line. Never throws. */
export function readWatchLine(line: string, target: Target): WatchLine {
  let event: { type?: unknown; object?: unknown } | null;
  try {
    event = JSON.parse(line);
  } catch {
    return garbage('a line of the watch is not JSON');
  }
  const type = typeof event?.type === 'string' ? event.type : '';
  if (type === 'ERROR') {
    const failure = failureOfStatusObject(event?.object, target);
    return failure ? { type: 'failed', failure } : garbage('an ERROR event of the watch carries no Status');
  }
  const record = readLease(event?.object);
  const version = record.resourceVersion;
  if (version === null) return garbage('an event of the watch has no resourceVersion');
  if (type === 'BOOKMARK') return { type: 'bookmark', version };
  const change = CHANGES[type];
  if (!change || record.name === '') return garbage('a line of the watch is no event of a Lease');
  return { type: 'changed', change: { type: change, record }, version };
}

export function garbage(message: string): WatchLine & { type: 'garbage' } {
  return {
    type: 'garbage',
    failure: { kind: 'not-kubernetes', status: 200, contentType: 'application/json', message },
  };
}
