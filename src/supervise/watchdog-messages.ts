/** What supervisor and watchdog say to each other: lines of words and numbers, times in `sharedClock` milliseconds. */
import type { ProcessGroup } from '../platform/process-group.js';
import type { Moment } from './deadline.js';

export type ToWatchdog =
  /** The claim as last renewed: dead by `deadline`. `serial` comes back as receipt. */
  | { readonly type: 'claim'; readonly serial: number; readonly deadline: Moment; readonly drainMs: number }
  /** The command is about to be started with this in its environment. */
  | { readonly type: 'starting'; readonly mark: string }
  | { readonly type: 'group'; readonly group: ProcessGroup }
  /** The supervisor has sent TERM and will send KILL then. */
  | { readonly type: 'stopping'; readonly killAt: Moment }
  /** The group is dead: its number may belong to a stranger from now on. */
  | { readonly type: 'gone' };

/**
 * The variable that the command is started with. Should the supervisor be killed or stopped while the kernel starts the
 * command, so that it can no longer say which group it became, the watchdog finds the group by this mark.
 */
export const MARK = 'KLE_WATCHDOG_MARK';

export type FromWatchdog =
  | { readonly type: 'ready' }
  | { readonly type: 'receipt'; readonly serial: number }
  /** It is about to send this signal to the group, by its own decision. */
  | { readonly type: 'ending'; readonly signal: 'SIGTERM' | 'SIGKILL' };

export function toLine(message: ToWatchdog | FromWatchdog): string {
  return `${words(message).join(' ')}\n`;
}

function words(message: ToWatchdog | FromWatchdog): (string | number)[] {
  switch (message.type) {
    case 'claim':
      return ['claim', message.serial, message.deadline.monoMs, message.deadline.bootMs, message.drainMs];
    case 'starting':
      return ['starting', message.mark];
    case 'group':
      return ['group', message.group.pgid, message.group.leaderStart ?? '-'];
    case 'stopping':
      return ['stopping', message.killAt.monoMs, message.killAt.bootMs];
    case 'receipt':
      return ['receipt', message.serial];
    case 'ending':
      return ['ending', message.signal];
    default:
      return [message.type];
  }
}

/** Undefined for a line that is none of these. */
export function toWatchdog(line: string): ToWatchdog | undefined {
  const [type, ...fields] = line.split(' ');
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN, d = Number.NaN] = fields.map(Number);
  const numbers = (count: number) => [a, b, c, d].slice(0, count).every(Number.isFinite);
  switch (type) {
    case 'claim':
      return numbers(4) ? { type, serial: a, deadline: { monoMs: b, bootMs: c }, drainMs: d } : undefined;
    case 'starting':
      return fields[0] ? { type, mark: fields[0] } : undefined;
    case 'group':
      if (!Number.isSafeInteger(a) || a <= 1) return undefined;
      return { type, group: { pgid: a, leaderStart: fields[1] === '-' ? undefined : b } };
    case 'stopping':
      return numbers(2) ? { type, killAt: { monoMs: a, bootMs: b } } : undefined;
    case 'gone':
      return { type };
    default:
      return undefined;
  }
}

export function fromWatchdog(line: string): FromWatchdog | undefined {
  const [type, field = ''] = line.split(' ');
  if (type === 'ready') return { type };
  if (type === 'receipt') return { type, serial: Number(field) };
  if (type === 'ending' && (field === 'SIGTERM' || field === 'SIGKILL')) return { type, signal: field };
  return undefined;
}

/** Cuts arriving text into lines and calls `each` with them. */
export function lineSplitter(each: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) each(line);
  };
}
