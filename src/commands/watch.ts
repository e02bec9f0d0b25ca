import { string as stringArg } from '@oclif/core/args';
import { boolean as booleanFlag, string as stringFlag } from '@oclif/core/flags';
import { KleCommand } from '../cli/base-command.js';
import { conditionFlag } from '../cli/condition-flag.js';
import { durationFlag } from '../cli/duration.js';
import { CallFailed, UsageError } from '../cli/errors.js';
import { EXIT } from '../cli/exit-codes.js';
import { connectionFlags, leaseName, outputFlag } from '../cli/flags.js';
import { type FollowPlan, followOnScreen, type ScreenEnd } from '../cli/follow-on-screen.js';
import { createEventPort } from '../kube/ports/ports-others.js';
import { createPodPort } from '../kube/ports/ports-pods.js';
import type { LeaseScope } from '../lease/api.js';
import { looksAt } from '../lease/history.js';
import type { Micros } from '../lease/micro-time.js';
import { judge } from '../lease/verdict.js';
import type { FollowEvent, Followed, ToldFollowEvent } from '../operations/follow/follow.js';
import { keyOf } from '../operations/follow/follow-leases.js';
import { type TimePorts, wallTimes } from '../operations/follow/follow-time.js';
import { type FollowLimits, followUntil } from '../operations/follow/follow-until.js';
import { Conditions } from '../operations/wait/conditions.js';
import { keepHeapSmall } from '../platform/memory.js';
import { openTerminal } from '../platform/terminal.js';
import { jsonText } from '../view/json.js';
import { nothingFound } from '../view/text/status.js';
import { WatchLines } from '../view/text/watch.js';
import { themeFor } from '../view/theme.js';
import { type ToldEvent, watchEvent } from '../view/watch-json.js';

/** Heartbeats of nodes are no elections, and there are thousands of them: the server leaves them out. */
const NO_HEARTBEATS = 'metadata.namespace!=kube-node-lease';

