import { string as stringArg } from '@oclif/core/args';
import { boolean as booleanFlag, string as stringFlag } from '@oclif/core/flags';
import { KleCommand } from '../cli/base-command.js';
import { durationFlag } from '../cli/duration.js';
import { CallFailed, UsageError } from '../cli/errors.js';
import { EXIT, type ExitCode } from '../cli/exit-codes.js';
import { connectionFlags, leaseName, outputFlag } from '../cli/flags.js';
import type { LeaseApi } from '../lease/api.js';
import type { Micros } from '../lease/micro-time.js';
import { leaseStatus, type StatusReport, type StatusRequest, type StatusRow } from '../operations/status/status.js';
import { rowOrder, SORT_COLUMNS } from '../operations/status/status-order.js';
import { jsonText, leaseStatusList } from '../view/json.js';
import { clockHint, disagreeHint } from '../view/messages.js';
import { safe } from '../view/safe.js';
import { FOLDED_ROLE, heartbeatSummary, nothingFound, statusTable } from '../view/text/status.js';
import { themeFor } from '../view/theme.js';

export default class Status extends KleCommand {
  static override summary = 'Who leads, and whether that is still so.';
  static override usage = 'status [LEASE...] [FLAGS]';
  static override description = [
    'One row a Lease: its state (held, fenced, released, expired, absent or malformed), its holder, the last sign of life',
    'and the expiry. BASIS (-o wide) says how the state was told: observed (kle watched for long enough), server-clock (the',
    "API server's own stamp of the renewal) or writer-clock (the holder's renewTime, as right as the holder's clock).",
    'Needs the right to get leases (named ones) or to list them; with --observe to list and watch them too (else they are read once a second).',
  ].join(' ');
  static override examples = [
    { description: 'the Leases of this namespace', command: 'kle status' },
    {
      description: 'one Lease, judged by watching it for 20 seconds',
      command: 'kle status -n kube-system kube-scheduler --observe 20s',
    },
    { description: 'in CI: exit 1 unless every Lease is held', command: 'kle status -A --check' },
    { description: 'the longest expired first', command: 'kle status -A --sort-by expires -o wide' },
  ];
  static override args = {
    lease: stringArg({
      description: 'NAME or lease/NAME; all of the namespace when none is given',
      multiple: true,
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
    'field-selector': stringFlag({
      summary: 'only Leases with these fields, such as metadata.name=x',
      helpValue: 'SELECTOR',
    }),
    'sort-by': stringFlag({
      summary: 'a column (name, state, expires, …) or a path such as .spec.renewTime',
      helpValue: 'KEY',
    }),
    output: outputFlag(['table', 'wide', 'json', 'yaml', 'name']),
    check: booleanFlag({ summary: 'exit 1 unless there is a Lease and every one is held' }),
    observe: stringFlag({
      summary: 'watch for so long and judge by what was seen, such as 20s',
      helpValue: 'DURATION',
    }),
    'include-heartbeats': booleanFlag({ summary: 'show the heartbeat Leases of nodes too' }),
    'no-headers': booleanFlag({ summary: 'print no headings' }),
    ...connectionFlags,
  };

  override async run(): Promise<ExitCode> {
    this.refuseCommandWords();
    const { args, flags } = await this.parse(Status);
    const names = args.lease?.map(leaseName);
    refuseContradictions(names, flags);
    const order = orderOf(flags['sort-by']);
    const observeMs = flags.observe === undefined ? undefined : durationFlag('observe', flags.observe, 1000);
    const { connection, leases } = await this.context.cluster(flags);
    const namespace = flags['all-namespaces'] ? null : connection.namespace;
    const request: StatusRequest = {
      scope: {
        ...(namespace === null ? {} : { namespace }),
        ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
        ...(flags['field-selector'] === undefined ? {} : { fieldSelector: flags['field-selector'] }),
      },
      ...(names ? { names } : {}),
      ...(observeMs === undefined ? {} : { observeMs }),
    };
    const report = await this.#ask(request, leases);
    const fold = !names && !flags['include-heartbeats'] && flags.namespace !== 'kube-node-lease';
    const isFolded = (row: StatusRow) => fold && row.record?.role === FOLDED_ROLE;
    const shown = report.rows.filter((row) => !isFolded(row));
    if (order) shown.sort(order);
    if (shown.length > 0 || report.failures.length === 0) await this.#print(shown, flags, namespace, report.now);
    await this.#remarks(report, report.rows.filter(isFolded));
    return ending(report, shown, flags.check);
  }

  async #ask(request: StatusRequest, leases: LeaseApi): Promise<StatusReport> {
    const { clock, signal } = this.context;
    const progress = this.context.talk.progress();
    try {
      return await leaseStatus(request, {
        leases,
        clock,
        signal,
        onProgress: (elapsedMs, totalMs) =>
          progress.show(`watching, ${Math.ceil((totalMs - elapsedMs) / 1000)}s to go`),
        onPolling: () => this.context.say('not allowed to watch, so the Leases are read once a second instead'),
      });
    } finally {
      progress.clear();
    }
  }

  async #print(
    rows: StatusRow[],
    flags: { output: string; 'no-headers': boolean },
    namespace: string | null,
    now: Micros,
  ): Promise<void> {
    const { io } = this.context;
    const { output } = flags;
    if (output === 'json') return io.stdout.write(jsonText(leaseStatusList(rows)));
    if (output === 'yaml') {
      // A chunk of its own: nobody else pays for YAML.
      const { yamlText } = await import('../view/yaml.js');
      return io.stdout.write(yamlText(leaseStatusList(rows)));
    }
    if (rows.length === 0) return io.stderr.write(`${nothingFound(namespace)}\n`);
    if (output === 'name') {
      const present = rows.filter((row) => row.record !== null);
      return io.stdout.write(present.map((row) => `lease.coordination.k8s.io/${safe(row.ref.name)}\n`).join(''));
    }
    const layout = {
      wide: output === 'wide',
      allNamespaces: namespace === null,
      columns: io.stdout.columns,
      now,
    };
    const lines = statusTable(rows, layout, await themeFor(io.stdout, io.env));
    io.stdout.write(`${lines.slice(flags['no-headers'] ? 1 : 0).join('\n')}\n`);
  }

