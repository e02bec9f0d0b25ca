import { expect, it } from 'vitest';
import { Painter } from './paint.js';

const SIZE = { columns: 20, rows: 3 };
const readable = (bytes: string) => bytes.replaceAll('\u001b', 'ESC');

it('paints the first frame whole and then the rows that differ', () => {
  const painter = new Painter();
  expect(readable(painter.paint('a\nb\nc', SIZE))).toBe(
    'ESC[?2026hESC[2JESC[1;1HaESC[KESC[2;1HbESC[KESC[3;1HcESC[KESC[?2026l',
  );
  expect(readable(painter.paint('a\nB\nc', SIZE))).toBe('ESC[?2026hESC[2;1HBESC[KESC[?2026l');
});

it('writes nothing for a frame that is shown already', () => {
  const painter = new Painter();
  painter.paint('a\nb', SIZE);
  expect(painter.paint('a\nb', SIZE)).toBe('');
});

it('blanks rows that a shorter frame no longer has, and leaves out rows that the terminal does not have', () => {
  const painter = new Painter();
  painter.paint('a\nb', SIZE);
  expect(readable(painter.paint('a', SIZE))).toBe('ESC[?2026hESC[2;1HESC[KESC[?2026l');
  expect(painter.paint('a\n\n\nd', SIZE)).toBe('');
});

it('begins anew when what is shown is no longer known', () => {
  const painter = new Painter();
  painter.paint('a', SIZE);
  painter.forget();
  expect(readable(painter.paint('a', SIZE))).toContain('ESC[2JESC[1;1Ha');
});
