/** What there is to undo, and what was undone, in words. */
import type { UndoItem } from '../../operations/undo/undo.js';
import type { UndoCandidate, UndoChoice } from '../../operations/undo/undo-find.js';
import { failureText } from '../messages.js';
import { safe } from '../safe.js';
import { type Column, table } from './table.js';

export interface UndoRow {
  candidate: UndoCandidate;
  choice: UndoChoice;
}

const WOULD: Record<UndoChoice, string> = {
  free: 'free it',
  'put-back': 'put back the old holder',
  unshift: 'put back renewTime or duration',
  nothing: 'nothing left to undo',
  'moved-on': 'nothing: others hold it now',
  disagree: 'nothing: journal and Lease disagree',
  'other-server': 'nothing: it was on another server',
  alive: 'nothing: its process runs (name its ID to undo it all the same)',
};

/** `--list`. */
export function undoTable(rows: readonly UndoRow[]): string[] {
  const columns: Column<UndoRow>[] = [
    { heading: 'ID', cell: ({ candidate }) => candidate.id },
    { heading: 'VERB', cell: ({ candidate }) => candidate.verb },
    { heading: 'LEASE', cell: ({ candidate }) => `${safe(candidate.lease.namespace)}/${safe(candidate.lease.name)}` },
    {
      heading: 'HOLDER',
      cell: ({ candidate }) => (candidate.record?.holder ? safe(candidate.record.holder) : '<none>'),
    },
    { heading: 'JOURNAL', cell: ({ candidate }) => (candidate.journal ? 'here' : '<none>') },
    { heading: 'UNDO WOULD', cell: ({ choice }) => WOULD[choice] },
  ];
  return table(columns, rows, undefined);
}

/** The line before the question. */
export function undoQuestion({ candidate, choice }: UndoRow): string {
  const { lease, id, verb } = candidate;
  return `${safe(lease.namespace)}/${safe(lease.name)}: ${WOULD[choice]} (${verb} ${id})`;
}

export function undoLines(item: UndoItem): string[] {
  const where = `${safe(item.lease.namespace)}/${safe(item.lease.name)}`;
  const what = `${item.verb} ${item.id}`;
  switch (item.outcome) {
    case 'put-back':
      return [
        item.wrote === 'holder'
          ? `${where}: put back to ${safe(item.holder ?? '')} (${what}); if it has stopped meanwhile, nobody leads until the Lease expires`
          : `${where}: ${item.wrote} put back (${what})`,
      ];
    case 'freed':
      return [`${where}: freed (${what})`];
    case 'nothing':
      return [`${where}: nothing to undo (${what})${item.why === 'alive' ? ': its process runs' : ''}`];
    case 'moved-on':
      return [`${where}: left as it is (${what}): ${movedOn(item)}`, ...byHand(item)];
    case 'failed':
      return [`${where}: could not be undone (${what}): ${item.failure ? failureText(item.failure).message : ''}`];
  }
}

function movedOn(item: UndoItem): string {
  if (item.why === 'disagree') return 'what the Lease says of this operation is not what the journal says';
  if (item.why === 'other-server') return 'it was on another server than this one';
  return item.holder ? `${safe(item.holder)} holds it now` : 'it was changed by others since';
}

/** What to do where kle must not. */
function byHand({ why, lease }: UndoItem): string[] {
  const where = `-n ${safe(lease.namespace)} ${safe(lease.name)}`;
  if (why === 'disagree')
    return [`  look at it: kubectl get lease ${where} -o yaml; then \`kle release\` it if nobody leads`];
  if (why === 'other-server') return ['  run it with the --context of that server'];
  return [`  kle status ${where} --observe 20s shows whether its holder leads`];
}
