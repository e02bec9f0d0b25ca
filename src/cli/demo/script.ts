/** The demo without a screen: one crash and one hand-over, told line by line as they are seen. */
import type { LeaseApi } from '../../lease/api.js';
import type { FollowEvent, LeaseEvent } from '../../operations/follow/follow.js';
import { wallTimes } from '../../operations/follow/follow-time.js';
import { followUntil } from '../../operations/follow/follow-until.js';
import { leaseStatus } from '../../operations/status/status.js';
import { sleep } from '../../platform/clock.js';
import { statusTable } from '../../view/text/status.js';
import { WatchLines } from '../../view/text/watch.js';
import { themeFor } from '../../view/theme.js';
import type { Context } from '../context.js';
import { type Candidates, LEASE, NAMESPACE } from './candidates.js';

/** Long enough to read a line. */
const READING_MS = 1_200;

export interface Demo {
  context: Context;
  leases: LeaseApi;
  candidates: Candidates;
}

/** Resolves when the story is told; rejects with the interrupt when there was one. */
export async function tellDemo({ context, leases, candidates }: Demo): Promise<void> {
  const { io, clock, signal } = context;
  const theme = await themeFor(io.stdout, io.env);
  const say = (text: string) => io.stdout.write(`\n${text}\n`);
  const events = new Events();
  const over = new AbortController();
  const ports = { leases, clock, signal: AbortSignal.any([signal, over.signal]) };
  const lines = new WatchLines(theme);
  const timeOf = wallTimes({ leases, clock });
  const followed = followUntil({ namespace: NAMESPACE, name: LEASE }, {}, ports, (seen) => {
    for (const event of seen) {
      if (event.type === 'synced' || event.type === 'renewed' || event.type === 'seen') continue;
      io.stdout.write(`  ${lines.line({ event, time: timeOf(event.atMs), verdict: null })}\n`);
    }
    events.take(seen);
  });
  const showStatus = async () => {
    const report = await leaseStatus({ scope: { namespace: NAMESPACE }, names: [LEASE] }, { leases, clock, signal });
    const layout = { wide: false, allNamespaces: false, columns: io.stdout.columns, now: report.now };
    io.stdout.write(`\n${statusTable(report.rows, layout, theme).join('\n')}\n`);
    await sleep(clock, READING_MS, signal);
  };
  try {
    say('Three candidates, red, green and blue, compete for one Lease: each is a `kle acquire` process.');
    const first = await events.leaderAfter(null, signal);
    await showStatus();
    say(`${first.holder} is told to end (SIGTERM). It stops its work and frees the Lease; the standbys are watching.`);
    candidates.of(first.holder)?.signal('SIGTERM');
    const second = await events.leaderAfter(first.holder, signal);
    say(`${second.holder} leads; the Lease was free for ${Math.round(second.leaderlessMs ?? 0)} ms.`);
    await showStatus();
    say(
      `${second.holder} is killed (SIGKILL). Nobody is told, so the Lease must expire first: 3 s after its last renewal.`,
    );
    candidates.of(second.holder)?.signal('SIGKILL');
    const third = await events.leaderAfter(second.holder, signal);
    say(`${third.holder} leads, ${Math.round(third.leaderlessMs ?? 0)} ms after the Lease had expired.`);
    await showStatus();
    say('`kle sandbox` gives you such a cluster to play with; `kle --help` has the rest.');
  } finally {
    over.abort();
    await followed;
  }
}

/** Hands out events in order, each once. */
class Events {
  readonly #seen: LeaseEvent[] = [];
  #wake: () => void = () => {};

  take(events: readonly FollowEvent[]): void {
    for (const event of events) if ('leaderlessMs' in event) this.#seen.push(event);
    this.#wake();
  }

  /** The next term of somebody else than `before`. The Lease may be held already when it is first looked at. */
  async leaderAfter(before: string | null, signal: AbortSignal): Promise<LeaseEvent> {
    for (;;) {
      signal.throwIfAborted();
      const isNew = ({ type, holder }: LeaseEvent) =>
        (type === 'acquired' || type === 'seen') && Boolean(holder) && holder !== before;
      const at = this.#seen.findIndex(isNew);
      const [found] = at === -1 ? [] : this.#seen.splice(0, at + 1).slice(-1);
      if (found) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }
}
