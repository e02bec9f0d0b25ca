import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonText } from './json.js';
import { yamlText } from './yaml.js';

const awkward = fc.string({
  unit: fc.constantFrom('a', ' ', '\n', '"', '\\', '\u001b', '\u0085', '\u009b', '\u202e', '\u200b', '#', ':'),
});

it('reads back as it was and holds no character that a terminal obeys', () => {
  fc.assert(
    fc.property(awkward, (text) => {
      const document = { items: [{ holder: text }] };
      for (const [said, back] of [
        [jsonText(document), (said: string) => JSON.parse(said)],
        [yamlText(document), (said: string) => parse(said)],
      ] as const) {
        expect(back(said)).toEqual(document);
        expect(said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028-\u202e]/);
      }
    }),
    { numRuns: 500 },
  );
});
