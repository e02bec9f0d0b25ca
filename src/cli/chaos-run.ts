/** What release, steal and skew have in common on the command line: plan, consent, do, result, exit code. */

import type { LeaseRef } from '../lease/api.js';
import type { Plan } from '../operations/chaos/plan.js';
import type { Opened } from '../operations/chaos/prepare.js';
import type { Report } from '../operations/chaos/report.js';
import type { SessionOptions } from '../operations/chaos/session.js';
import type { OperationPorts } from '../operations/ports.js';
import { jsonText } from '../view/json.js';
import { plannedResult } from '../view/json-operations.js';
import { planLines, planWarnings } from '../view/text/plan.js';
import { refusalText } from '../view/text/plan-words.js';
import { operationPorts } from './chaos-ports.js';
import { guardSecondInterrupt, Teller } from './chaos-teller.js';
import { askConsent, type Consent, NO_TERMINAL, someoneToAsk } from './consent.js';
import type { Context } from './context.js';
import { CallFailed, endingOf, UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { leaseName, type ParsedConnectionFlags } from './flags.js';

export interface ChaosVerb<R extends Report<string>> {
  kind: 'ReleaseResult' | 'StealResult' | 'SkewResult';
  consent: Consent | 'none';
  open(lease: LeaseRef, ports: OperationPorts, options: SessionOptions): Promise<Opened<R>>;
  lines(report: R): string[];
  document(report: R): object;
  /** Of an outcome that is neither refused nor interrupted nor left changed. */
  code(report: R): ExitCode;
}

export interface ChaosOptions extends ParsedConnectionFlags {
  yes: boolean;
  'dry-run': boolean;
  'no-journal': boolean;
  output: 'text' | 'json' | 'yaml';
  /** Of a release. */
  attempts?: number;
}

/** `leaseText`: as it was typed. */
export async function runChaos<R extends Report<string>>(
  verb: ChaosVerb<R>,
  leaseText: string,
  options: ChaosOptions,
  context: Context,
): Promise<ExitCode> {
  const cluster = await context.cluster(options);
  const lease = { namespace: cluster.connection.namespace, name: leaseName(leaseText) };
  const ports = operationPorts(cluster, context, options);
  const asks = verb.consent !== 'none' && !options['dry-run'];
  // Before anything is measured: nobody should wait for a refusal.
  if (asks && !someoneToAsk(options.yes, context)) return refuse(NO_TERMINAL, context);
  for (let left = options.attempts ?? 1; ; left--) {
    const done = await once(verb, { ...options, lease, ports }, context, left === (options.attempts ?? 1));
    if (typeof done === 'number') return done;
    // Only a holder that came back is tried again: everything else is an answer.
    const again = left > 1 && done.outcome === 'returned' && !done.interrupted;
    if (!again) return conclude(verb, done, options, context);
    context.say(`${verb.lines(done)[0]}; trying again`);
  }
}

/** One operation: its report, or the exit code where there is none. */
async function once<R extends Report<string>>(
  verb: ChaosVerb<R>,
  options: ChaosOptions & { lease: LeaseRef; ports: OperationPorts },
  context: Context,
  asks: boolean,
): Promise<ExitCode | R> {
  const teller = new Teller(context);
  teller.passing('watching how it is renewed');
  const opened = await verb.open(options.lease, options.ports, { onStep: teller.step, onPoint: teller.point });
  try {
    teller.end();
    if (!opened.ready) return opened.report;
    if (options['dry-run']) {
      await showPlan(verb.kind, opened.plan, options, context);
      return EXIT.ok;
    }
    if (asks && !(await consent(verb, opened.plan, options, context))) {
      return refuse(refusalText({ code: 'consent-refused' }), context);
    }
    const release = guardSecondInterrupt(howToUndo(opened.plan), teller, context);
    try {
      return await opened.run();
    } finally {
      release();
    }
  } finally {
    teller.end();
    opened.close();
  }
}

/** Of the ways that keep a journal, or that undo knows by its mark. */
function howToUndo({ way, lease, steps }: Plan): string {
  if (way !== null && way !== 'fence') return `\`kle status ${lease.name} -n ${lease.namespace}\` shows what is there`;
  const [first] = steps;
  const holder = first?.step === 'fence' || first?.step === 'take' ? first.holder : '';
  return `put it back with \`kle undo${holder.startsWith('kle/') ? ` ${holder.slice(4)}` : ''}\``;
}

async function consent(
  verb: Pick<ChaosVerb<Report<string>>, 'consent'>,
  plan: Plan,
  options: ChaosOptions,
  context: Context,
): Promise<boolean> {
  if (verb.consent === 'none') return true;
  await explain(plan, context);
  return options.yes || askConsent(verb.consent, plan.lease.name, context);
}

/** The plan where people read it who are about to decide: on stderr, since stdout is for the result. */
async function explain(plan: Plan, context: Context): Promise<void> {
  for (const line of planLines(plan)) context.io.stderr.write(`${line}\n`);
  for (const warning of planWarnings(plan)) await context.warn(warning);
}

async function showPlan(
  kind: ChaosVerb<Report<string>>['kind'],
  plan: Plan,
  { output }: ChaosOptions,
  context: Context,
): Promise<void> {
  if (output !== 'text') return print(plannedResult(kind, plan), output, context);
  for (const line of planLines(plan)) context.io.stdout.write(`${line}\n`);
  for (const warning of planWarnings(plan)) await context.warn(warning);
}

/** One document on stdout, in JSON or YAML. */
export async function print(document: object, output: 'json' | 'yaml', { io }: Context): Promise<void> {
  if (output === 'json') return void io.stdout.write(jsonText(document));
  const { yamlText } = await import('../view/yaml.js');
  io.stdout.write(yamlText(document));
}

async function conclude<R extends Report<string>>(
  verb: ChaosVerb<R>,
  report: R,
  { output }: ChaosOptions,
  context: Context,
): Promise<ExitCode> {
  const { refusal, failure, leftChanged, outcome } = report;
  if (refusal?.code === 'malformed' && refusal.what === 'leaseDurationSeconds') {
    throw new UsageError('the Lease has no leaseDurationSeconds that could be used', ['say it with --lease-duration']);
  }
  const nothing = outcome === 'refused';
  // Ctrl-C before anything was written is no result.
  if (nothing && report.interrupted) throw context.signal.reason;
  if (nothing && failure && !leftChanged) throw new CallFailed(failure);
  if (output !== 'text') await print(verb.document(report), output, context);
  else if (!nothing) for (const line of verb.lines(report)) context.io.stdout.write(`${line}\n`);
  if (refusal) return refuse(refusalText(refusal), context);
  if (leftChanged) return EXIT.leftChanged;
  if (report.interrupted) return endingOf(context.signal.reason).code;
  return outcome === 'unverified' ? EXIT.unverified : verb.code(report);
}

function refuse({ message, tries }: { message: string; tries: readonly string[] }, context: Context): ExitCode {
  context.say(`refused: ${message}`);
  for (const line of tries) context.io.stderr.write(`  ${line}\n`);
  return EXIT.refused;
}
