/** Lengths of time in kubectl's short form (apimachinery pkg/util/duration HumanDuration): `3s`, `5m10s`, `4h`, `2d3h`. */

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

/** `ms` ≥ 0; the further away, the coarser. Below a second it is `0s`. */
export function shortAge(ms: number): string {
  const whole = (unit: number) => Math.floor(ms / unit);
  const pair = (unit: number, part: number, a: string, b: string) => {
    const rest = Math.floor((ms % unit) / part);
    return rest === 0 ? `${whole(unit)}${a}` : `${whole(unit)}${a}${rest}${b}`;
  };
  if (ms < 2 * M) return `${whole(S)}s`;
  if (ms < 10 * M) return pair(M, S, 'm', 's');
  if (ms < 3 * H) return `${whole(M)}m`;
  if (ms < 8 * H) return pair(H, M, 'h', 'm');
  if (ms < 2 * D) return `${whole(H)}h`;
  if (ms < 8 * D) return pair(D, H, 'd', 'h');
  if (ms < 2 * 365 * D) return `${whole(D)}d`;
  if (ms < 8 * 365 * D) return pair(365 * D, D, 'y', 'd');
  return `${whole(365 * D)}y`;
}
