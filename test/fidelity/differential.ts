/** The same requests to two servers, one after the other, until they disagree. */
import { isDeepStrictEqual } from 'node:util';
import { normalise } from './normalise.js';
import { Operations } from './operations.js';
import { type Answer, Player } from './play.js';
import { events, get, LEASES, lease, post, type Step, watch } from './sequence.js';
import type { SandboxTarget } from './servers.js';
import type { Target } from './target.js';

export interface Difference {
  /** How many operations it takes; the last one shows it. */
  length: number;
  report: string;
}

const SHOWN = 12;
/** Longer than a request takes, so that none is answered in another second than it was asked. */
const MARGIN_MS = 40;

/** `undefined` when the servers agree on every answer and on every event of the watches. */
export async function compare(
  real: Target,
  ours: SandboxTarget,
  seed: number,
  count: number,
): Promise<Difference | undefined> {
  const operations = new Operations(seed);
  const namespace = `differential-${seed}-${count}`;
  const steps: Step[] = [
    get(LEASES, { as: 'start' }),
    watch('all', `${LEASES}?watch=true&resourceVersion={{start.metadata.resourceVersion}}`),
    watch('labelled', `${LEASES}?watch=true&labelSelector=app%3Dx&resourceVersion={{start.metadata.resourceVersion}}`),
    ...Array.from({ length: count }, () => operations.next()),
    post(LEASES, lease('the-last', {}, { labels: { app: 'x' } })),
    events('all', { object: 'the-last' }),
    events('labelled', { object: 'the-last' }),
  ];
  const theirs = await Player.start(real, namespace);
  const mine = await Player.start(ours, namespace);
  try {
    for (const [i, step] of steps.entries()) {
      ours.setSecond(await inOneSecond(real, () => theirs.play(step)));
      const answer = await mine.play(step);
      // Once they disagree on this much, all that follows will differ.
      if (answer?.status !== theirs.transcript.answers[i]?.status) break;
    }
  } finally {
    theirs.end();
    mine.end();
  }
  return firstDifference(steps, literal(theirs), literal(mine));
}

/** Plays on the real server well within one second of its clock and answers which: the sandbox gets the same. */
async function inOneSecond(real: Target, play: () => Promise<Answer | undefined>): Promise<number> {
  if (1_000 - (real.nowMs() % 1_000) < MARGIN_MS) await real.tick();
  const before = Math.floor(real.nowMs() / 1_000);
  const answer = await play();
  const after = Math.floor(real.nowMs() / 1_000);
  // Late all the same: a time in the answer tells.
  const told = after !== before && JSON.stringify(answer?.body ?? null).includes(`${isoSecond(after)}Z"`);
  return told ? after : before;
}

const isoSecond = (second: number): string => new Date(second * 1_000).toISOString().slice(0, 19);

/** Both clocks agree, so times need no symbols. */
function literal({ transcript }: Player): Answer[] {
  return normalise({ ...transcript, seconds: [Number.POSITIVE_INFINITY] }).map(withoutChance);
}

/**
 * kube-apiserver tries a write on the object of its cache first (apiserver storage/etcd3/store.go GuaranteedUpdate). When
 * the cache lags behind a deletion, it warns of the body of a write that it then refuses; else it does not get so far.
 */
function withoutChance(answer: Answer): Answer {
  if (answer.status !== 404 && answer.status !== 409) return answer;
  const { warning: _, ...headers } = answer.headers ?? {};
  return { ...answer, headers };
}

/** Of two collections of events only the first pair that differs. */
function firstEvent(theirs: Answer | undefined, mine: Answer | undefined): string[] {
  const pair = (real: unknown, ours: unknown) => [
    `kube-apiserver: ${JSON.stringify(real)}`,
    `sandbox:        ${JSON.stringify(ours)}`,
  ];
  const [real, ours] = [theirs?.events, mine?.events];
  if (!real || !ours) return pair(theirs, mine);
  const at = real.findIndex((event, i) => !isDeepStrictEqual(event, ours[i]));
  const first = at < 0 ? real.length : at;
  return [`event ${first} of ${real.length} and ${ours.length}:`, ...pair(real[first], ours[first])];
}

function firstDifference(steps: Step[], theirs: Answer[], mine: Answer[]): Difference | undefined {
  for (let i = 0; i < Math.max(theirs.length, mine.length); i++) {
    if (isDeepStrictEqual(theirs[i], mine[i])) continue;
    const last = steps.slice(Math.max(0, i + 1 - SHOWN), i + 1).map((step, j, shown) => {
      const at = i + 1 - shown.length + j;
      return `${at}. ${JSON.stringify(step)}\n     → ${theirs[at]?.status ?? ''}`;
    });
    const report = [`after ${i + 1} operations; the last of them:`, ...last, ...firstEvent(theirs[i], mine[i])];
    return { length: i + 1, report: report.join('\n') };
  }
  return undefined;
}
