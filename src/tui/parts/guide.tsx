import type { ReactElement } from 'react';
import type { ScreenTheme } from '../../view/screen-theme.js';
import { wrap } from '../../view/wrap.js';
import { Line } from './line.js';

/** For those who see the screen for the first time. */
export interface Guide {
  about: string;
  /** One after the other: the first whose key was not pressed yet. */
  tips: readonly { key: string; text: string }[];
  /** When all were. */
  last: string;
}

export interface GuideProps {
  guide: Guide;
  /** Keys of verbs that were begun. */
  used: readonly string[];
  columns: number;
  theme: ScreenTheme;
}

const MOST_ROWS = 2;

export function GuideLines({ guide, used, columns, theme }: GuideProps): ReactElement {
  const tip = guide.tips.find(({ key }) => !used.includes(key));
  const rows = wrap(tip?.text ?? guide.last, columns).slice(0, MOST_ROWS);
  return (
    <>
      <Line columns={columns} left={[{ text: guide.about, paint: theme.faint }]} />
      {rows.map((text) => (
        <Line key={text} columns={columns} left={[{ text, paint: theme.strong }]} />
      ))}
    </>
  );
}

/** Rows of the guide. */
export const guideHeight = ({ guide, used, columns }: Omit<GuideProps, 'theme'>): number =>
  1 + Math.min(MOST_ROWS, wrap(guide.tips.find(({ key }) => !used.includes(key))?.text ?? guide.last, columns).length);
