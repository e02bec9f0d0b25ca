/**
 * Frames to the bytes that change a terminal from the last frame to this one. ink 6 has an incremental mode of its own,
 * but it begins one row too low (log-update goes up one row less than it wrote), and clears the screen at every frame
 * that fills it. So ink is left to lay out frames, and rows are addressed here.
 */
import type { Size } from './state.js';

/** The terminal shows all between these at once, if it knows them (DEC mode 2026). */
const BEGIN = '\u001b[?2026h';
const END = '\u001b[?2026l';
const ERASE_REST = '\u001b[K';
const ERASE_ALL = '\u001b[2J';

export class Painter {
  #shown: string[] | null = null;

  /** The screen is no longer as it was left: the next frame is painted whole. */
  forget(): void {
    this.#shown = null;
  }

  /** Empty when the frame is what is shown already. Rows end before the last column, where erasing would take a character. */
  paint(frame: string, { rows }: Size): string {
    const lines = frame.split('\n').slice(0, rows);
    const before = this.#shown ?? [];
    const all = this.#shown === null ? [ERASE_ALL] : [];
    for (let row = 0; row < Math.max(lines.length, before.length); row++) {
      const line = lines[row] ?? '';
      if (line !== (before[row] ?? '')) all.push(`\u001b[${row + 1};1H${line}${ERASE_REST}`);
    }
    this.#shown = lines;
    return all.length === 0 ? '' : `${BEGIN}${all.join('')}${END}`;
  }
}
