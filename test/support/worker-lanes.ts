/** Who worked when, as text. */
import type { Interval, Mark } from './worker-log.js';

const WIDTH = 100;
const LETTERS = { claimed: 'C', disclaimed: 'd', dead: 'x', released: 'R', lost: 'L' } as const;

/**
 *          0 ms                                       4000.0 ms, 40.0 ms a column
 *       a  C#################dxR.......................
 *       b  ....................C#######################
 *   twice  ............................................
 */
export function drawLanes(intervals: readonly Interval[], marks: readonly Mark[]): string {
  const times = [...intervals.flatMap(({ from, to }) => [from, to]), ...marks.map(({ mono }) => mono)];
  times.sort((a, b) => Number(a - b));
  const [start, end] = [times[0], times.at(-1)];
  if (start === undefined || end === undefined) return 'nobody worked';
  const perColumn = Math.max(Number(end - start), 1) / (WIDTH - 1);
  const column = (time: bigint) => Math.floor(Number(time - start) / perColumn);

  const identities = [...new Set([...intervals, ...marks].map(({ identity }) => identity))];
  const lanes = new Map(identities.map((identity) => [identity, Array<string>(WIDTH).fill('.')]));
  const count = Array<number>(WIDTH).fill(0);
  for (const identity of identities) {
    const lane = lanes.get(identity) ?? [];
    for (const { from, to } of intervals.filter((interval) => interval.identity === identity)) {
      lane.fill('#', column(from), column(to) + 1);
    }
    for (const [at, sign] of lane.entries()) if (sign === '#') count[at] = (count[at] ?? 0) + 1;
    for (const mark of marks) if (mark.identity === identity) lane[column(mark.mono)] = LETTERS[mark.what];
  }
  const twice = count.map((many) => (many > 1 ? '!' : '.'));
  const margin = Math.max(...[...identities, 'twice'].map((name) => name.length));
  const line = (name: string, lane: readonly string[]) => `${name.padStart(margin)}  ${lane.join('')}`;
  const span = `${(Number(end - start) / 1e6).toFixed(1)} ms, ${(perColumn / 1e6).toFixed(1)} ms a column`;
  const scale = `${'0 ms'.padEnd(WIDTH - span.length)}${span}`;
  const signs = Object.entries(LETTERS).map(([what, letter]) => `${letter} ${what}`);
  return [
    `${' '.repeat(margin)}  ${scale}`,
    ...[...lanes].map(([identity, lane]) => line(identity, lane)),
    line('twice', twice),
    `# work   ${signs.join('   ')}`,
  ].join('\n');
}
