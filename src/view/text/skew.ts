/** The result of a skew in words. */
import type { SkewReport } from '../../operations/chaos/report.js';
import { safe } from '../safe.js';
import { fooledLines } from './plan.js';
import { leftLine, numbersLines } from './result.js';

export function skewLines(report: SkewReport): string[] {
  const shifts = report.skewed.length;
  return [
    headline(report),
    `  shifted            ${shifts === 1 ? 'once' : `${shifts} times`}`,
    ...report.takeovers.map(
      (one) =>
        `  takeover           ${safe(one.from)} (transitions ${one.transitions.from ?? '?'}) -> ${safe(one.to)} (transitions ${one.transitions.to ?? '?'})`,
    ),
    ...fooledLines(report.plan?.prediction.wouldFool ?? []).map(
      (line, i) => `  ${i === 0 ? 'by their rules    ' : '                  '} ${line}`,
    ),
    ...numbersLines(report),
    ...leftLine(report),
  ];
}

function headline(report: SkewReport): string {
  const where = `${safe(report.lease.namespace)}/${safe(report.lease.name)}`;
  const to = safe(report.to ?? '');
  switch (report.outcome) {
    case 'fooled':
      return `${where}: FOOLED: ${to} took the Lease while ${safe(report.from ?? '')} renewed it`;
    case 'not-fooled':
      return `${where}: not fooled: nobody took it`;
    case 'refused':
      return `${where}: nothing was done`;
    case 'unverified':
      return `${where}: whether anybody was fooled could not be established${to === '' ? '' : `; ${to} holds it now`}`;
  }
}
