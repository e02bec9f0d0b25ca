import { string as stringArg } from '@oclif/core/args';
import { integer as integerFlag, option, string as stringFlag } from '@oclif/core/flags';
import { KleCommand } from '../cli/base-command.js';
import { chaosFlags, refuseKleIdentity, takingFlags, takingRequest, wholeSeconds } from '../cli/chaos-flags.js';
import { type ChaosVerb, runChaos } from '../cli/chaos-run.js';
import { UsageError } from '../cli/errors.js';
import { EXIT, type ExitCode } from '../cli/exit-codes.js';
import { leaseArg } from '../cli/flags.js';
import type { ReleaseWay } from '../operations/chaos/plan.js';
import type { ReleaseOutcome, ReleaseReport } from '../operations/chaos/report.js';
import { openRelease, type ReleaseRequest } from '../operations/release/release.js';
import { operationResult } from '../view/json-operations.js';
import { releaseLines } from '../view/text/release.js';

export default class Release extends KleCommand {
  static override summary = 'Make whoever holds a Lease step down, without two leaders.';
  static override usage = 'release LEASE [FLAGS]';
  static override description = [
    'By default kle fences the Lease: it holds it itself until the incumbent must have stopped, then frees it or hands it to',
    '--to, and watches who leads. Clearing the holder alone (--via clear) is a race that the old leader often wins, and two',
    'leaders where it does not. docs/step-down.md says what each way costs. Needs the rights to get, list, watch and update',
    'the Lease.',
  ].join(' ');
  static override examples = [
    { description: 'what would happen', command: 'kle release web --dry-run' },
    { description: 'hand it to the standby that you name', command: 'kle release web --to web-1' },
    {
      description: 'in a script, and only if the leader is still the one that was seen',
      command: 'kle release web --yes --expect-holder web-0',
    },
    { description: 'give up your own Lease, in a preStop hook', command: 'kle release web --identity "$HOSTNAME"' },
  ];
  static override args = { lease: stringArg(leaseArg) };
  static override flags = {
    via: option({
      summary: 'how: fence, evict, prefer or clear',
      options: ['fence', 'evict', 'prefer', 'clear'] as const,
      default: 'fence' as const,
      helpValue: 'WAY',
    })(),
    to: stringFlag({ summary: 'hand it to this candidate', helpValue: 'ID' }),
    identity: stringFlag({ summary: 'free it at once, if this identity (your own) holds it', helpValue: 'ID' }),
    attempts: integerFlag({
      summary: 'try again so often if the same holder gets it back',
      default: 1,
      min: 1,
      helpValue: 'N',
    }),
    'lease-duration': stringFlag({ summary: 'for a Lease that says none', helpValue: 'DURATION' }),
    ...takingFlags,
    ...chaosFlags,
  };

  override async run(): Promise<ExitCode> {
    this.refuseCommandWords();
    const { args, flags } = await this.parse(Release);
    const way: ReleaseWay = flags.identity === undefined ? flags.via : 'identity';
    refuseKleIdentity('identity', flags.identity);
    refuseKleIdentity('to', flags.to);
    checkTo(way, flags.to);
    const request: Omit<ReleaseRequest, 'lease'> = {
      ...takingRequest(flags),
      way,
      to: flags.to ?? null,
      identity: flags.identity ?? null,
      leaseDurationMs:
        flags['lease-duration'] === undefined ? null : wholeSeconds('lease-duration', flags['lease-duration']) * 1000,
    };
    const verb: ChaosVerb<ReleaseReport> = {
      kind: 'ReleaseResult',
      consent: way === 'identity' ? 'none' : way === 'fence' || way === 'prefer' ? 'yes-no' : 'name',
      open: (lease, ports, options) => openRelease({ ...request, lease }, ports, options),
      lines: releaseLines,
      document: (report) => operationResult('ReleaseResult', report),
      code: codeOf,
    };
    return runChaos(verb, args.lease, flags, this.context);
  }
}

const CODES: Record<ReleaseOutcome, ExitCode> = {
  'handed-over': EXIT.ok,
  'not-held': EXIT.ok,
  freed: EXIT.no,
  returned: EXIT.no,
  taken: EXIT.refused,
  refused: EXIT.refused,
  unverified: EXIT.unverified,
  'put-back': EXIT.interrupted,
};

/** Freed without a taker is the wish of who gives up its own, and half of what others wanted. */
function codeOf({ outcome, plan }: ReleaseReport): ExitCode {
  return outcome === 'freed' && plan?.way === 'identity' ? EXIT.ok : CODES[outcome];
}

function checkTo(way: ReleaseWay, to: string | undefined): void {
  if (way === 'prefer' && to === undefined) {
    throw new UsageError('--via prefer needs --to', ['name the LeaseCandidate that should lead']);
  }
  if (to !== undefined && way !== 'fence' && way !== 'prefer') {
    throw new UsageError(`--to cannot be had with ${way === 'identity' ? '--identity' : `--via ${way}`}`, [
      'only a fence or a coordinated election can name the next leader',
    ]);
  }
}
