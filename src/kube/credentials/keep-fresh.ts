/** Credentials of a process that lives long: looked up anew beside its requests, so that none of them waits for it. */
import type { Clock } from '../../platform/clock.js';

/** A credential that expires. */
export interface Expiring {
  /** Milliseconds until it is to be looked up anew, zero or less when that is due; null: nothing is known of its end. */
  dueInMs(): number | null;
  /** Looks it up anew while the old one is given out still. */
  renew(): Promise<unknown>;
}

/** The wall clock, by which credentials expire, may be stepped. */
const LOOK_MS = 10_000;
/** Between tries that fail. */
const AGAIN_MS = 2_000;

/** Until the returned function is called. Does not keep the process alive. */
export function keepFresh(source: Expiring, clock: Clock): () => void {
  let cancel = () => {};
  let stopped = false;
  const wait = (ms: number) => {
    if (!stopped) cancel = clock.timer(ms, look, { background: true });
  };
  const look = () => {
    const dueMs = source.dueInMs();
    if (dueMs === null || dueMs > 0) return wait(Math.min(dueMs ?? LOOK_MS, LOOK_MS));
    // Whoever needs it when it has expired is told why there is none.
    const again = () => wait(AGAIN_MS);
    source.renew().then(again, again);
  };
  look();
  return () => {
    stopped = true;
    cancel();
  };
}
