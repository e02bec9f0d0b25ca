import { string as stringArg } from '@oclif/core/args';
import { boolean as booleanFlag } from '@oclif/core/flags';
import { KleCommand } from '../cli/base-command.js';
import { operatorFlags } from '../cli/chaos-flags.js';
import { journalReader, operationPorts, serverOf } from '../cli/chaos-ports.js';
import { print } from '../cli/chaos-run.js';
import { guardSecondInterrupt, Teller } from '../cli/chaos-teller.js';
import { askConsent, NO_TERMINAL, someoneToAsk } from '../cli/consent.js';
import { CallFailed, endingOf, UsageError } from '../cli/errors.js';
import { EXIT, type ExitCode } from '../cli/exit-codes.js';
import { type UndoItem, undo } from '../operations/undo/undo.js';
import { chooseUndo, findUndos } from '../operations/undo/undo-find.js';
import { undoList, undoResult } from '../view/json-operations.js';
import { type UndoRow, undoLines, undoQuestion, undoTable } from '../view/text/undo.js';

export default class Undo extends KleCommand {
  static override summary = 'Put back what an interrupted release, steal or skew left changed.';
  static override usage = 'undo [ID] [FLAGS]';
  static override description = [
    'Without ID: every operation of this machine whose process has ended. With ID: that one, by its journal here or by its mark',
    'on a Lease in -n or -A. Writes only what the operation changed, and only where the Lease is still as it left it. Needs the',
    'rights to get, list, watch and update the Leases.',
  ].join(' ');
  static override examples = [
    { description: 'what there is to undo, here and on the cluster', command: 'kle undo --list -A' },
    { description: 'undo what was left by a kle that was killed', command: 'kle undo --yes' },
    { description: 'one operation that ran elsewhere', command: 'kle undo k3v9q0x7ab -n shop' },
  ];
  static override args = {
    id: stringArg({ description: 'the operation, ten of a–z and 0–9', ignoreStdin: true }),
  };
  static override flags = {
    list: booleanFlag({ summary: 'only say what there is to undo' }),
    'all-namespaces': booleanFlag({ char: 'A', summary: 'look for marks on Leases of every namespace' }),
    ...operatorFlags,
  };

  override async run(): Promise<ExitCode> {
    this.refuseCommandWords();
    const { args, flags } = await this.parse(Undo);
    const id = args.id ?? null;
    if (id !== null && !/^[a-z0-9]{10}$/.test(id)) {
      throw new UsageError(`${JSON.stringify(id)} is no operation`, [
        'an ID is ten of a–z and 0–9; `kle undo --list` shows them',
      ]);
    }
    if (!flags.list && !someoneToAsk(flags.yes, this.context)) {
      this.context.say(`refused: ${NO_TERMINAL.message}`);
      for (const line of NO_TERMINAL.tries) this.context.io.stderr.write(`  ${line}\n`);
      return EXIT.refused;
    }
    const cluster = await this.context.cluster(flags);
    const journals = journalReader(this.context);
    const server = serverOf(cluster);
    const onCluster = flags['all-namespaces'] ? '' : flags.namespace !== undefined || id !== null;
    const namespace = onCluster === '' ? '' : onCluster ? cluster.connection.namespace : null;
    // Without ID, marks on the cluster are only shown: their processes may live elsewhere.
    const found = await findUndos(
      { id, namespace: id === null && !flags.list ? null : namespace },
      {
        leases: cluster.leases,
        journals,
        server,
        signal: this.context.signal,
      },
    );
    this.context.signal.throwIfAborted();
    if (!found.ok) throw new CallFailed(found.failure);
    const serverNow = cluster.leases.serverTime()?.earliest ?? null;
    const rows: UndoRow[] = found.value.map((candidate) => ({
      candidate,
      choice: chooseUndo(candidate, { server, serverNow, byId: id !== null }),
    }));
    if (flags.list) return this.#list(rows, flags.output);
    if (rows.length === 0 && id !== null) {
      this.context.say(`refused: there is no operation ${id}: no journal here, and no Lease with its mark`);
      this.context.io.stderr.write('  look in its namespace with -n, or everywhere with -A\n');
      return EXIT.refused;
    }
    const ports = { ...operationPorts(cluster, this.context, { ...flags, 'no-journal': true }), journals, server };
    const items: UndoItem[] = [];
    for (const row of rows) {
      if (needsConsent(row) && !flags.yes && !(await this.#ask(row))) continue;
      const item = await this.#undo(row, ports, id !== null);
      // Interrupted before it wrote: what is left has its journal still.
      if (item === null) break;
      items.push(item);
    }
    return this.#show(items, flags.output);
  }

  async #undo({ candidate }: UndoRow, ports: Parameters<typeof undo>[1], byId: boolean): Promise<UndoItem | null> {
    const teller = new Teller(this.context);
    const release = guardSecondInterrupt(`\`kle undo ${candidate.id}\` can be run again`, teller, this.context);
    try {
      return await undo(candidate, ports, { byId }, { onPoint: teller.point });
    } finally {
      release();
    }
  }

  async #list(rows: UndoRow[], format: 'text' | 'json' | 'yaml'): Promise<ExitCode> {
    if (format !== 'text') await print(undoList(rows), format, this.context);
    else if (rows.length === 0) this.context.say('nothing to undo');
    else this.context.io.stdout.write(`${undoTable(rows).join('\n')}\n`);
    return EXIT.ok;
  }

  async #ask(row: UndoRow): Promise<boolean> {
    this.context.io.stderr.write(`${undoQuestion(row)}\n`);
    return askConsent('yes-no', row.candidate.lease.name, this.context);
  }

  async #show(items: UndoItem[], format: 'text' | 'json' | 'yaml'): Promise<ExitCode> {
    const { signal } = this.context;
    if (items.length === 0) signal.throwIfAborted();
    if (format !== 'text') await print(undoResult(items), format, this.context);
    else if (items.length === 0) this.context.say('nothing to undo');
    else for (const line of items.flatMap(undoLines)) this.context.io.stdout.write(`${line}\n`);
    if (items.some((one) => one.outcome === 'failed')) return EXIT.leftChanged;
    if (signal.aborted) return endingOf(signal.reason).code;
    return items.some((one) => one.outcome === 'moved-on') ? EXIT.refused : EXIT.ok;
  }
}

const needsConsent = ({ choice }: UndoRow): boolean =>
  choice === 'free' || choice === 'put-back' || choice === 'unshift';
