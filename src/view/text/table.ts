/** kubectl's manner: padded columns, no borders, headings in capitals. */
import { cut, width } from '../safe.js';

export interface Column<Row> {
  heading: string;
  /** Safe text (see `view/safe.ts`), without colour. */
  cell(row: Row): string;
  /** Applied after padding, so that colour does not count as width. */
  paint?(row: Row, padded: string): string;
  /** May be cut to fit a terminal, down to this many columns. */
  shrinkTo?: number;
}

const GAP = '   ';

/** Lines of the table. `columns`: the terminal's width to fit; undefined prints everything in full. */
export function table<Row>(
  layout: readonly Column<Row>[],
  rows: readonly Row[],
  columns: number | undefined,
): string[] {
  const cells = rows.map((row) => layout.map((column) => column.cell(row)));
  const widths = layout.map((column, i) =>
    cells.reduce((most, line) => Math.max(most, width(line[i] ?? '')), column.heading.length),
  );
  if (columns !== undefined) shrink(layout, widths, columns);
  const last = layout.length - 1;
  const fitted = (text: string, i: number) => {
    const shown = cut(text, widths[i] ?? 0);
    return i === last ? shown : shown + ' '.repeat((widths[i] ?? 0) - width(shown));
  };
  const heading = layout.map((column, i) => fitted(column.heading, i)).join(GAP);
  const lines = rows.map((row, r) =>
    layout
      .map((column, i) => {
        const text = fitted(cells[r]?.[i] ?? '', i);
        return column.paint ? column.paint(row, text) : text;
      })
      .join(GAP)
      .trimEnd(),
  );
  return [heading.trimEnd(), ...lines];
}

/** Takes columns from the widest shrinkable column until the line fits or none can give more. */
function shrink<Row>(layout: readonly Column<Row>[], widths: number[], columns: number): void {
  let over = widths.reduce((sum, w) => sum + w, 0) + GAP.length * (layout.length - 1) - columns;
  while (over > 0) {
    let widest = -1;
    layout.forEach((column, i) => {
      const least = Math.max(column.shrinkTo ?? Number.POSITIVE_INFINITY, column.heading.length);
      if ((widths[i] ?? 0) > least && (widest === -1 || (widths[i] ?? 0) > (widths[widest] ?? 0))) widest = i;
    });
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
}
