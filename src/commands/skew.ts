import { string as stringArg } from '@oclif/core/args';
import { string as stringFlag } from '@oclif/core/flags';
import { KleCommand } from '../cli/base-command.js';
import { chaosFlags, guardRequest, wholeSeconds } from '../cli/chaos-flags.js';
import { type ChaosVerb, runChaos } from '../cli/chaos-run.js';
import { durationFlag } from '../cli/duration.js';
import { UsageError } from '../cli/errors.js';
import { EXIT, type ExitCode } from '../cli/exit-codes.js';
import { leaseArg } from '../cli/flags.js';
import type { Shift } from '../lease/operation-specs.js';
import type { SkewOutcome, SkewReport } from '../operations/chaos/report.js';
import { openSkew, type SkewRequest } from '../operations/skew/skew.js';
import { skewResult } from '../view/json-operations.js';
import { skewLines } from '../view/text/skew.js';

export default class Skew extends KleCommand {
  static override summary = "Shift a Lease's renewTime, as a holder with a wrong clock would, and see who is fooled.";
  static override usage = 'skew LEASE --by=±DURATION [FLAGS]';
  static override description = [
    'Electors that compare renewTime with their own clock take the Lease of a live holder; others do not. kle says which',
    'known electors would, reports whether somebody did, and puts back what the holder wrote last. It shifts only directly',
    'after a renewal, and ends at the first takeover. Needs the rights to get, list, watch and update the Lease.',
  ].join(' ');
  static override examples = [
    {
      description: 'as if its clock were an hour behind, for twenty seconds',
      command: 'kle skew web --by=-1h --hold 20s',
    },
    { description: 'one renewal only', command: 'kle skew web --by=+1h' },
    { description: 'a leaseDuration of one second instead', command: 'kle skew web --lease-duration 1s --hold 20s' },
  ];
  static override args = { lease: stringArg(leaseArg) };
  static override flags = {
    by: stringFlag({ summary: 'how far, such as -1h or +30s', helpValue: '±DURATION' }),
    hold: stringFlag({ summary: 'shift each renewal, for so long; default: one renewal', helpValue: 'DURATION' }),
    'lease-duration': stringFlag({ summary: 'change leaseDurationSeconds to this instead', helpValue: 'DURATION' }),
    ...chaosFlags,
  };

  override async run(): Promise<ExitCode> {
    this.refuseCommandWords();
    const { args, flags } = await this.parse(Skew);
    const request: Omit<SkewRequest, 'lease'> = {
      ...guardRequest(flags),
      shift: shiftOf(flags),
      holdMs: flags.hold === undefined ? null : durationFlag('hold', flags.hold, 1),
    };
    const verb: ChaosVerb<SkewReport> = {
      kind: 'SkewResult',
      consent: 'name',
      open: (lease, ports, options) => openSkew({ ...request, lease }, ports, options),
      lines: skewLines,
      document: skewResult,
      code: ({ outcome }) => CODES[outcome],
    };
    return runChaos(verb, args.lease, flags, this.context);
  }
}

function shiftOf(flags: { by?: string | undefined; 'lease-duration'?: string | undefined }): Shift {
  const { by } = flags;
  if ((by === undefined) === (flags['lease-duration'] === undefined)) {
    throw new UsageError('say what to shift: --by or --lease-duration, and only one of them', [
      'kle skew LEASE --by=-1h',
    ]);
  }
  if (by === undefined) return { leaseDurationSeconds: wholeSeconds('lease-duration', flags['lease-duration'] ?? '') };
  const renewTimeMs = durationFlag('by', by, Number.NEGATIVE_INFINITY);
  if (renewTimeMs === 0) throw new UsageError('--by: 0 shifts nothing', ['write --by=-1h or --by=+30s']);
  return { renewTimeMs };
}

/** Fooled or not, the question was answered. */
const CODES: Record<SkewOutcome, ExitCode> = {
  'not-fooled': EXIT.ok,
  fooled: EXIT.ok,
  refused: EXIT.refused,
  unverified: EXIT.unverified,
};
