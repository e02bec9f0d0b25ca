/** A request once it is read, authenticated and taken apart, and what is answered to it. */
import type { JsonObject } from '../json/value.js';
import type { User } from './access.js';
import type { RequestInfo } from './request-info.js';

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  header: (name: string) => string | undefined;
  user: User;
  info: RequestInfo;
  auditId: string;
  /** Texts for Warning headers, in order. */
  warnings: string[];
  /** Reads the whole body; rejects with ApiError when it is too large or does not arrive. */
  body: () => Promise<Buffer>;
}

export interface Answer {
  status: number;
  /** An object is written as JSON, a string as it is. */
  body: JsonObject | string;
  contentType?: string;
  headers?: { [name: string]: string };
}

/** A watch: lines to send as they come, until the stream ends. */
export interface StreamAnswer {
  status: 200;
  contentType: string;
  stream: WatchSource;
}

/** What a watch stream draws its lines from; see watch-source.ts. */
export interface WatchSource {
  /** Lines that are ready now; `end` after the last. */
  next(): { lines: string[]; behind: boolean; end: boolean };
  /** Whether history has passed the reader by, so that it can never catch up. */
  isLost(): boolean;
  /** Calls back whenever `next` may have more; the returned function ends that. */
  onReady(callback: () => void): () => void;
}

export const isStream = (answer: Answer | StreamAnswer): answer is StreamAnswer => 'stream' in answer;

/** Adds a warning unless it has been given already. */
export function warn(call: Call, text: string): void {
  if (!call.warnings.includes(text)) call.warnings.push(text);
}
