/** What release, steal and skew have in common on the command line: plan, consent, do, result, exit code. */

import type { LeaseRef } from '../lease/api.js';
import type { Plan } from '../operations/plan.js';
import type { OperationPorts } from '../operations/ports.js';
import type { Opened } from '../operations/prepare.js';
import type { Report } from '../operations/report.js';
import type { SessionOptions } from '../operations/session.js';
import type { Step } from '../operations/steps.js';
import { stopSelf } from '../platform/own-process.js';
import { jsonText } from '../view/json.js';
import { plannedResult } from '../view/json-operations.js';
import { planLines, planWarnings } from '../view/text/plan.js';
import { refusalText, seconds, stepText } from '../view/text/plan-words.js';
import { operationPorts } from './chaos-ports.js';
import { askConsent, type Consent, NO_TERMINAL, someoneToAsk } from './consent.js';
import type { Context } from './context.js';
import { CallFailed, Interrupted, UsageError } from './errors.js';
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
    const release = guardSecondInterrupt(opened.plan, teller, context);
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
  if (report.interrupted) return interruptCode(context);
  return outcome === 'unverified' ? EXIT.unverified : verb.code(report);
}

function interruptCode({ signal }: Context): ExitCode {
  return signal.reason instanceof Interrupted && signal.reason.signal === 'SIGTERM'
    ? EXIT.terminated
    : EXIT.interrupted;
}

function refuse({ message, tries }: { message: string; tries: readonly string[] }, context: Context): ExitCode {
  context.say(`refused: ${message}`);
  for (const line of tries) context.io.stderr.write(`  ${line}\n`);
  return EXIT.refused;
}

/** Steps as they happen, one line each, and on a terminal how long the present wait still lasts. */
class Teller {
  /** A request that changes the Lease has left: from now on something may be left changed. */
  begun = false;
  readonly #context: Context;
  readonly #line: { show(text: string): void; clear(): void };
  #cancel = () => {};

  constructor(context: Context) {
    this.#context = context;
    this.#line = context.talk.progress();
  }

  passing(text: string): void {
    this.#line.show(text);
  }

  readonly step = (step: Step): void => {
    this.#cancel();
    this.#line.clear();
    const at = step.at === null ? '' : `${step.at.slice(11, 23)}  `;
    this.#context.say(`${at}${stepText(step)}`);
    if (step.step === 'fenced' || step.step === 'taken-by-kle') this.#count(step.stopWaitMs);
  };

  readonly point = (point: string): void => {
    if (point.startsWith('put#')) this.begun = true;
    stopHere(point, this.#context);
  };

  end(): void {
    this.#cancel();
    this.#line.clear();
  }

  #count(totalMs: number): void {
    const { clock } = this.#context;
    const endMs = clock.monoMs() + totalMs;
    const tick = () => {
      const leftMs = endMs - clock.monoMs();
      if (leftMs <= 0) return this.#line.clear();
      this.#line.show(`stop wait: ${seconds(Math.ceil(leftMs / 1000) * 1000)} to go; Ctrl-C puts it back`);
      this.#cancel = clock.timer(Math.min(1_000, leftMs), tick);
    };
    tick();
  }
}

/**
 * For tests that kill or interrupt kle at a given step: `KLE_TEST_STOP_AT=put#1:sent` stops the process there (SIGSTOP),
 * after it has said so; `KLE_TEST_STOP_AT=list` only says each point.
 */
function stopHere(point: string, { io }: Context): void {
  const wanted = io.env.KLE_TEST_STOP_AT;
  if (wanted === undefined || (wanted !== point && wanted !== 'list')) return;
  io.stderr.write(`kle: at ${point}\n`);
  if (wanted === point) stopSelf();
}

/** A second Ctrl-C ends at once: 6, since what is on the Lease is no longer known to be put back. */
function guardSecondInterrupt(plan: Plan, teller: Teller, context: Context): () => void {
  const id = plan.steps.flatMap((step) => (step.step === 'fence' ? [step.holder.slice(4)] : []))[0];
  return context.talk.onInsist(() => {
    if (!teller.begun) return;
    context.say(`left as it is; put it back with \`kle undo${id === undefined ? '' : ` ${id}`}\``);
    context.talk.endNow(EXIT.leftChanged);
  });
}
