/** Lengths of time and other small words of the screen. */
import { shortAge } from '../../view/text/age.js';

/** Tenths of a second below a minute, then as `status` has it. Negative lengths are told by the caller. */
export function seconds(ms: number): string {
  return ms < 60_000 ? `${(Math.floor(ms / 100) / 10).toFixed(1)}s` : shortAge(ms);
}

/** A gap or a period: to the hundredth below ten seconds. */
export function fine(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(2)}s` : seconds(ms);
}

/** `atLeast`: a bound, marked as such. */
export function ago(ms: number | null, atLeast = false): string {
  if (ms === null) return '-';
  return ms < 0 ? `in ${seconds(-ms)}` : `${atLeast ? '>' : ''}${seconds(ms)} ago`;
}

/** What is left, or since when nothing is. */
export function ahead(ms: number, atLeast: boolean): string {
  return ms > 0 ? `in ${seconds(ms)}` : ago(-ms, atLeast);
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