  async #remarks(report: StatusReport, folded: StatusRow[]): Promise<void> {
    if (folded.length > 0) this.context.say(heartbeatSummary(folded));
    if (Math.abs(report.clockDifferenceMs) > 1000) await this.context.warn(clockHint(report.clockDifferenceMs));
    const unsure = report.rows.filter((row) => row.verdict.problems.some((p) => p.code === 'renewal-times-disagree'));
    if (unsure.length > 0) await this.context.warn(disagreeHint(unsure.map((row) => row.ref.name)));
  }
}

/** A call that failed is the answer, whatever else was read; then what --check asks. */
function ending(report: StatusReport, shown: readonly StatusRow[], check: boolean): ExitCode {
  const [failure] = report.failures;
  if (failure) throw new CallFailed(failure);
  if (!check) return EXIT.ok;
  return shown.length > 0 && shown.every((row) => row.verdict.state === 'held') ? EXIT.ok : EXIT.no;
}

interface Selecting {
  'all-namespaces': boolean;
  selector?: string | undefined;
  'field-selector'?: string | undefined;
}

function refuseContradictions(names: readonly string[] | undefined, flags: Selecting): void {
  if (!names) return;
  if (flags['all-namespaces']) {
    throw new UsageError('a Lease cannot be named together with --all-namespaces', [
      'say where it is with -n NAMESPACE',
    ]);
  }
  if (flags.selector !== undefined || flags['field-selector'] !== undefined) {
    throw new UsageError('Leases cannot be named together with a selector', ['give names, or -l/--field-selector']);
  }
}

function orderOf(key: string | undefined): ReturnType<typeof rowOrder> {
  if (key === undefined) return undefined;
  const order = rowOrder(key);
  if (order) return order;
  throw new UsageError(`--sort-by: ${JSON.stringify(key)} is neither a column nor a path`, [
    `columns: ${SORT_COLUMNS.join(', ')}`,
    'a path looks like .spec.renewTime or .metadata.creationTimestamp',
  ]);
}
