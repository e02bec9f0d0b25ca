/** Which rows of a panel are shown, and how many it takes. */
import { safe } from '../view/safe.js';
import { wrap } from '../view/wrap.js';
import type { Panel } from './panel.js';
import type { Tone } from './verbs.js';

export interface PanelLayout {
  /** All rows: title, lines, and what is asked or passing. */
  height: number;
  lines: { text: string; tone: Tone }[];
  /** Rows of lines in all, and how many of them are above the shown ones. */
  count: number;
  above: number;
  /** The question with its answer so far, or what is passing. */
  tail: string[];
}

/** While it runs it takes so many rows at least, so that the timeline above does not jump with each line. */
const STEADY_ROWS = 8;
/** What a Lease needs above it: state, expiry, renewal, term, and a few lanes. */
const LEASE_ROWS = 14;
const LEAST_ROWS = 4;

/** `body`: rows between the header and the footer. */
export function panelLayout(panel: Panel, columns: number, body: number): PanelLayout {
  const lines = panel.lines.flatMap(({ text, tone }) => wrap(safe(text), columns).map((row) => ({ text: row, tone })));
  const tail = tailOf(panel, columns).slice(-Math.max(1, body - 2));
  const wanted = 1 + lines.length + tail.length;
  const most = Math.min(body, mostRows(panel, body));
  const height = panel.question ? Math.min(wanted, most) : Math.min(Math.max(wanted, STEADY_ROWS), most);
  const room = Math.max(0, height - 1 - tail.length);
  const last = Math.max(0, lines.length - room);
  const above = panel.top === null ? last : Math.min(panel.top, last);
  return { height, lines: lines.slice(above, above + room), count: lines.length, above, tail };
}

/** Who decides needs all of the plan; who looks on, the Lease. */
function mostRows({ question }: Panel, body: number): number {
  if (question) return Math.max(LEAST_ROWS, body - 1);
  return Math.max(LEAST_ROWS, body >= 2 * LEASE_ROWS ? Math.floor(body / 2) : body - LEASE_ROWS);
}

function tailOf({ question, passing }: Panel, columns: number): string[] {
  if (question) return wrap(`${safe(question.text)}${safe(question.answer)}_`, columns);
  return passing === null ? [] : [safe(passing)];
}
