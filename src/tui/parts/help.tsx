import { Box } from 'ink';
import type { ReactElement } from 'react';
import type { ScreenTheme } from '../../view/screen-theme.js';
import type { KeyHint } from '../keys.js';
import { cell, Line, type Pieces } from './line.js';

export interface HelpProps {
  keys: readonly KeyHint[];
  columns: number;
  rows: number;
  theme: ScreenTheme;
}

const WORDS: readonly [string, string][] = [
  ['observed', 'kle saw the renewal, or saw none for the whole duration, on its own clock'],
  ['server-clock', "told by the API server's stamp of the last renewal"],
  ['writer-clock', "told by renewTime, which is as right as the holder's clock"],
  ['LATE', 'not renewed for half of its duration'],
  ['expired', 'not renewed for all of it; its holder may still be working'],
];

/** Keys, and the words of the screen. */
export function Help({ keys, columns, rows, theme }: HelpProps): ReactElement {
  const line = (word: string, text: string): Pieces => [{ text: cell(word, 14), paint: theme.strong }, text];
  const lines: Pieces[] = [
    [{ text: 'KEYS', paint: theme.faint }],
    ...keys.map(({ key, does }) => line(key, does)),
    [''],
    [{ text: 'WORDS', paint: theme.faint }],
    ...WORDS.map(([word, text]) => line(word, text)),
  ];
  return (
    <Box flexDirection="column">
      {lines.slice(0, rows).map((left, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a screen have no other identity than their place
        <Line key={row} columns={columns} left={left} />
      ))}
    </Box>
  );
}
