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
  for (const { key, does } of fitting(hints, columns - piecesWidth(prompt))) {
    left.push({ text: key, paint: theme.strong }, { text: ` ${does}  `, paint: theme.faint });
  }
  return <Line columns={columns} left={left} right={note === '' ? [] : [{ text: note, paint: theme.faint }]} />;
}

/** As many as fit, the way out among them. */
function fitting(hints: readonly KeyHint[], columns: number): KeyHint[] {
  const length = ({ key, does }: KeyHint) => key.length + does.length + 3;
  const last = hints.at(-1);
  if (!last) return [];
  let left = columns - length(last);
  const others = hints.slice(0, -1).filter((hint) => {
    left -= length(hint);
    return left >= 0;
  });
  return [...others, last];
}
