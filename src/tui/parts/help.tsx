import { Box } from 'ink';
import type { ReactElement } from 'react';
import type { ScreenTheme } from '../../view/screen-theme.js';
import { wrap } from '../../view/wrap.js';
import type { KeyHint } from '../keys.js';
import { cell, Line, type Pieces } from './line.js';

export interface HelpProps {
  keys: readonly KeyHint[];
  columns: number;
  rows: number;
  theme: ScreenTheme;
}

const WORDS: readonly [string, string][] = [
  ['observed', 'kle saw the renewal, or none for the whole duration'],
  ['server-clock', "told by the API server's stamp of the last renewal"],
  ['writer-clock', "told by renewTime, which is as right as the holder's clock"],
  ['LATE', 'not renewed for half of its duration'],
  ['expired', 'not renewed for all of it; its holder may still be working'],
];

const WORD = 14;

/** Keys, and the words of the screen. */
export function Help({ keys, columns, rows, theme }: HelpProps): ReactElement {
  const lines: Pieces[] = [];
  const add = (word: string, text: string) =>
    wrap(text, Math.max(8, columns - WORD)).forEach((part, i) => {
      lines.push([{ text: cell(i === 0 ? word : '', WORD), paint: theme.strong }, part]);
    });
  lines.push([{ text: 'KEYS', paint: theme.faint }]);
  for (const { key, does } of keys) add(key, does);
  lines.push([''], [{ text: 'WORDS', paint: theme.faint }]);
  for (const [word, text] of WORDS) add(word, text);
  return (
    <Box flexDirection="column">
      {lines.slice(0, rows).map((left, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a screen have no other identity than their place
        <Line key={row} columns={columns} left={left} />
      ))}
    </Box>
  );
}
