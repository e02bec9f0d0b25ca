/** The fixtures say what a real kube-apiserver answers today. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureFile, fixtureText, type Recording, readFixture } from '../fidelity/fixtures.js';
import { record } from '../fidelity/record.js';
import { topics } from '../fidelity/sequences/index.js';

let recordings: { [topic: string]: Recording };
beforeAll(async () => {
  recordings = await record();
}, 180_000);

describe.each(Object.entries(topics))('%s (node scripts/record-corpus.mjs records anew)', (topic, sequences) => {
  it('is laid out as it is recorded', async () => {
    expect(await readFile(fixtureFile(topic), 'utf8')).toBe(fixtureText(recordings[topic] ?? {}));
  });

  it.each(sequences)('$name', async ({ name }) => {
    const fixture = await readFixture(topic);
    expect(recordings[topic]?.[name]).toEqual(fixture[name]);
  });
});
