/** What every request handler needs: the store, the resources, the clock, and the makers of uids and names. */
import { formatMicroTime } from '../../lease/micro-time.js';
import type { Clock } from '../../platform/clock.js';
import type { Resource } from '../resources/resource.js';
import type { Store } from '../store.js';

export interface ApiServer {
  store: Store;
  resources: Resource[];
  clock: Clock;
  newUid: () => string;
  newAuditId: () => string;
  /** Five characters that complete a generateName. */
  nameSuffix: () => string;
  /** Host and port, as discovery answers them. */
  address: string;
  serverVersion: string;
  /** How long a list waits for a revision that is yet to come before it answers 504. */
  futureWaitMs: number;
  bookmarkEveryMs: number;
}

/** Whole seconds, as metadata carries times. */
export const nowText = (server: ApiServer): string =>
  formatMicroTime(server.clock.wallMicros()).replace(/\.\d{6}Z$/, 'Z');

export const nowMs = (server: ApiServer): number => Number(server.clock.wallMicros() / 1000n);

export function findResource(server: ApiServer, group: string, version: string, name: string): Resource | undefined {
  return server.resources.find((r) => r.group === group && r.version === version && r.name === name);
}
