/** `kle watch` without a screen: a line for each event, made for grep and awk. */
import { formatMicroTime, type Micros } from '../../lease/micro-time.js';
import type { OperationMark } from '../../lease/operation.js';
import type { Overlap } from '../../lease/terms.js';
import type { FollowEvent, LeaseEvent } from '../../operations/follow/follow.js';
import { failureText, problemText } from '../messages.js';
import { safe, width } from '../safe.js';
import type { Theme } from '../theme.js';
import type { ToldEvent } from '../watch-json.js';
import { exactly, standing } from './wait.js';

const TYPE_COLUMNS = 12;
/** Columns line up as far as they have been seen, up to this width. */
const WIDEST = 48;

/** Lines of one stream: time, type, namespace/name, holder, and the rest in words. */
export class WatchLines {
  readonly #theme: Theme;
  #nameColumns = 0;
  #holderColumns = 0;

  constructor(theme: Theme) {
    this.#theme = theme;
  }

  /** Makes room for lines that will come together, so that they stand in columns from the first on. */
  fit(events: readonly FollowEvent[]): void {
    for (const event of events) {
      if (!('name' in event)) continue;
      this.#nameColumns = atMost(this.#nameColumns, nameText(event));
      this.#holderColumns = atMost(this.#holderColumns, holderText(event.holder));
    }
  }

  line(told: ToldEvent): string {
    this.fit([told.event]);
    const { event, time } = told;
    const words = [
      this.#theme.faint(clockText(time)),
      paintType(event.type, event.type.padEnd(TYPE_COLUMNS), this.#theme),
    ];
    if ('name' in event) {
      words.push(padded(nameText(event), this.#nameColumns), padded(holderText(event.holder), this.#holderColumns));
    }
    words.push(eventDetails(told));
    return words.join(' ').trimEnd();
  }
}

const atMost = (columns: number, text: string) => Math.max(columns, Math.min(width(text), WIDEST));

const nameText = ({ namespace, name }: { namespace: string; name: string }) => safe(`${namespace}/${name}`);

const padded = (text: string, columns: number) => text + ' '.repeat(Math.max(0, columns - width(text)));

/** One word whatever the identity is; `-`: nobody. */
function holderText(holder: string | null): string {
  if (!holder) return '-';
  return /\s/.test(holder) ? safe(JSON.stringify(holder)) : safe(holder);
}

/** RFC 3339 in UTC, to the millisecond. */
const clockText = (time: Micros) => `${formatMicroTime(time).slice(0, -4)}Z`;

/** What an event says beyond its type, Lease and holder. */
export function eventDetails({ event, verdict }: Pick<ToldEvent, 'event' | 'verdict'>): string {
  switch (event.type) {
    case 'disconnected':
      return safe(failureText(event.failure).message);
    case 'reconnected':
      return `after ${exactly(Math.round(event.downMs))}`;
    case 'problem':
      return safe(problemText(event.problem));
    case 'event':
      return safe(`${event.reason}: ${event.message}`);
    case 'seen':
    case 'recreated':
      return verdict ? standing(verdict, null) : '';
    default:
      return [...leaseDetails(event), ...(event.timely ? [] : ['noticed late']), ...marked(event.operation)].join(', ');
  }
}

function leaseDetails(event: LeaseEvent): string[] {
  switch (event.type) {
    case 'acquired':
      return [
        ...from(event),
        ...leaderless(event.leaderlessMs),
        ...(event.overlap ? [overlapText(event.overlap)] : []),
      ];
    case 'renewed':
      return event.resumed ? ['renewed after its expiry', ...leaderless(event.leaderlessMs)] : [];
    case 'released':
      return [...from(event), ...RELEASED_BY[event.releasedBy ?? 'fence']];
    case 'fenced':
      return [...from(event), 'nobody may lead until the fence is lifted'];
    case 'expired':
      return ['not renewed for its whole duration'];
    case 'deleted':
      return from(event);
    case 'changed':
      return [event.holder === event.previousHolder ? event.fields.map(safe).join(' ') : `written in by somebody else`];
    default:
      return [];
  }
}

const RELEASED_BY = {
  holder: ['released by the holder'],
  other: ['emptied by somebody else'],
  unknown: [],
  fence: ['end of the fence'],
} as const;

const from = ({ previousHolder }: LeaseEvent): string[] => (previousHolder ? [`from ${safe(previousHolder)}`] : []);
const leaderless = (ms: number | null): string[] =>
  ms === null ? [] : [`${exactly(Math.round(ms))} without a leader`];
const marked = (operation: OperationMark | null): string[] =>
  operation ? [`kle ${operation.verb} ${operation.id}`] : [];

function overlapText({ deposed, boundMs }: Overlap): string {
  const bound = boundMs === null ? '' : ` for up to ${exactly(Math.round(boundMs))}`;
  return `${safe(deposed)} may still be working${bound}`;
}

/** Colours an event's type by what it means. */
export function paintType(type: FollowEvent['type'], text: string, theme: Theme): string {
  switch (type) {
    case 'acquired':
      return theme.state('held', text);
    case 'released':
      return theme.state('released', text);
    case 'fenced':
      return theme.state('fenced', text);
    case 'expired':
    case 'deleted':
      return theme.state('expired', text);
    case 'disconnected':
    case 'problem':
      return theme.warning(text);
    default:
      return theme.faint(text);
  }
}
