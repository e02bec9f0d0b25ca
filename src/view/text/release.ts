/** The result of a release in words. */
import type { ReleaseReport } from '../../operations/chaos/report.js';
import { safe } from '../safe.js';
import { leftLine, numbersLines } from './result.js';

export function releaseLines(report: ReleaseReport): string[] {
  return [`${headline(report)}`, ...numbersLines(report), ...leftLine(report)];
}

function headline(report: ReleaseReport): string {
  const where = `${safe(report.lease.namespace)}/${safe(report.lease.name)}`;
  const from = safe(report.from ?? '');
  const to = safe(report.to ?? '');
  switch (report.outcome) {
    case 'handed-over':
      return `${where}: handed over from ${from} to ${to}`;
    case 'freed':
      return report.interrupted
        ? `${where}: interrupted, and freed`
        : report.plan?.way === 'identity'
          ? `${where}: freed`
          : `${where}: freed, and nobody has taken it yet`;
    case 'returned': {
      const same = report.sameProcess === null ? '' : report.sameProcess ? ' (the same process)' : ' (another process)';
      return `${where}: ${from} has it again${same}`;
    }
    case 'taken':
      return to === '' ? `${where}: taken away from kle, and nobody holds it` : `${where}: ${to} took it`;
    case 'not-held':
      return from === '' ? `${where}: nobody holds it` : `${where}: nobody holds it; ${from} stopped renewing it`;
    case 'put-back':
      return `${where}: interrupted, and put back to ${to}`;
    case 'refused':
      return `${where}: nothing was done`;
    case 'unverified':
      return `${where}: what happened could not be established${to === '' ? '' : `; ${to} is the holder now`}`;
  }
}
