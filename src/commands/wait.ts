import { string as stringArg } from '@oclif/core/args';
import { boolean as booleanFlag, string as stringFlag } from '@oclif/core/flags';
import { KleCommand } from '../cli/base-command.js';
import { conditionFlag } from '../cli/condition-flag.js';
import { durationFlag } from '../cli/duration.js';
import { CallFailed, UsageError } from '../cli/errors.js';
import { EXIT, type ExitCode } from '../cli/exit-codes.js';
import { connectionFlags, leaseArg, leaseName, outputFlag } from '../cli/flags.js';
import type { LeaseApi } from '../lease/api.js';
import type { FollowEvent, ToldFollowEvent } from '../operations/follow/follow.js';
import { wallTimes } from '../operations/follow/follow-time.js';
import { type WaitRequest, waitFor } from '../operations/wait/wait.js';
import { jsonText } from '../view/json.js';
import { waitText } from '../view/text/wait.js';
import { WatchLines } from '../view/text/watch.js';
import { themeFor } from '../view/theme.js';
import { waitResult } from '../view/watch-json.js';

export default class Wait extends KleCommand {
  static override summary = 'Waits until a Lease is held, released, expired, taken over or stable.';
  static override usage = 'wait LEASE --for=CONDITION... [FLAGS]';
  static override description = [
    'held, released, expired and absent are the states of `kle status`; holder=ID: held by that identity; transition: a',
    'term began while kle watched (another holder, or the same one anew); stable=30s: one holder, seen without a gap for so',
    'long. With several --for all must be so at one moment, with --any one is enough. Exit 0: it is so; 1: it is not, the time',
    'is up. Needs the right to watch the Lease; with the right to get alone it is read once a second.',
  ].join(' ');
  static override examples = [
    { description: 'until somebody leads', command: 'kle wait -n shop web --for=held' },
    {
      description: 'a hand-over in a test: at most 20 seconds',
      command: 'kle wait web --for=transition --timeout=20s',
    },
    { description: 'is web-1 the leader right now?', command: 'kle wait web --for=holder=web-1 --timeout=0s' },
    { description: 'gone or given up', command: 'kle wait web --for=released --for=absent --any' },
  ];
  static override args = { lease: stringArg(leaseArg) };
  static override flags = {
    for: stringFlag({
      summary: 'held, released, expired, absent, holder=ID, transition or stable=30s; may be repeated',
      helpValue: 'CONDITION',
      multiple: true,
      multipleNonGreedy: true,
    }),
    any: booleanFlag({ summary: 'one of the conditions is enough' }),
    timeout: stringFlag({ summary: 'give up after this long; 0s: look once', helpValue: 'DURATION', default: '30s' }),
    output: outputFlag(['text', 'json']),
    ...connectionFlags,
  };

  override async run(): Promise<ExitCode> {
    this.refuseCommandWords();
    const { args, flags } = await this.parse(Wait);
    const name = leaseName(args.lease);
    const conditions = (flags.for ?? []).map((text) => conditionFlag('for', text));
    if (conditions.length === 0)
      throw new UsageError('what to wait for?', ['for example --for=held or --for=transition']);
    const timeoutMs = durationFlag('timeout', flags.timeout);
    const { connection, leases } = await this.context.cluster(flags);
    const ref = { namespace: connection.namespace, name };
    const result = await this.#wait({ ref, conditions, any: flags.any, timeoutMs }, leases, flags.output === 'text');
    if (result.failure) throw new CallFailed(result.failure);
    const { stdout } = this.context.io;
    stdout.write(flags.output === 'json' ? jsonText(waitResult(result)) : `${waitText(result, flags.any)}\n`);
    return result.met ? EXIT.ok : EXIT.no;
  }

  async #wait(request: WaitRequest, leases: LeaseApi, tell: boolean): Promise<Awaited<ReturnType<typeof waitFor>>> {
    const { io, clock, signal } = this.context;
    const lines = new WatchLines(await themeFor(io.stdout, io.env));
    const timeOf = wallTimes({ leases, clock });
    const onEvents = (events: readonly FollowEvent[]) => {
      for (const event of events) {
        if (!tell || !isNews(event)) continue;
        io.stdout.write(`${lines.line({ event, time: timeOf(event.atMs), verdict: null })}\n`);
      }
    };
    const onPolling = () => this.context.say('not allowed to watch, so the Lease is read once a second instead');
    return waitFor(request, { leases, clock, signal, onEvents, onPolling });
  }
}

/** How the Lease was at the start is told by the result. */
function isNews(event: FollowEvent): event is ToldFollowEvent {
  return event.type === 'renewed'
    ? event.resumed
    : event.type !== 'synced' && event.type !== 'seen' && event.type !== 'problem';
}
