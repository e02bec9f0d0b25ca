/** Plays the corpus on a real server; what comes out is what the fixtures hold. */
import type { Recording } from './fixtures.js';
import { normalise } from './normalise.js';
import { play } from './play.js';
import type { Sequence } from './sequence.js';
import { topics } from './sequences/index.js';
import { realServer } from './servers.js';
import type { Target } from './target.js';

const ATTEMPTS = 5;

/** The recordings by topic; only the given topics when there are any. */
export async function record(only: string[] = []): Promise<{ [topic: string]: Recording }> {
  const wanted = Object.entries(topics).filter(([topic]) => only.length === 0 || only.includes(topic));
  const all = wanted.flatMap(([topic, sequences]) => sequences.map((sequence) => ({ topic, sequence })));
  const [cached, uncached] = await Promise.all([realServer(), realServer(true)]);
  try {
    const recordings: { [topic: string]: Recording } = Object.fromEntries(wanted.map(([topic]) => [topic, {}]));
    const one = async (index: number) => {
      const entry = all[index];
      if (!entry) return;
      const { topic, sequence } = entry;
      const answers = await recorded(sequence.uncached ? uncached : cached, sequence, index);
      Object.assign(recordings[topic] ?? {}, { [sequence.name]: answers });
    };
    const indices = (slow: boolean) => all.flatMap(({ sequence }, i) => ((sequence.slow ?? false) === slow ? [i] : []));
    await Promise.all([...indices(true).map(one), inOrder(indices(false), one)]);
    return Object.fromEntries(wanted.map(([topic, sequences]) => [topic, ordered(recordings[topic] ?? {}, sequences)]));
  } finally {
    await Promise.all([cached.stop(), uncached.stop()]);
  }
}

async function inOrder(indices: number[], run: (index: number) => Promise<void>): Promise<void> {
  for (const index of indices) await run(index);
}

const ordered = (recording: Recording, sequences: Sequence[]): Recording =>
  Object.fromEntries(sequences.map(({ name }) => [name, recording[name] ?? []]));

/** Again when the real clock ran ahead of a timed sequence. */
async function recorded(target: Target, sequence: Sequence, index: number): Promise<Recording[string]> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const transcript = await play(target, sequence, `fidelity-${index}-${attempt}`);
    if (!sequence.timed || !transcript.late) return normalise(transcript, sequence.generated);
  }
  throw new Error(`${sequence.name}: never within a second in ${ATTEMPTS} attempts`);
}
