/** The fixtures say what a real kube-apiserver answers today. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Recording, readFixture } from '../fidelity/fixtures.js';
import { record } from '../fidelity/record.js';
import { topics } from '../fidelity/sequences/index.js';

let recordings: { [topic: string]: Recording };
beforeAll(async () => {
  recordings = await record();
}, 180_000);

describe.each(Object.entries(topics))('%s (node scripts/record-corpus.mjs records anew)', (topic, sequences) => {
  it.each(sequences)('$name', async ({ name }) => {
    const fixture = await readFixture(topic);
    expect(recordings[topic]?.[name]).toEqual(fixture[name]);
  });
});
