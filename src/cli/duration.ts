/** Go durations, as kubectl's flags take them: `15s`, `1m30s`, `1.5h`, `-30s`, `250ms`. */
import { UsageError } from './errors.js';

const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const WHOLE = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/** Milliseconds, or undefined when the text is no Go duration. `0` is one without a unit, as in Go. */
export function parseDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!WHOLE.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  return text.startsWith('-') ? -ms : ms;
}

/** The same for the value of a flag: throws UsageError with what is accepted. */
export function durationFlag(flag: string, text: string, least = 0): number {
  const ms = parseDuration(text);
  if (ms === undefined) {
    const bare = /^[+-]?\d+(\.\d+)?$/.test(text);
    throw new UsageError(`--${flag}: ${JSON.stringify(text)} is not a duration`, [
      bare ? `write the unit, for example --${flag}=${text}s` : `a duration looks like 15s, 1m30s or 250ms`,
    ]);
  }
  if (ms < least) throw new UsageError(`--${flag}: must be at least ${least / 1000}s`);
  return ms;
}
