/** Times in request bodies, read as Go's time.Parse reads them: the same texts pass and the rest fails with the same words. */
import { formatMicroTime, isStrictMicroTime, parseMicroTime } from '../../lease/micro-time.js';
import { quoteGo } from './reader.js';

/** Layouts of metav1.MicroTime and metav1.Time (apimachinery pkg/apis/meta/v1/micro_time.go, time.go). */
const MICRO_LAYOUT = '2006-01-02T15:04:05.000000Z07:00';
const SECONDS_LAYOUT = '2006-01-02T15:04:05Z07:00';

/** Canonical text of a MicroTime, or Go's error. */
export function readMicroTime(text: string): string {
  if (text.startsWith(YEAR_0)) return inYear0(text, readMicroTime);
  if (isStrictMicroTime(text)) return formatMicroTime(parseMicroTime(text) ?? 0n);
  throw new Error(parseError(MICRO_LAYOUT, text, true));
}

/** Canonical text of a Time (whole seconds; a fraction is cut), or Go's error. */
export function readTime(text: string): string {
  const micros = parseMicroTime(text);
  if (micros !== undefined) return formatMicroTime(micros).replace(/\.\d{6}Z$/, 'Z');
  throw new Error(parseError(SECONDS_LAYOUT, text, false));
}

const YEAR_0 = '0000-';
/** The calendar repeats itself after so many years. */
const LIKE_YEAR_0 = '0400-';

/** Go knows a year 0. Errors name the text as it came. */
function inYear0(text: string, read: (text: string) => string): string {
  try {
    return read(LIKE_YEAR_0 + text.slice(YEAR_0.length)).replace(LIKE_YEAR_0, YEAR_0);
  } catch (error) {
    throw new Error((error as Error).message.replaceAll(LIKE_YEAR_0, YEAR_0));
  }
}

interface Element {
  layout: string;
  /** Matches what the element consumes at the start of the rest. */
  pattern: RegExp;
  max?: number;
  min?: number;
  range?: string;
}

const two = (layout: string, range: string, min: number, max: number): Element => {
  return { layout, pattern: /^\d\d/, range, min, max };
};
const mark = (text: string): Element => ({ layout: text, pattern: new RegExp(`^${text}`) });

const START: Element[] = [
  { layout: '2006', pattern: /^\d{4}/ },
  mark('-'),
  two('01', 'month', 1, 12),
  mark('-'),
  two('02', 'day', 0, 31),
  mark('T'),
  two('15', 'hour', 0, 23),
  mark(':'),
  two('04', 'minute', 0, 59),
  mark(':'),
  two('05', 'second', 0, 59),
];

/** Go's words for a text that does not fit the layout (time/format.go, ParseError.Error). */
function parseError(layout: string, text: string, micro: boolean): string {
  const fail = (rest: string, element: string) =>
    `parsing time ${quoteGo(text)} as ${quoteGo(layout)}: cannot parse ${quoteGo(rest)} as ${quoteGo(element)}`;
  const outOfRange = (what: string) => `parsing time ${quoteGo(text)}: ${what} out of range`;
  let rest = text;
  for (const element of START) {
    const match = element.pattern.exec(rest);
    if (!match) return fail(rest, element.layout);
    rest = rest.slice(match[0].length);
    const value = Number(match[0]);
    if (element.range && (value < (element.min ?? 0) || value > (element.max ?? 99))) return outOfRange(element.range);
  }
  // A layout without a fraction lets the value have one; this one asks for six digits, and a seventh is left over.
  const fraction = micro ? /^[.,]\d{6}/ : /^(?:[.,]\d+)?/;
  const matched = fraction.exec(rest);
  if (!matched) return fail(rest, '.000000');
  rest = rest.slice(matched[0].length);
  const zone = /^(?:Z|[+-]\d\d:\d\d)/.exec(rest);
  if (!zone) return fail(rest, 'Z07:00');
  rest = rest.slice(zone[0].length);
  if (rest !== '') return `parsing time ${quoteGo(text)}: extra text: ${quoteGo(rest)}`;
  return outOfRange(zoneProblem(zone[0]) ?? 'day');
}

function zoneProblem(zone: string): string | undefined {
  if (zone === 'Z') return undefined;
  if (Number(zone.slice(1, 3)) > 24) return 'time zone offset hour';
  return Number(zone.slice(4, 6)) > 60 ? 'time zone offset minute' : undefined;
}
