/** What a real kube-apiserver answered (fixtures/, recorded by scripts/record-corpus.mjs), asked of the sandbox. */
import { describe, it } from 'vitest';
import { type Recording, readFixture } from './fixtures.js';
import { knownDifferences } from './known-differences.js';
import { normalise } from './normalise.js';
import type { Answer } from './play.js';
import { play } from './play.js';
import type { Sequence } from './sequence.js';
import { topics } from './sequences/index.js';
import { sandbox } from './servers.js';

/** Some sequences wait for a watch to end. */
const SPEED = 10;

/** On a server of its own, so that each sequence has a clock and a history of its own. */
async function replay(sequence: Sequence): Promise<Answer[]> {
  const server = await sandbox({}, SPEED);
  try {
    return normalise(await play(server, sequence, 'fidelity-0'), sequence.generated);
  } finally {
    await server.stop();
  }
}

describe.concurrent.each(Object.entries(topics))('%s', async (topic, sequences) => {
  const fixture: Recording = await readFixture(topic);

  it('has a recording of every sequence and of nothing else', ({ expect }) => {
    expect(Object.keys(fixture)).toEqual(sequences.map(({ name }) => name));
  });

  it.for(sequences)('$name', async (sequence, { expect }) => {
    const answers = await replay(sequence);
    const recorded = fixture[sequence.name];
    const known = knownDifferences[sequence.name];
    if (!known) return expect(answers).toEqual(recorded);
    const differing = answers.flatMap((answer, i) => {
      const { request } = answer;
      return JSON.stringify(answer) === JSON.stringify(recorded?.[i]) ? [] : [request];
    });
    // One that is gone must leave the list.
    expect(differing).toEqual(known.requests);
  });
});

it('knows no differences of sequences that are gone', ({ expect }) => {
  const names = Object.values(topics).flatMap((sequences) => sequences.map(({ name }) => name));
  expect(names).toEqual(expect.arrayContaining(Object.keys(knownDifferences)));
  expect(new Set(names).size).toBe(names.length);
});
