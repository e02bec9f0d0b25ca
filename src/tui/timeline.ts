/** The last minutes of one Lease as lanes of cells: who led when, when nobody did, and what is not known. */
import type { Ledger, TermEnd } from '../lease/terms.js';
import type { ToldEvent } from '../view/watch-json.js';

export interface Span {
  fromMs: number;
  /** Now, while it lasts. */
  toMs: number;
}

export interface Timeline {
  nowMs: number;
  /** When this process first saw the Lease; before it nothing is known. */
  sinceMs: number;
  terms: (Span & { holder: string; open: boolean; endedBy: TermEnd | null })[];
  gaps: (Span & { open: boolean })[];
  /** A deposed holder may have been working. */
  overlaps: (Span & { holder: string })[];
  unknown: Span[];
  marks: { atMs: number; mark: Mark }[];
}

/** A fence, another write of kle, or somebody's change of the spec that was no renewal. */
export type Mark = 'F' | 'k' | 'c';

/** Copies what is drawn out of the ledger, which goes on changing. */
export function timelineOf(ledger: Ledger | undefined, events: readonly ToldEvent[], nowMs: number): Timeline {
  // Events of the cluster may be from before we looked.
  const ofLease = events.filter(({ event }) => 'name' in event && event.type !== 'event');
  const sinceMs = ofLease.at(-1)?.event.atMs ?? nowMs;
  if (!ledger) return { nowMs, sinceMs, terms: [], gaps: [], overlaps: [], unknown: [], marks: [] };
  const firstTermMs = ledger.terms[0]?.fromMs ?? sinceMs;
  const { leaderless } = ledger;
  const lasting =
    leaderless !== null && leaderless.sinceMs !== null ? [{ fromMs: leaderless.sinceMs, toMs: nowMs, open: true }] : [];
  return {
    nowMs,
    sinceMs: Math.min(sinceMs, firstTermMs),
    terms: ledger.terms.map(({ holder, fromMs, toMs, endedBy }) => ({
      holder,
      fromMs,
      toMs: toMs ?? nowMs,
      open: toMs === null,
      endedBy,
    })),
    gaps: [...ledger.gaps.map(({ fromMs, toMs }) => ({ fromMs, toMs, open: false })), ...lasting],
    overlaps: ledger.overlaps.flatMap(({ atMs, boundMs, deposed }) =>
      boundMs === null ? [] : [{ holder: deposed, fromMs: atMs, toMs: Math.min(atMs + boundMs, nowMs) }],
    ),
    unknown: ledger.unknown.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs ?? nowMs })),
    marks: ofLease.flatMap(({ event }) => {
      const mark = markOf(event);
      return mark ? [{ atMs: event.atMs, mark }] : [];
    }),
  };
}

function markOf(event: ToldEvent['event']): Mark | null {
  if (event.type === 'fenced') return 'F';
  if ('operation' in event && event.operation) return 'k';
  return event.type === 'changed' ? 'c' : null;
}

/** What one cell of a lane shows. */
export type Cell = 'none' | 'leads' | 'overlap' | 'unknown' | 'nobody';

export interface Lane {
  /** Null: the lane of nobody. */
  holder: string | null;
  /** It leads now, or nobody does now. */
  present: boolean;
  cells: Cell[];
  /** Lengths of gaps, and the cells of each. */
  labels: { from: number; to: number; ms: number }[];
}

/** At most `most` lanes of `columns` cells over the last `spanMs`: the latest holders first, then nobody. */
export function lanesOf(timeline: Timeline, spanMs: number, columns: number, most: number): Lane[] {
  const scale = new Scale(timeline.nowMs, spanMs, columns);
  const gaps = timeline.gaps.filter((gap) => scale.shows(gap));
  const shown = timeline.terms.filter((term) => scale.shows(term)).map(({ holder }) => holder);
  const lanes = [...new Set(shown.reverse())]
    .slice(0, Math.max(1, most - (gaps.length > 0 ? 1 : 0)))
    .map((holder) => holderLane(holder, timeline, scale));
  return gaps.length === 0 ? lanes : [...lanes, nobodyLane(gaps, scale)];
}

/** The cell of each mark; later marks win. */
export function marksOf(timeline: Timeline, spanMs: number, columns: number): Map<number, Mark> {
  const scale = new Scale(timeline.nowMs, spanMs, columns);
  const marks = new Map<number, Mark>();
  for (const { atMs, mark } of [...timeline.marks].reverse()) {
    if (scale.shows({ fromMs: atMs, toMs: atMs })) marks.set(scale.cell(atMs), mark);
  }
  return marks;
}

function holderLane(holder: string, timeline: Timeline, scale: Scale): Lane {
  const cells = scale.empty();
  const own = timeline.terms.filter((term) => term.holder === holder);
  for (const overlap of timeline.overlaps) if (overlap.holder === holder) scale.fill(cells, overlap, 'overlap');
  for (const term of own) scale.fill(cells, term, 'leads');
  for (const gap of timeline.gaps) scale.clear(cells, gap);
  for (const unknown of timeline.unknown) {
    // Nobody knows whether a holder led on while we were away; of others there is nothing to doubt.
    if (own.some((term) => term.fromMs <= unknown.toMs && term.toMs >= unknown.fromMs)) {
      scale.fill(cells, unknown, 'unknown');
    }
  }
  return { holder, present: own.some(({ open }) => open), cells, labels: [] };
}

function nobodyLane(gaps: Timeline['gaps'], scale: Scale): Lane {
  const cells = scale.empty();
  for (const gap of gaps) scale.fill(cells, gap, 'nobody');
  const labels = gaps.map(({ fromMs, toMs }) => ({
    from: scale.cell(fromMs),
    to: scale.cell(toMs),
    ms: toMs - fromMs,
  }));
  return { holder: null, present: gaps.some(({ open }) => open), cells, labels };
}

/** Moments to cells: the last cell ends now. */
class Scale {
  readonly #beginMs: number;
  readonly #msPerCell: number;
  readonly #columns: number;

  constructor(nowMs: number, spanMs: number, columns: number) {
    this.#beginMs = nowMs - spanMs;
    this.#msPerCell = spanMs / Math.max(1, columns);
    this.#columns = columns;
  }

  cell(ms: number): number {
    return Math.min(this.#columns - 1, Math.max(0, Math.floor((ms - this.#beginMs) / this.#msPerCell)));
  }

  shows({ toMs }: Span): boolean {
    return toMs >= this.#beginMs;
  }

  empty(): Cell[] {
    return new Array<Cell>(this.#columns).fill('none');
  }

  /** Any span in sight has a cell at least. */
  fill(cells: Cell[], span: Span, what: Cell): void {
    if (this.shows(span)) cells.fill(what, this.cell(span.fromMs), this.cell(span.toMs) + 1);
  }

  /** Takes the cells that lie wholly within the span. */
  clear(cells: Cell[], { fromMs, toMs }: Span): void {
    const [from, to] = [this.cell(fromMs) + 1, this.cell(toMs)];
    if (to > from) for (let i = from; i < to; i++) if (cells[i] === 'leads') cells[i] = 'none';
  }
}
