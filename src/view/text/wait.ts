/** `kle wait` as text. */
import type { LeaseRecord } from '../../lease/record.js';
import type { Verdict } from '../../lease/verdict.js';
import type { Condition } from '../../operations/wait/conditions.js';
import type { WaitResult } from '../../operations/wait/wait.js';
import { safe } from '../safe.js';
import { shortAge } from './age.js';

/** A condition as it is written after `--for=`. */
export function conditionText(condition: Condition): string {
  switch (condition.type) {
    case 'holder':
      return `holder=${condition.holder}`;
    case 'stable':
      return `stable=${exactly(condition.forMs)}`;
    default:
      return condition.type;
  }
}

/** The one line at the end: what was met, or what was not, how long it took, and how the Lease stands. */
export function waitText({ ref, met, waitedMs, check }: WaitResult, any: boolean): string {
  const lease = safe(`lease/${ref.name}`);
  const after = `after ${exactly(waitedMs)}`;
  if (!check) return `${lease}: nothing known ${after}`;
  const list = check.each.filter((one) => one.met === met).map((one) => safe(conditionText(one.condition)));
  const said = list.join(met || !any ? ' and ' : ' or ');
  return `${lease}: ${said} ${met ? 'met' : 'not met'} ${after}; now ${standing(check.verdict, check.record)}${basisText(check.verdict)}`;
}

/** What the answer rests on, as `kle status -o wide` names it; nothing where no clock was asked. */
const basisText = ({ basis }: Verdict): string => (basis === null ? '' : ` (basis: ${basis})`);

/** How a Lease stands, in a few words that begin with its state. */
export function standing(verdict: Verdict, record: LeaseRecord | null): string {
  const by = record?.holder ? ` by ${safe(record.holder)}` : '';
  switch (verdict.state) {
    case 'held':
    case 'fenced':
      return `${verdict.state}${by}, ${renewed(verdict)}`;
    case 'expired':
      return `expired${by && `, last held${by}`}, ${renewed(verdict)}`;
    case 'absent':
      return 'absent: there is no such Lease';
    case 'released':
      return 'released: nobody holds it';
    case 'malformed':
      return `malformed${by && `, holder${by.slice(3)}`}`;
  }
}

function renewed({ renewedAgoMs, atLeast }: Verdict): string {
  if (renewedAgoMs === null) return 'renewal unknown';
  if (renewedAgoMs < 0) return `renewed ${shortAge(-renewedAgoMs)} in the future`;
  return `renewed ${atLeast ? 'at least ' : ''}${shortAge(renewedAgoMs)} ago`;
}

/** A length of time to the millisecond below a minute: `0.250s`, `12.5s`, `1m30s`. */
export function exactly(ms: number): string {
  if (ms >= 60_000) return shortAge(ms);
  const seconds = ms / 1000;
  return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(seconds < 10 ? 2 : 1)}s`;
}
