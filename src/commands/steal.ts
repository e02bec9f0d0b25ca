import { string as stringArg } from '@oclif/core/args';
import { boolean as booleanFlag, option, string as stringFlag } from '@oclif/core/flags';
import { KleCommand } from '../cli/base-command.js';
import { chaosFlags, refuseKleIdentity, takingFlags, takingRequest, wholeSeconds } from '../cli/chaos-flags.js';
import { type ChaosVerb, runChaos } from '../cli/chaos-run.js';
import { durationFlag } from '../cli/duration.js';
import { UsageError } from '../cli/errors.js';
import { EXIT, type ExitCode } from '../cli/exit-codes.js';
import { leaseArg } from '../cli/flags.js';
import type { StealOutcome, StealReport } from '../operations/chaos/report.js';
import { openSteal, type StealRequest } from '../operations/steal/steal.js';
import { operationResult } from '../view/json-operations.js';
import { stealLines } from '../view/text/steal.js';

export default class Steal extends KleCommand {
  static override summary = 'Take a Lease away from its holder, keep it, and give it up again.';
  static override usage = 'steal LEASE [FLAGS]';
  static override description = [
    'Shows what a leader does that loses its Lease. kle says before how long the deposed holder may go on working, and keeps',
    'the Lease at least that long, unless told --allow-overlap. Interrupted earlier, it puts the old holder back. Needs the',
    'rights to get, list, watch and update the Lease; with the right to list Events it tells what the holder says.',
  ].join(' ');
  static override examples = [
    { description: 'what would happen', command: 'kle steal web --hold 30s --dry-run' },
    { description: 'keep it for half a minute', command: 'kle steal web --hold 30s' },
    { description: 'until Ctrl-C', command: 'kle steal web' },
    { description: 'only a Lease that nobody renews', command: 'kle steal web --only-expired --hold 5s --yes' },
  ];
  static override args = { lease: stringArg(leaseArg) };
  static override flags = {
    hold: stringFlag({ summary: 'for how long; default: until Ctrl-C', helpValue: 'DURATION' }),
    // biome-ignore lint/suspicious/noThenProperty: the flag's name
    then: option({
      summary: 'and then: free it, or leave it to expire',
      options: ['free', 'leave'] as const,
      default: 'free' as const,
      helpValue: 'WHAT',
    })(),
    'only-expired': booleanFlag({ summary: 'only if it is seen not to be renewed for its whole duration' }),
    'allow-overlap': booleanFlag({ summary: 'free it after --hold even if the old holder may still work' }),
    identity: stringFlag({ summary: 'under which name; default kle/<id>', helpValue: 'ID' }),
    'lease-duration': stringFlag({
      summary: 'leaseDuration to write; default: the whole stop wait',
      helpValue: 'DURATION',
    }),
    ...takingFlags,
    ...chaosFlags,
  };

  override async run(): Promise<ExitCode> {
    this.refuseCommandWords();
    const { args, flags } = await this.parse(Steal);
    refuseKleIdentity('identity', flags.identity);
    if (flags['allow-overlap'] && flags.hold === undefined) {
      throw new UsageError('--allow-overlap needs --hold', ['without --hold the Lease is kept until Ctrl-C']);
    }
    const request: Omit<StealRequest, 'lease'> = {
      ...takingRequest(flags),
      identity: flags.identity ?? null,
      onlyExpired: flags['only-expired'],
      holdMs: flags.hold === undefined ? null : durationFlag('hold', flags.hold, 1),
      afterwards: flags.then,
      allowOverlap: flags['allow-overlap'],
      leaseDurationSeconds:
        flags['lease-duration'] === undefined ? null : wholeSeconds('lease-duration', flags['lease-duration']),
    };
    const verb: ChaosVerb<StealReport> = {
      kind: 'StealResult',
      consent: 'name',
      open: (lease, ports, options) => openSteal({ ...request, lease }, ports, options),
      lines: stealLines,
      document: (report) => operationResult('StealResult', report),
      code: ({ outcome }) => CODES[outcome],
    };
    return runChaos(verb, args.lease, flags, this.context);
  }
}

/** `put-back` without `--hold` is how Ctrl-C ends it early; with `--hold` it is an interruption, told as such. */
const CODES: Record<StealOutcome, ExitCode> = {
  'held-and-freed': EXIT.ok,
  left: EXIT.ok,
  'put-back': EXIT.ok,
  lost: EXIT.refused,
  refused: EXIT.refused,
  unverified: EXIT.unverified,
};
