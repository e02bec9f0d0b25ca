/** The result of a steal in words. */
import type { StealReport } from '../../operations/chaos/report.js';
import { safe } from '../safe.js';
import { leftLine, numbersLines } from './result.js';

export function stealLines(report: StealReport): string[] {
  return [headline(report), ...numbersLines(report, DEPOSED), ...leftLine(report)];
}

/** Nobody else leads while kle holds it: the bound is on the work of who was deposed. */
const DEPOSED = 'deposed holder     may have worked on for up to';

function headline(report: StealReport): string {
  const where = `${safe(report.lease.namespace)}/${safe(report.lease.name)}`;
  const to = safe(report.to ?? '');
  switch (report.outcome) {
    case 'held-and-freed':
      return to === ''
        ? `${where}: held and freed; nobody has taken it yet`
        : `${where}: held and freed; ${to} leads now`;
    case 'left':
      return `${where}: left with holder ${to}, until it expires${report.undoId === null ? '' : ` or \`kle undo ${report.undoId} -n ${safe(report.lease.namespace)}\``}`;
    case 'lost':
      return to === '' ? `${where}: lost: others emptied or deleted it` : `${where}: lost to ${to}`;
    case 'put-back':
      return `${where}: put back to ${to}`;
    case 'refused':
      return `${where}: nothing was done`;
    case 'unverified':
      return `${where}: what happened could not be established${to === '' ? '' : `; ${to} is the holder now`}`;
  }
}
