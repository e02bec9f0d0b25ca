import type { Answer, LeaseList, LeaseWatchEvent } from '../lease/api.js';
import type { Clock } from '../platform/clock.js';
import type { Target } from './failure.js';
import type { StreamHandle, StreamSink } from './transport.js';

export interface WatchPorts {
  clock: Clock;
  random: () => number;
  signal: AbortSignal | undefined;
  target: Target;
  list(signal: AbortSignal): Promise<Answer<LeaseList>>;
  open(query: Record<string, string | number>, sink: StreamSink): StreamHandle;
}

export function watchLeases(_: WatchPorts): AsyncIterable<LeaseWatchEvent> {
  throw new Error('not built yet');
}
