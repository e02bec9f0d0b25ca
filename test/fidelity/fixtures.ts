/** The committed answers of the real server: one file a topic, a line for what fits on one. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Answer } from './play.js';
import { isObject } from './references.js';
import type { Json } from './sequence.js';

/** Answers by the name of the sequence. */
export type Recording = { [sequence: string]: Answer[] };

const WIDTH = 140;

export const fixtureFile = (topic: string): string =>
  fileURLToPath(new URL(`./fixtures/${topic}.json`, import.meta.url));

export async function readFixture(topic: string): Promise<Recording> {
  return JSON.parse(await readFile(fixtureFile(topic), 'utf8')) as Recording;
}

export const fixtureText = (recording: Recording): string => `${layOut(recording as unknown as Json)}\n`;

function layOut(value: Json, indent = ''): string {
  const line = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || indent.length + line.length <= WIDTH) return line;
  const inner = `${indent}  `;
  const members = isObject(value)
    ? Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${layOut(member, inner)}`)
    : (value as Json[]).map((item) => layOut(item, inner));
  const [open, close] = isObject(value) ? '{}' : '[]';
  return `${open}\n${members.map((member) => inner + member).join(',\n')}\n${indent}${close}`;
}
