/** One row of the screen, cut to the terminal before it is painted, so that colour never counts as width. */
import { Text } from 'ink';
import type { ReactElement } from 'react';
import { cut, width } from '../../view/safe.js';

/** Safe text (see `view/safe.ts`) and how to paint it. */
export interface Piece {
  text: string;
  paint?: (text: string) => string;
}

export type Pieces = readonly (Piece | string)[];

export interface LineProps {
  columns: number;
  left: Pieces;
  /** Stands at the right edge where there is room for it. */
  right?: Pieces;
}

export function Line({ columns, left, right = [] }: LineProps): ReactElement {
  return <Text wrap="truncate">{lineText(columns, left, right) || ' '}</Text>;
}

/** The same as text. */
export function lineText(columns: number, left: Pieces, right: Pieces = []): string {
  const end = piecesWidth(right);
  const fits = end > 0 && piecesWidth(left) + end + 2 <= columns;
  const begin = painted(left, columns);
  if (!fits) return begin;
  return begin + ' '.repeat(columns - piecesWidth(left) - end) + painted(right, end);
}

function painted(pieces: Pieces, columns: number): string {
  let left = columns;
  let out = '';
  for (const piece of pieces) {
    const { text, paint } = typeof piece === 'string' ? { text: piece, paint: undefined } : piece;
    const shown = cut(text, left);
    left -= width(shown);
    out += paint && shown !== '' ? paint(shown) : shown;
    if (shown !== text) break;
  }
  return out;
}

export const piecesWidth = (pieces: Pieces): number =>
  pieces.reduce((sum, piece) => sum + width(typeof piece === 'string' ? piece : piece.text), 0);

/** Padded or cut to exactly so many columns. */
export function cell(text: string, columns: number): string {
  const shown = cut(text, columns);
  return shown + ' '.repeat(Math.max(0, columns - width(shown)));
}
