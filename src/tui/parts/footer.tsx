import type { ReactElement } from 'react';
import { safe } from '../../view/safe.js';
import type { ScreenTheme } from '../../view/screen-theme.js';
import type { KeyHint } from '../keys.js';
import { Line, type Pieces, piecesWidth } from './line.js';

export interface FooterProps {
  columns: number;
  hints: readonly KeyHint[];
  /** What is typed after `/`; null: nothing is being typed. */
  typing: string | null;
  /** Shown at the right where there is room. */
  note: string;
  theme: ScreenTheme;
}

/** The last row: the keys that do something now. */
export function Footer({ columns, hints, typing, note, theme }: FooterProps): ReactElement {
  const prompt: Pieces = typing === null ? [] : [{ text: `/${safe(typing)}_  `, paint: theme.strong }];
  const left: Pieces[number][] = [...prompt];
  fitting(hints, columns - piecesWidth(prompt)).forEach(({ key, does }, i) => {
    left.push({ text: i === 0 ? key : `  ${key}`, paint: theme.strong }, { text: ` ${does}`, paint: theme.faint });
  });
  return <Line columns={columns} left={left} right={note === '' ? [] : [{ text: note, paint: theme.faint }]} />;
}

/** As many as fit: first the last two, which are the way out and the help with all the others, then as they come. */
function fitting(hints: readonly KeyHint[], columns: number): KeyHint[] {
  const length = ({ key, does }: KeyHint) => key.length + does.length + 3;
  // Nothing stands after the last one.
  let left = columns + 2;
  const taken = new Set<KeyHint>();
  for (const hint of [...hints.slice(-2).reverse(), ...hints.slice(0, -2)]) {
    if (length(hint) > left) continue;
    left -= length(hint);
    taken.add(hint);
  }
  return hints.filter((hint) => taken.has(hint));
}
