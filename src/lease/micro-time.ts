/**
 * Lease times: RFC 3339 text with six fraction digits (metav1.MicroTime) <-> microseconds since 1970-01-01T00:00:00Z.
 * JavaScript's Date keeps three digits, so a time that went through it is no longer the one the holder wrote.
 * Nothing else in kle parses or prints Lease times.
 */

/** Microseconds since the Unix epoch, or a length of time in microseconds. */
export type Micros = bigint;

export const MICROS_PER_MS = 1_000n;
export const MICROS_PER_SECOND = 1_000_000n;

const SECONDS_PER_DAY = 86_400n;
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** 0001-01-01T00:00:00.000000Z: Go's zero time, which kube-apiserver answers as null. */
export const EARLIEST: Micros = daysFromCivil(1, 1, 1) * SECONDS_PER_DAY * MICROS_PER_SECOND;
/** 9999-12-31T23:59:59.999999Z: the last time that four year digits can write. */
export const LATEST: Micros = daysFromCivil(10_000, 1, 1) * SECONDS_PER_DAY * MICROS_PER_SECOND - 1n;

/**
 * Reads a time as a server may answer or accept it: years 0001 to 9999, `Z` or an offset, up to nine fraction digits
 * (those past the sixth are cut, as Go does), and what else Go's time.Parse lets through: a comma before the fraction,
 * an hour of one digit, offsets up to 24:60. Undefined when the text is not such a time.
 */
export function parseMicroTime(text: string): Micros | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const [, y, mo, d, h, mi, s, fraction = '', sign, offsetHours, offsetMinutes] = match;
  const year = Number(y);
  const month = Number(mo);
  const day = Number(d);
  const inRange =
    month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month) && Number(h) <= 23 && Number(mi) <= 59;
  if (!inRange || Number(s) > 59 || Number(offsetHours ?? 0) > 24 || Number(offsetMinutes ?? 0) > 60) return undefined;
  const offset = BigInt(Number(offsetHours ?? 0) * 3600 + Number(offsetMinutes ?? 0) * 60) * (sign === '-' ? -1n : 1n);
  const seconds =
    daysFromCivil(year, month, day) * SECONDS_PER_DAY + BigInt(Number(h) * 3600 + Number(mi) * 60 + Number(s)) - offset;
  const micros = seconds * MICROS_PER_SECOND + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  return micros >= EARLIEST && micros <= LATEST ? micros : undefined;
}

/**
 * Whether kube-apiserver takes this text for a MicroTime in a request: exactly six fraction digits, upper-case `T` and
 * `Z`, `.` or `,` before the fraction (apimachinery pkg/apis/meta/v1/micro_time.go, layout RFC3339Micro).
 */
export function isStrictMicroTime(text: string): boolean {
  return TIME.exec(text)?.[7]?.length === 6 && parseMicroTime(text) !== undefined;
}

/** Prints a time with six fraction digits and `Z`. Throws RangeError outside the years 0001 to 9999. */
export function formatMicroTime(micros: Micros): string {
  if (micros < EARLIEST || micros > LATEST) throw new RangeError(`time out of range: ${micros} µs`);
  const seconds = floorDiv(micros, MICROS_PER_SECOND);
  const days = floorDiv(seconds, SECONDS_PER_DAY);
  const secondOfDay = Number(seconds - days * SECONDS_PER_DAY);
  const [year, month, day] = civilFromDays(days);
  const clock = [Math.floor(secondOfDay / 3600), Math.floor(secondOfDay / 60) % 60, secondOfDay % 60];
  const fraction = String(micros - seconds * MICROS_PER_SECOND).padStart(6, '0');
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock.map((n) => pad(n, 2)).join(':')}.${fraction}Z`;
}

/** Whole milliseconds of a length of time, rounded towards the past. Exact for anything two Lease times can differ by. */
export function microsToMs(micros: Micros): number {
  return Number(floorDiv(micros, MICROS_PER_MS));
}

function floorDiv(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b < 0n ? q - 1n : q;
}

const pad = (n: number, width: number) => String(n).padStart(width, '0');

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

// Proleptic Gregorian calendar in eras of 400 years that begin in March, so that the leap day ends a year.
function daysFromCivil(year: number, month: number, day: number): bigint {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return BigInt(era * 146_097 + dayOfEra - 719_468);
}

function civilFromDays(days: bigint): [year: number, month: number, day: number] {
  const z = Number(days) + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}
