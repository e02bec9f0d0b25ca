/** Results of the chaos verbs as JSON documents (DESIGN section 2). Unknown is null; readers ignore fields they do not know. */
import { formatMicroTime } from '../lease/micro-time.js';
import type { Plan } from '../operations/chaos/plan.js';
import type { Report, SkewReport } from '../operations/chaos/report.js';
import type { UndoItem } from '../operations/undo/undo.js';
import type { UndoCandidate } from '../operations/undo/undo-find.js';

const API_VERSION = 'kle/v1alpha1';

/** `ReleaseResult` and `StealResult`. */
export function operationResult(kind: 'ReleaseResult' | 'StealResult' | 'SkewResult', report: Report<string>): object {
  const { plan } = report;
  return {
    apiVersion: API_VERSION,
    kind,
    lease: report.lease,
    from: report.from,
    to: report.to,
    outcome: report.outcome,
    ...(plan?.way ? { via: plan.way } : {}),
    plan: plan?.steps ?? [],
    prediction: plan?.prediction ?? null,
    warnings: plan?.warnings ?? [],
    steps: report.steps,
    leaderlessMs: report.leaderlessMs,
    workGapMinMs: report.workGapMinMs,
    workGapMaxMs: report.workGapMaxMs,
    possibleOverlapMs: report.possibleOverlapMs,
    assumes: plan?.assumes ?? [],
    token: report.token,
    sameProcess: report.sameProcess,
    refusal: report.refusal,
    failure: report.failure,
    interrupted: report.interrupted,
    leftChanged: report.leftChanged,
    undoId: report.undoId,
  };
}

export function skewResult(report: SkewReport): object {
  return {
    ...operationResult('SkewResult', report),
    skewed: report.skewed,
    wouldFool: report.plan?.prediction.wouldFool ?? [],
    takeovers: report.takeovers.map((one) => ({ ...one, at: one.at === null ? null : formatMicroTime(one.at) })),
  };
}

/** What `--dry-run` prints: the same document before anything was done. */
export function plannedResult(kind: 'ReleaseResult' | 'StealResult' | 'SkewResult', plan: Plan): object {
  const { lease, from, to, steps, prediction, warnings, assumes, way } = plan;
  return {
    apiVersion: API_VERSION,
    kind,
    dryRun: true,
    lease,
    from,
    to: null,
    outcome: null,
    ...(way ? { via: way } : {}),
    ...(to === null ? {} : { wantedTo: to }),
    plan: steps,
    prediction,
    warnings,
    steps: [],
    assumes,
  };
}

export function undoResult(items: readonly UndoItem[]): object {
  const shown = items.map(({ id, lease, verb, outcome, wrote, why, holder, failure }) => {
    return { id, lease, verb, outcome, wrote, why, holder, failure };
  });
  return { apiVersion: API_VERSION, kind: 'UndoResult', items: shown };
}

/** `--list`: what there is, and what undo would do. */
export function undoList(rows: readonly { candidate: UndoCandidate; choice: string }[]): object {
  const items = rows.map(({ candidate, choice }) => ({
    id: candidate.id,
    lease: candidate.lease,
    verb: candidate.verb,
    holder: candidate.record?.holder ?? null,
    journal: candidate.journal !== null,
    would: choice,
  }));
  return { apiVersion: API_VERSION, kind: 'UndoList', items };
}
