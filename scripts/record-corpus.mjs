#!/usr/bin/env node
// Records what a real kube-apiserver answers to the request sequences of test/fidelity/sequences.
//
//   node scripts/record-corpus.mjs            all topics, into test/fidelity/fixtures
//   node scripts/record-corpus.mjs TOPIC...   only these
//
// Needs what `npm run test:cluster` needs. Read the diff before you commit it: `npm test` will hold the sandbox to it.

import { writeFile } from 'node:fs/promises';
import { tsImport } from 'tsx/esm/api';

const { record } = await tsImport('../test/fidelity/record.ts', import.meta.url);
const { fixtureFile, fixtureText } = await tsImport('../test/fidelity/fixtures.ts', import.meta.url);

const recordings = await record(process.argv.slice(2));
for (const [topic, recording] of Object.entries(recordings)) {
  await writeFile(fixtureFile(topic), fixtureText(recording));
  process.stderr.write(`${topic}: ${Object.keys(recording).length} sequences\n`);
}
