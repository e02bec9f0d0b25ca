/** Bars and sparklines out of block characters. */

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const HEIGHTS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** `share` of `columns` full, in eighths of a column; the rest is `░`. Anything above nothing shows. */
export function bar(share: number, columns: number): string {
  const within = Math.min(1, Math.max(0, share));
  const eighths = within === 0 ? 0 : Math.max(1, Math.round(within * columns * 8));
  const full = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
  return full.padEnd(columns, '░');
}

/** The newest values, each as a height between nothing and the largest of them. */
export function sparkline(values: readonly number[], columns: number): string {
  const shown = columns > 0 ? values.slice(-columns) : [];
  const most = Math.max(...shown, 0);
  if (most === 0) return '';
  return shown.map((value) => HEIGHTS[Math.min(7, Math.floor((value / most) * 7.999))] ?? '').join('');
}
