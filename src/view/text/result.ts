/** Lines that the results of all chaos verbs share. */
import type { Ending } from '../../operations/chaos/report.js';
import { failureText } from '../messages.js';
import { seconds } from './plan-words.js';

/** Figures: measured ones as such, bounds as bounds. `overlap`: what the bound on two leaders is of. */
export function numbersLines(ending: Ending, overlap = 'two leaders        possible, for up to'): string[] {
  const lines: string[] = [];
  if (ending.leaderlessMs !== null) lines.push(`  without a leader   ${seconds(ending.leaderlessMs)} (Lease time)`);
  if (ending.workGapMinMs !== null && ending.workGapMaxMs !== null) {
    lines.push(`  without work       between ${seconds(ending.workGapMinMs)} and ${seconds(ending.workGapMaxMs)}`);
  }
  if (ending.possibleOverlapMs > 0) lines.push(`  ${overlap} ${seconds(ending.possibleOverlapMs)}`);
  if (ending.token !== null) lines.push(`  fencing token      ${ending.token}`);
  return lines;
}

/** What is left, and how to put it right. */
export function leftLine(ending: Ending): string[] {
  const lines: string[] = [];
  if (ending.failure !== null) lines.push(`  because            ${failureText(ending.failure).message}`);
  if (ending.leftChanged && ending.undoId !== null) {
    lines.push(`  LEFT CHANGED       put it back with \`kle undo ${ending.undoId}\``);
  }
  return lines;
}
