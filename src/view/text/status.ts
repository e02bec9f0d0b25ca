/** `kle status` as text. */
import { fingerprint } from '../../lease/fingerprint.js';
import { microsToMs } from '../../lease/micro-time.js';
import type { LeaseRecord, LeaseRole } from '../../lease/record.js';
import type { LeaseState, Verdict } from '../../lease/verdict.js';
import type { StatusRow } from '../../operations/status/status.js';
import { problemText } from '../messages.js';
import { safe } from '../safe.js';
import type { Theme } from '../theme.js';
import { shortAge } from './age.js';
import { type Column, table } from './table.js';

export interface StatusLayout {
  wide: boolean;
  /** Show the NAMESPACE column. */
  allNamespaces: boolean;
  /** Fit this many columns; undefined: print in full. */
  columns: number | undefined;
  /** For ACQUIRED: microseconds, the server's clock where known. */
  now: bigint;
}

/** Lines of the table, headings first. */
export function statusTable(rows: readonly StatusRow[], layout: StatusLayout, theme: Theme): string[] {
  const columns: Column<StatusRow>[] = [
    ...(layout.allNamespaces
      ? [{ heading: 'NAMESPACE', cell: (row: StatusRow) => safe(row.ref.namespace), shrinkTo: 9 }]
      : []),
    { heading: 'NAME', cell: (row) => safe(row.ref.name), shrinkTo: 8 },
    { heading: 'STATE', cell: (row) => row.verdict.state, paint: (row, text) => theme.state(row.verdict.state, text) },
    { heading: 'HOLDER', cell: holderCell, shrinkTo: 8 },
    { heading: 'RENEWED', cell: ({ verdict }) => bound(verdict) + ago(verdict.renewedAgoMs) },
    { heading: 'EXPIRES', cell: ({ verdict }) => bound(verdict) + ahead(verdict.expiresInMs) },
    { heading: 'TRANSITIONS', cell: (row) => number(row.record?.transitions) },
    ...(layout.wide ? wideColumns(layout.now) : []),
  ];
  return table(columns, rows, layout.wide ? undefined : layout.columns);
}

function wideColumns(now: bigint): Column<StatusRow>[] {
  return [
    { heading: 'BASIS', cell: (row) => row.verdict.basis ?? NONE },
    {
      heading: 'DURATION',
      cell: ({ record }) => (record?.leaseDurationSeconds == null ? NONE : `${record.leaseDurationSeconds}s`),
    },
    {
      heading: 'ACQUIRED',
      cell: ({ record }) => (record?.acquireTime == null ? NONE : ago(microsToMs(now - record.acquireTime))),
    },
    { heading: 'FAMILY', cell: ({ record }) => (record ? guess(record) : NONE) },
    { heading: 'ROLE', cell: ({ record }) => record?.role ?? NONE },
    { heading: 'PROBLEMS', cell: ({ verdict }) => safe(verdict.problems.map(problemText).join(', ')) || NONE },
  ];
}

const NONE = '<none>';

/** A question mark, since it is told from habits of writing and never known. */
function guess(record: LeaseRecord): string {
  const { family } = fingerprint(record);
  return family === 'unknown' ? family : `${family}?`;
}

/** `>15s ago`: at least that long. */
const bound = (verdict: Verdict) => (verdict.atLeast ? '>' : '');
const holderCell = (row: StatusRow) => (row.record?.holder ? safe(row.record.holder) : NONE);
const number = (value: number | null | undefined) => (value == null ? NONE : String(value));

function ago(ms: number | null): string {
  if (ms === null) return NONE;
  return ms < 0 ? `in ${shortAge(-ms)}` : `${shortAge(ms)} ago`;
}

function ahead(ms: number | null): string {
  if (ms === null) return NONE;
  return ms > 0 ? `in ${shortAge(ms)}` : `${shortAge(-ms)} ago`;
}

const COUNT_ORDER: readonly LeaseState[] = ['held', 'fenced', 'released', 'expired', 'absent', 'malformed'];

/** One line for the node heartbeats that are not shown. */
export function heartbeatSummary(rows: readonly StatusRow[]): string {
  const counts = COUNT_ORDER.map((state) => [rows.filter((row) => row.verdict.state === state).length, state] as const);
  const said = counts.filter(([count]) => count > 0).map(([count, state]) => `${count} ${state}`);
  return `${rows.length} node heartbeat${rows.length === 1 ? '' : 's'} not shown (${said.join(', ')}); --include-heartbeats shows ${rows.length === 1 ? 'it' : 'them'}`;
}

/** Roles whose rows `status` folds into the summary. */
export const FOLDED_ROLE: LeaseRole = 'node-heartbeat';

/** As kubectl says it. */
export function nothingFound(namespace: string | null): string {
  return namespace === null ? 'No leases found' : `No leases found in ${safe(namespace)} namespace.`;
}