export default class Watch extends KleCommand {
  static override summary = 'Who leads, live: hand-overs, expiries and gaps as they happen.';
  static override usage = 'watch [LEASE] [FLAGS]';
  static override description = [
    'On a terminal a live screen (`?` there lists its keys; r, s, k and u release, steal, skew and undo); elsewhere, and with',
    '-o lines, a line for each change: time, type,',
    'namespace/name, holder, details. Types are seen, acquired, renewed, released, fenced, expired, changed, deleted, recreated,',
    "disconnected, reconnected, event and problem. Expiry is judged on this machine's monotonic clock: a Lease that was seen unchanged",
    'for its whole duration. Ctrl-C is the normal end. Needs the right to list and watch leases; where watching is forbidden they',
    "are read once a second. Of one Lease also Events about it and its holder's Pod, where they may be read.",
  ].join(' ');
  static override examples = [
    { description: 'one Lease, beside a failover drill', command: 'kle watch -n shop web' },
    { description: 'every election of the cluster', command: 'kle watch -A' },
    { description: 'for a program: an object a line', command: 'kle watch -A -o ndjson' },
    {
      description: 'record a drill until the next leader is there',
      command: 'kle watch web -o lines --until=transition',
    },
  ];
  static override args = {
    lease: stringArg({
      description: 'NAME or lease/NAME; all of the namespace when it is not given',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    'all-namespaces': booleanFlag({ char: 'A', summary: 'Leases of every namespace' }),
    selector: stringFlag({
      char: 'l',
      summary: 'only Leases with these labels, such as app=web',
      helpValue: 'SELECTOR',
    }),
    output: outputFlag(['auto', 'lines', 'ndjson']),
    renewals: booleanFlag({ summary: 'a line for each renewal too' }),
    'include-heartbeats': booleanFlag({ summary: 'with -A: the heartbeat Leases of nodes too' }),
    timeout: stringFlag({ summary: 'end after this long', helpValue: 'DURATION' }),
    until: stringFlag({
      summary: 'end when this is so of LEASE, a condition of `kle wait --for`; exit 1 if it ends otherwise',
      helpValue: 'CONDITION',
    }),
    ...connectionFlags,
  };

  override async run(): Promise<number> {
    this.refuseCommandWords();
    const { args, flags } = await this.parse(Watch);
    const name = args.lease === undefined ? undefined : leaseName(args.lease);
    const until = flags.until === undefined ? undefined : conditionFlag('until', flags.until);
    const timeoutMs = flags.timeout === undefined ? undefined : durationFlag('timeout', flags.timeout, 100);
    refuseContradictions(name, flags);
    keepHeapSmall();
    const cluster = await this.context.cluster(flags);
    const { connection, transport } = cluster;
    const namespace = flags['all-namespaces'] ? null : connection.namespace;
    const scope: LeaseScope = {
      ...(namespace === null ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
      ...(namespace === null && !flags['include-heartbeats'] ? { fieldSelector: NO_HEARTBEATS } : {}),
    };
    const limits: FollowLimits = {
      ...(until && {
        until: { ref: { namespace: namespace ?? '', name: name ?? '' }, conditions: new Conditions([until], true) },
      }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
    const around = { events: createEventPort(transport), pods: createPodPort(transport) };
    const plan: FollowPlan = { scope, cluster, limits, contextName: connection.contextName, around };
    const terminal = flags.output === 'auto' ? openTerminal() : null;
    const end = await (terminal ? followOnScreen(plan, terminal, this.context) : this.#lines(plan, flags));
    if (end.code !== null) return end.code;
    if (end.failure) throw new CallFailed(end.failure);
    return until && !end.met ? EXIT.no : EXIT.ok;
  }

  async #lines(
    { scope, cluster: { leases }, limits, around }: FollowPlan,
    flags: { output: string; renewals: boolean },
  ): Promise<ScreenEnd> {
    const { io, clock, signal } = this.context;
    const lines = new WatchLines(await themeFor(io.stdout, io.env));
    const text = (told: ToldEvent) =>
      flags.output === 'ndjson' ? jsonText(watchEvent(told), 0) : `${lines.line(told)}\n`;
    const timeOf = wallTimes({ leases, clock });
    const onPolling = () => this.context.say('not allowed to watch, so the Leases are read once a second instead');
    const ports = {
      leases,
      clock,
      signal,
      onPolling,
      ...(around && { around: { events: around.events } }),
    };
    const show = (events: readonly FollowEvent[], followed: Followed) => {
      const wanted = events.filter((event) => isWanted(event, flags.renewals));
      lines.fit(wanted);
      const told = wanted.map((event) => text(toldOf(event, timeOf(event.atMs), followed, { leases, clock })));
      if (told.length > 0) io.stdout.write(told.join(''));
      if (wanted.length < events.length && events.some(({ type }) => type === 'synced'))
        this.#remarkNothing(scope, followed);
    };
    // What is there already comes together, so that it stands in columns.
    const first: FollowEvent[] = [];
    let begun = false;
    let latest: Followed | undefined;
    const end = await followUntil(scope, limits, ports, (events, followed) => {
      latest = followed;
      first.push(...events);
      begun ||= events.some(({ type }) => !OF_THE_FIRST.has(type));
      if (begun) show(first.splice(0), followed);
    });
    // It may be over before all are known.
    if (latest) show(first.splice(0), latest);
    return { ...end, code: null };
  }

  #remarkNothing({ namespace, name }: LeaseScope, followed: Followed): void {
    if (followed.leases.size > 0) return;
    this.context.say(
      name === undefined
        ? `${nothingFound(namespace ?? null).replace(/\.$/, '')}; waiting for some`
        : `there is no Lease ${name} in namespace ${namespace}; waiting for it`,
    );
  }
}

function isWanted(event: FollowEvent, renewals: boolean): event is ToldFollowEvent {
  if (event.type === 'renewed') return renewals || event.resumed;
  return event.type !== 'synced';
}

function toldOf(event: ToldFollowEvent, time: Micros, followed: Followed, ports: TimePorts): ToldEvent {
  const history = 'name' in event ? followed.leases.get(keyOf(event)) : undefined;
  if (!history || !STANDING_SHOWN.has(event.type)) return { event, time, verdict: null };
  const now = { monoMs: event.atMs, wall: ports.clock.wallMicros(), server: ports.leases.serverTime() };
  return { event, time, verdict: judge(history.record, looksAt(history, event.atMs), now) };
}

/** Told of each Lease before all are known. */
const OF_THE_FIRST: ReadonlySet<string> = new Set<FollowEvent['type']>(['seen', 'problem']);

const STANDING_SHOWN: ReadonlySet<string> = new Set<ToldFollowEvent['type']>(['seen', 'recreated']);

interface Selecting {
  'all-namespaces': boolean;
  selector?: string | undefined;
  until?: string | undefined;
}

function refuseContradictions(name: string | undefined, flags: Selecting): void {
  if (name !== undefined && flags['all-namespaces']) {
    throw new UsageError('a Lease cannot be named together with --all-namespaces', [
      'say where it is with -n NAMESPACE',
    ]);
  }
  if (name !== undefined && flags.selector !== undefined) {
    throw new UsageError('a Lease cannot be named together with a selector', ['give a name, or -l']);
  }
  if (name === undefined && flags.until !== undefined) {
    throw new UsageError('--until is about one Lease', ['name it: kle watch LEASE --until=CONDITION']);
  }
}
