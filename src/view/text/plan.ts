/** A plan in plain words: what `--dry-run` prints, and what is read before consent. */
import type { Plan } from '../../operations/chaos/plan.js';
import type { Fooled, Span } from '../../operations/reactions.js';
import { safe } from '../safe.js';
import { assumptionText, planStepText, seconds, warningText } from './plan-words.js';

export function planLines(plan: Plan): string[] {
  return [
    ...headLines(plan),
    'Steps:',
    ...plan.steps.map((step, i) => `  ${i + 1}. ${planStepText(step)}`),
    'Expected:',
    ...expectedLines(plan).map((line) => `  ${line}`),
    ...(plan.assumes.length > 0
      ? ['Assumed of the holder and the cluster:', ...plan.assumes.map((one) => `  - ${assumptionText(one)}`)]
      : []),
  ];
}

/** Each for a line of its own that begins with `warning`. */
export const planWarnings = (plan: Plan): string[] => plan.warnings.map(warningText);

function headLines({ lease, from, facts }: Plan): string[] {
  const where = `${safe(lease.namespace)}/${safe(lease.name)}`;
  if (from === null) return [`Lease ${where} has no holder.`];
  if (!facts) return [`Lease ${where} is held by ${safe(from)}.`];
  const guess =
    facts.family === 'unknown'
      ? 'an elector that cannot be told'
      : `${facts.confidence === 'likely' ? '' : 'possibly '}${facts.family}`;
  if (facts.expiredForMs !== null) {
    const silent = `and has not renewed it for ${seconds(facts.expiredForMs)} that kle watched`;
    return [
      `Lease ${where} is expired: ${safe(from)} held it last (${guess}, leaseDuration ${seconds(facts.leaseDurationMs)}) ${silent}.`,
    ];
  }
  const period = facts.renewPeriodMs === facts.leaseDurationMs ? '' : `, renewed every ${seconds(facts.renewPeriodMs)}`;
  return [
    `Lease ${where} is held by ${safe(from)} (${guess}, leaseDuration ${seconds(facts.leaseDurationMs)}${period}).`,
  ];
}

function expectedLines(plan: Plan): string[] {
  const { prediction } = plan;
  if (plan.verb === 'skew') {
    const { possibleOverlapMs: ms } = prediction;
    const two = ms > 0 ? [`two leaders for up to ${seconds(ms)} if a standby is fooled`] : [];
    return [...fooledLines(prediction.wouldFool), ...two];
  }
  const lines = [`nobody leads for ${spanText(prediction.leaderless, plan)}`];
  lines.push(overlapLine(plan));
  if (plan.way === 'clear') {
    lines.push(
      prediction.returns === null
        ? 'how often the same holder gets it back is not known for this elector'
        : `cleared at a random moment, the same holder has it back in ${percent(prediction.returns.oneStandby)} of runs with one standby, ${percent(prediction.returns.twoStandbys)} with two; less often right after a renewal`,
    );
  }
  if (prediction.afterKillMs !== null) {
    lines.push(
      `if kle is killed meanwhile and nobody undoes it, nobody leads for about ${seconds(prediction.afterKillMs)} after that`,
    );
  }
  return lines;
}

function overlapLine(plan: Plan): string {
  const { possibleOverlapMs, usualStop } = plan.prediction;
  if (plan.verb === 'steal') {
    if (possibleOverlapMs === 0) return 'nobody has to be deposed';
    const usual =
      usualStop.mostMs === null
        ? ''
        : usualStop.mostMs === 0
          ? '; it has usually stopped by now'
          : `; this elector usually stops within ${seconds(usualStop.mostMs)}`;
    return `the deposed holder may work for up to ${seconds(possibleOverlapMs)} more${usual}`;
  }
  if (possibleOverlapMs === 0) return 'never two leaders, under what is assumed below';
  if (plan.way === 'clear') return `two leaders for up to ${seconds(possibleOverlapMs)} if a standby wins`;
  return `two leaders for up to ${seconds(possibleOverlapMs)} if two candidates take the free Lease at once, else never, under what is assumed below`;
}

function spanText({ leastMs, mostMs }: Span, { verb }: Plan): string {
  if (mostMs === null) {
    return verb === 'steal'
      ? `at least ${seconds(leastMs)}`
      : `at least ${seconds(leastMs)}; standbys of this elector may never take it`;
  }
  return leastMs === mostMs || mostMs < 1_000
    ? `up to ${seconds(mostMs)}`
    : `${seconds(leastMs)} to ${seconds(mostMs)}`;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

const FOOLED: Record<Fooled['why'], string> = {
  'looks-expired': 'would take the Lease of its live holder: it compares renewTime with its own clock',
  'outlives-its-holder': 'would wait that much longer after the death of the holder',
  'expires-between-renewals': 'may take the Lease between two renewals: it uses the Lease’s duration',
  'expires-late': 'would wait that much longer after the death of the holder',
};

/** One line for each family that would be fooled. */
export function fooledLines(wouldFool: readonly Fooled[]): string[] {
  if (wouldFool.length === 0) return ['a standby of no known elector would be fooled by this'];
  const lines: string[] = [];
  for (const why of Object.keys(FOOLED) as Fooled['why'][]) {
    const families = wouldFool.filter((one) => one.why === why).map((one) => one.family);
    if (families.length > 0) lines.push(`${families.join(', ')}: ${FOOLED[why]}`);
  }
  return [...lines, 'every other known elector counts from its own last look and would not be fooled'];
}
